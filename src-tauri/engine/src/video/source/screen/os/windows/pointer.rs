//! The pointer, which no copy of the desktop has in it.
#![allow(unsafe_code)] // four calls into the system

use std::ptr;

use windows_sys::Win32::Foundation::POINT;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CURSOR_SHOWING, CURSORINFO, DI_NORMAL, DrawIconEx, GetCursorInfo, GetCursorPos, GetIconInfo,
    HCURSOR, ICONINFO,
};

use super::area::Area;
use super::canvas::{Bitmap, Canvas};
use super::window::Window;

/// Draws the pointer where it is, if it is seen, into a canvas that holds this area; into that of a window only if it points at
/// that window. Where that fails there is none: the picture is worth more.
pub(super) fn draw(canvas: &mut Canvas, area: Area, over: Option<Window>) {
    let Some((pointer, at)) = shown() else {
        return;
    };
    if over.is_some_and(|window| !window.is_at(at)) {
        return;
    }
    let Some(hotspot) = Hotspot::of(pointer) else {
        return;
    };
    let (x, y) = (at.x - area.left - hotspot.x, at.y - area.top - hotspot.y);
    let (context, none) = (canvas.context(), ptr::null_mut());
    // SAFETY: the context lives as long as the canvas; of a pointer that is gone meanwhile nothing is drawn.
    unsafe { DrawIconEx(context, x, y, pointer, 0, 0, 0, none, DI_NORMAL) };
}

/// The pointer and its place, in the pixels that this thread counts.
fn shown() -> Option<(HCURSOR, POINT)> {
    let mut info = CURSORINFO {
        cbSize: u32::try_from(size_of::<CURSORINFO>()).ok()?,
        ..Default::default()
    };
    let mut at = POINT::default();
    // SAFETY: both places are valid, and the first tells its size.
    let told = unsafe { GetCursorInfo(&mut info) != 0 && GetCursorPos(&mut at) != 0 };
    let seen = told && info.flags & CURSOR_SHOWING != 0 && !info.hCursor.is_null();
    seen.then_some((info.hCursor, at))
}

/// The place within a pointer's picture that it points with.
struct Hotspot {
    x: i32,
    y: i32,
}

impl Hotspot {
    fn of(pointer: HCURSOR) -> Option<Self> {
        let mut info = ICONINFO::default();
        // SAFETY: the place is valid; a pointer that is gone makes the call fail.
        if unsafe { GetIconInfo(pointer, &mut info) == 0 } {
            return None;
        }
        let _copies = (Bitmap::ours(info.hbmMask), Bitmap::ours(info.hbmColor));
        Some(Self {
            x: i32::try_from(info.xHotspot).ok()?,
            y: i32::try_from(info.yHotspot).ok()?,
        })
    }
}
