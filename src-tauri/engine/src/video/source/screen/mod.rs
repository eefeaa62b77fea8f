//! A screen or a window as a source of pictures, and a test pattern that reads like one.
//!
//! On the capture thread. A whole screen of 1920 by 1080 is looked at up to 15 times a second; what stands still is handed on
//! less and less.

mod os;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))] // elsewhere the system draws it
mod pointer;
mod spec;
mod stillness;
#[cfg_attr(
    not(any(target_os = "linux", target_os = "windows", target_os = "macos")),
    allow(dead_code)
)] // nothing to look at there
mod watcher;

use serde::Serialize;

#[cfg(target_os = "linux")]
pub(in crate::video) use os::Format as StreamFormat;
pub use spec::{ScreenSpec, ScreenSpecParseError};

use super::drawn::DrawnSource;
use super::{Source, Spec};
use crate::device::DeviceProblem;
use crate::video::content::Content;

/// A screen or window that could be shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScreenInfo {
    /// What shares it: a [`ScreenSpec`] in words.
    pub id: String,
    /// The system's own words for it, to be shown to people. None where the system itself asks what to share: then `default` is
    /// the only choice.
    pub name: String,
    /// One window, and not a whole screen.
    pub window: bool,
}

/// What could be shared now: screens first. Empty where the system does not tell, or lets nobody look.
pub fn screens() -> Vec<ScreenInfo> {
    os::list()
}

impl Spec for ScreenSpec {
    const NONE: Self = Self::None;
    const THREAD: &'static str = "screen-read";

    fn open(&self) -> Result<Box<dyn Source>, DeviceProblem> {
        match self {
            Self::None => Err(DeviceProblem::None),
            Self::Pattern { width, height, fps } => Ok(Box::new(DrawnSource::new(
                Content::Screen,
                *width,
                *height,
                *fps,
            ))),
            Self::Default => os::open(&os::Target::Default),
            Self::Screen(id) => os::open(&os::Target::Screen(id.clone())),
            Self::Window(id) => os::open(&os::Target::Window(id.clone())),
        }
    }

    fn asks(&self) -> bool {
        *self == Self::Default && os::asks()
    }

    fn unblock(&self) {
        if self.asks() {
            os::unblock();
        }
    }
}
