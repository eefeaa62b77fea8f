//! What differs between systems about screens. Each sibling has the same functions:
//!
//! - `list`: the screens and windows that could be shared;
//! - `open`: one of them as a source of pictures.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(super) use linux::{list, open};

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
