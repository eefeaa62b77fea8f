//! What differs between systems about screens. Each sibling has the same functions:
//!
//! - `list`: the screens and windows that could be shared;
//! - `open`: one of them as a source of pictures.
//!
//! Where the system itself asks the person what to share there are also `asks`, and `unblock`, which takes an open question back.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(in crate::video) use linux::Format;
#[cfg(target_os = "linux")]
pub(super) use linux::{asks, list, open, unblock};

#[cfg(target_os = "windows")]
mod windows;
#[cfg(target_os = "windows")]
pub(super) use windows::{list, open};

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
pub(super) use macos::{list, open};

#[cfg(not(any(target_os = "linux", target_os = "windows", target_os = "macos")))]
mod other;
#[cfg(not(any(target_os = "linux", target_os = "windows", target_os = "macos")))]
pub(super) use other::{list, open};

/// Whether the system itself asks the person what to share.
#[cfg(not(target_os = "linux"))]
pub(super) fn asks() -> bool {
    false
}

/// Takes back what the system asks the person.
#[cfg(not(target_os = "linux"))]
pub(super) fn unblock() {}

/// What is to be looked at.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The first screen.
    Default,
    /// The screen with this id.
    Screen(String),
    /// The window with this id.
    Window(String),
}
