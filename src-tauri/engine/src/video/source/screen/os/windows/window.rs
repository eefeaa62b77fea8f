//! The windows of programs.
#![allow(unsafe_code)] // a call into the system for each question

use std::ptr;

use windows_sys::Win32::Foundation::{HWND, LPARAM, POINT, RECT, TRUE};
use windows_sys::Win32::Graphics::Dwm::{
    DWMWA_CLOAKED, DWMWA_EXTENDED_FRAME_BOUNDS, DWMWINDOWATTRIBUTE, DwmGetWindowAttribute,
};
use windows_sys::Win32::Storage::Xps::PrintWindow;
use windows_sys::Win32::System::Threading::GetCurrentProcessId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    EnumWindows, GA_ROOT, GWL_EXSTYLE, GetAncestor, GetClassNameW, GetWindowLongW, GetWindowRect,
    GetWindowTextW, GetWindowThreadProcessId, IsHungAppWindow, IsIconic, IsWindowVisible,
    PW_RENDERFULLCONTENT, WS_EX_TOOLWINDOW, WindowFromPoint,
};
use windows_sys::core::BOOL;

use super::area::Area;
use super::canvas::Canvas;

/// Longest title or class read, in UTF-16 units.
const MOST_TEXT: usize = 256;

/// The class of the window that the desktop's icons lie on: it is visible and has a title, and is no program's.
const DESKTOP: &str = "Progman";

/// One window, which may be gone: then it answers nothing, and is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window(HWND);

/// Every window that lies on the desktop itself, the topmost first.
pub(super) fn all() -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let list = &raw mut windows as LPARAM;
    // SAFETY: the call returns only after the last call of `collect`, for which the list lives.
    unsafe { EnumWindows(Some(collect), list) };
    windows
}

unsafe extern "system" fn collect(window: HWND, list: LPARAM) -> BOOL {
    // SAFETY: it is the list that `all` has given, and nobody else has it meanwhile.
    let list = unsafe { &mut *(list as *mut Vec<Window>) };
    list.push(Window(window));
    TRUE
}

impl Window {
    /// The window with this [`Window::number`], whether there is one or not.
    pub fn numbered(number: &str) -> Option<Self> {
        let number: usize = number.parse().ok()?;
        Some(Self(ptr::without_provenance_mut(number)))
    }

    /// What tells it from others for as long as it lives.
    pub fn number(self) -> usize {
        self.0.addr()
    }

    pub fn handle(self) -> HWND {
        self.0
    }

    /// Whether it is one that a person knows as a program's, and not ours.
    pub fn is_a_programs_own(&self) -> bool {
        // Before anything else: our own windows would be asked by a message, and their thread may wait for us.
        !self.is_ours() && self.is_shown() && !self.is_a_tool() && self.class() != DESKTOP
    }

    /// Whether there is something of it to be seen: not minimised, and not on another desktop.
    pub fn is_shown(self) -> bool {
        // SAFETY: takes any handle, and says no of one that is no window.
        let visible = unsafe { IsWindowVisible(self.0) != 0 && IsIconic(self.0) == 0 };
        visible && self.attribute::<u32>(DWMWA_CLOAKED).unwrap_or(0) == 0
    }

    /// Whether it has not answered the system for some seconds.
    pub fn hangs(self) -> bool {
        // SAFETY: takes any handle, and says no of one that is no window.
        unsafe { IsHungAppWindow(self.0) != 0 }
    }

    /// What it calls itself; none when it has no name, or is gone or hidden.
    pub fn title(self) -> Option<String> {
        if !self.is_shown() {
            return None;
        }
        let mut title = [0; MOST_TEXT];
        let room = i32::try_from(title.len()).ok()?;
        // SAFETY: the place is as long as is said. Of another program's window the system itself knows the title.
        unsafe { GetWindowTextW(self.0, title.as_mut_ptr(), room) };
        let title = text(&title).trim().to_owned();
        (!title.is_empty()).then_some(title)
    }

    /// All of it, with borders that are not seen, in the pixels that this thread counts.
    pub fn area(self) -> Option<Area> {
        let mut area = RECT::default();
        // SAFETY: the place is valid.
        let told = unsafe { GetWindowRect(self.0, &mut area) != 0 };
        told.then(|| area.into())
    }

    /// What is seen of it, in the screen's pixels whatever this thread counts.
    pub fn frame(self) -> Option<Area> {
        let frame = self.attribute::<RECT>(DWMWA_EXTENDED_FRAME_BOUNDS)?;
        Some(frame.into()).filter(|frame: &Area| frame.width > 0 && frame.height > 0)
    }

    /// Whether it is the one that is seen there.
    pub fn is_at(self, place: POINT) -> bool {
        // SAFETY: takes any place, and tells of no window where there is none, which has no ancestor.
        unsafe { GetAncestor(WindowFromPoint(place), GA_ROOT) == self.0 }
    }

    /// Has it paint itself into a canvas of its size. Whether it did.
    pub fn paint(self, canvas: &mut Canvas) -> bool {
        // SAFETY: the context lives as long as the canvas; of a handle that is no window nothing is painted.
        unsafe { PrintWindow(self.0, canvas.context(), PW_RENDERFULLCONTENT) != 0 }
    }

    fn is_ours(self) -> bool {
        let mut process = 0;
        // SAFETY: the place is valid, and is left as it is for a handle that is no window.
        unsafe {
            GetWindowThreadProcessId(self.0, &mut process);
            process == GetCurrentProcessId()
        }
    }

    /// A bar or a bubble beside a program's window.
    fn is_a_tool(self) -> bool {
        // SAFETY: takes any handle, and answers 0 for one that is no window.
        let style = unsafe { GetWindowLongW(self.0, GWL_EXSTYLE) };
        style.cast_unsigned() & WS_EX_TOOLWINDOW != 0
    }

    fn class(self) -> String {
        let mut class = [0; MOST_TEXT];
        // SAFETY: the place is as long as is said.
        unsafe { GetClassNameW(self.0, class.as_mut_ptr(), MOST_TEXT as i32) };
        text(&class)
    }

    /// What the desktop's composer says of it; none where it says nothing.
    fn attribute<T: Attribute>(self, which: DWMWINDOWATTRIBUTE) -> Option<T> {
        let mut value = T::default();
        let place = (&raw mut value).cast();
        let size = u32::try_from(size_of::<T>()).ok()?;
        // SAFETY: the place is as long as is said, and any bytes are a value of its type.
        let result = unsafe { DwmGetWindowAttribute(self.0, which.cast_unsigned(), place, size) };
        (result >= 0).then_some(value)
    }
}

/// Plain numbers: any bytes are a value.
trait Attribute: Default {}
impl Attribute for u32 {}
impl Attribute for RECT {}

/// What stands before the first zero.
pub(super) fn text(units: &[u16]) -> String {
    let end = units.iter().position(|unit| *unit == 0);
    String::from_utf16_lossy(&units[..end.unwrap_or(units.len())])
}
