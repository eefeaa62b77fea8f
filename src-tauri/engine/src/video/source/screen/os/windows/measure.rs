//! Which pixels are counted.
//!
//! On a screen of many small pixels Windows tells programs that know of none but large ones of larger ones. Visio knows; the
//! windows of others may not.
#![allow(unsafe_code)] // two calls into the system

use windows_sys::Win32::UI::HiDpi::{
    DPI_AWARENESS_CONTEXT, DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2,
    GetWindowDpiAwarenessContext, SetThreadDpiAwarenessContext,
};

use super::window::Window;

/// While it lives, this thread is told sizes and places in such pixels.
pub(super) struct Measure {
    before: DPI_AWARENESS_CONTEXT,
}

impl Measure {
    /// Those that screens have.
    pub fn of_screens() -> Self {
        Self::begin(DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2)
    }

    /// Those that a window counts, and paints.
    pub fn of_window(window: Window) -> Self {
        // SAFETY: takes any handle, and tells nothing of one that is no window.
        Self::begin(unsafe { GetWindowDpiAwarenessContext(window.handle()) })
    }

    fn begin(context: DPI_AWARENESS_CONTEXT) -> Self {
        // SAFETY: takes any value, and changes nothing where it is none of the known ones.
        let before = unsafe { SetThreadDpiAwarenessContext(context) };
        Self { before }
    }
}

impl Drop for Measure {
    fn drop(&mut self) {
        // SAFETY: the value that the thread had before, or none, which changes nothing.
        unsafe { SetThreadDpiAwarenessContext(self.before) };
    }
}
