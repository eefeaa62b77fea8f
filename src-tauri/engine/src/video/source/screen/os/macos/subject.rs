//! What of the system's content is looked at.

use objc2::rc::Retained;
use objc2_screen_capture_kit::SCContentFilter;

/// What tells a screen or a window from others, in the system's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Screen(u32),
    Window(u32),
}

/// One screen or window as it is now.
pub(super) struct Subject {
    pub id: Id,
    /// The system's own words for it.
    pub name: String,
    /// The width and height that its pictures are to have, in pixels.
    pub size: (u32, u32),
    /// What the system takes it by.
    pub filter: Retained<SCContentFilter>,
}
