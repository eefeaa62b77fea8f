//! Linux: an X server shows its screen to whoever asks; under Wayland the desktop asks the person, and shows what they chose.

mod pipewire;
mod portal;
mod wayland;
mod x11;

pub use pipewire::Format;

use super::Target;
use crate::device::DeviceProblem;
use crate::video::source::{ScreenInfo, Source};

pub fn list() -> Vec<ScreenInfo> {
    if asks() { wayland::list() } else { x11::list() }
}

/// # Errors
/// [`DeviceProblem::None`] where nothing shows a screen, or there is no such screen;
/// [`DeviceProblem::Lost`] when a window is gone or hidden; [`DeviceProblem::Ended`] when the person chose nothing.
pub fn open(target: &Target) -> Result<Box<dyn Source>, DeviceProblem> {
    if asks() {
        wayland::open(target)
    } else {
        x11::open(target)
    }
}

/// Whether this is a session under Wayland. The X server that runs for old programs there shows them an empty screen.
pub fn asks() -> bool {
    std::env::var_os("WAYLAND_DISPLAY").is_some()
}

pub fn unblock() {
    wayland::unblock();
}
