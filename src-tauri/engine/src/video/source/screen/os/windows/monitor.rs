//! The screens.
#![allow(unsafe_code)] // two calls into the system

use std::ptr;

use windows_sys::Win32::Foundation::{LPARAM, RECT, TRUE};
use windows_sys::Win32::Graphics::Gdi::{
    EnumDisplayMonitors, GetMonitorInfoW, HDC, HMONITOR, MONITORINFO, MONITORINFOEXW,
};
use windows_sys::Win32::UI::WindowsAndMessaging::MONITORINFOF_PRIMARY;
use windows_sys::core::BOOL;

use super::area::Area;
use super::window::text;

/// What the system writes before the name of each.
const DEVICE_PREFIX: &str = r"\\.\";

/// One screen.
pub(super) struct Monitor {
    /// The system's own for it: `DISPLAY1`.
    pub name: String,
    pub primary: bool,
    pub area: Area,
}

/// All that show a part of the desktop.
pub(super) fn all() -> Vec<Monitor> {
    let mut handles: Vec<HMONITOR> = Vec::new();
    let list = &raw mut handles as LPARAM;
    // SAFETY: the call returns only after the last call of `collect`, for which the list lives.
    unsafe { EnumDisplayMonitors(ptr::null_mut(), ptr::null(), Some(collect), list) };
    handles.into_iter().filter_map(told).collect()
}

pub(super) fn named(name: &str) -> Option<Monitor> {
    all().into_iter().find(|monitor| monitor.name == name)
}

unsafe extern "system" fn collect(monitor: HMONITOR, _: HDC, _: *mut RECT, list: LPARAM) -> BOOL {
    // SAFETY: it is the list that `all` has given, and nobody else has it meanwhile.
    let list = unsafe { &mut *(list as *mut Vec<HMONITOR>) };
    list.push(monitor);
    TRUE
}

/// None when it is gone.
fn told(monitor: HMONITOR) -> Option<Monitor> {
    let mut info = MONITORINFOEXW::default();
    info.monitorInfo.cbSize = u32::try_from(size_of::<MONITORINFOEXW>()).ok()?;
    let place = (&raw mut info).cast::<MONITORINFO>();
    // SAFETY: the place is as long as its first field says, which makes the system write the name too.
    let known = unsafe { GetMonitorInfoW(monitor, place) != 0 };
    let name = text(&info.szDevice);
    known.then(|| Monitor {
        name: name.trim_start_matches(DEVICE_PREFIX).to_owned(),
        primary: info.monitorInfo.dwFlags & MONITORINFOF_PRIMARY != 0,
        area: info.monitorInfo.rcMonitor.into(),
    })
}
