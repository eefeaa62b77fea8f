//! Memory that the system paints into.
#![allow(unsafe_code)] // GDI has no safe face

use std::ptr;
use std::slice;

use windows_sys::Win32::Graphics::Gdi::{
    BITMAPINFO, BITMAPINFOHEADER, BitBlt, CAPTUREBLT, CreateCompatibleDC, CreateDIBSection,
    DIB_RGB_COLORS, DeleteDC, DeleteObject, GdiFlush, GetDC, HBITMAP, HDC, HGDIOBJ, ReleaseDC,
    SRCCOPY, SelectObject,
};

use super::area::Area;
use crate::video::source::screen::watcher::PIXEL;

/// A picture of a fixed size, with rows from the top, each [`PIXEL`] bytes a pixel and without gaps.
pub(super) struct Canvas {
    context: Context,
    /// Freed after the context.
    _bitmap: Bitmap,
    /// What the context had before the bitmap, and gets back.
    before: HGDIOBJ,
    /// As many as the size says; freed with the bitmap.
    bits: *const u8,
    width: i32,
    height: i32,
}

impl Canvas {
    /// An empty one with such sides, which must be more than nothing. None when the system has no memory for it.
    pub fn new(width: i32, height: i32) -> Option<Self> {
        let context = Context::new()?;
        let size = u32::try_from(size_of::<BITMAPINFOHEADER>()).ok()?;
        let info = BITMAPINFO {
            bmiHeader: BITMAPINFOHEADER {
                biSize: size,
                biWidth: width,
                // Downwards.
                biHeight: -height,
                biPlanes: 1,
                biBitCount: 8 * PIXEL as u16,
                ..Default::default()
            },
            ..Default::default()
        };
        let mut bits = ptr::null_mut();
        let (none, colours) = (ptr::null_mut(), DIB_RGB_COLORS);
        // SAFETY: the header tells its own size and that no table of colours follows; `bits` is a valid place for the answer.
        let bitmap = unsafe { CreateDIBSection(context.0, &info, colours, &mut bits, none, 0) };
        let bitmap = Bitmap::ours(bitmap)?;
        if bits.is_null() {
            return None;
        }
        // SAFETY: both were just made, and the bitmap is in no other context.
        let before = unsafe { SelectObject(context.0, bitmap.0) };
        Some(Self {
            context,
            _bitmap: bitmap,
            before,
            bits: bits.cast_const().cast(),
            width,
            height,
        })
    }

    /// Pixels per row, and rows.
    pub fn size(&self) -> (i32, i32) {
        (self.width, self.height)
    }

    /// What the system paints into, for as long as the canvas lives.
    pub fn context(&self) -> HDC {
        self.context.0
    }

    /// Fills it with what the desktop shows from this place on, without the pointer. Whether the system lets us.
    pub fn copy_desktop(&mut self, left: i32, top: i32) -> bool {
        let Some(desktop) = Desktop::new() else {
            return false;
        };
        let (to, from, how) = (self.context.0, desktop.0, SRCCOPY | CAPTUREBLT);
        // SAFETY: both contexts live; what of the area is off the desktop is left out by the system.
        unsafe { BitBlt(to, 0, 0, self.width, self.height, from, left, top, how) != 0 }
    }

    /// The bytes from the first of this part to the last, with those beside it in between. None where the part is nothing or not in
    /// the canvas.
    pub fn bytes(&self, part: Area) -> Option<Vec<u8>> {
        let (right, bottom) = (part.left + part.width, part.top + part.height);
        let inside =
            part.left >= 0 && part.top >= 0 && right <= self.width && bottom <= self.height;
        if !inside || part.width <= 0 || part.height <= 0 {
            return None;
        }
        let at = |x: i32, y: i32| Some(usize::try_from(y * self.width + x).ok()? * PIXEL);
        let (first, end) = (at(part.left, part.top)?, at(right, bottom - 1)?);
        // SAFETY: the bitmap lives and has so many bytes; once the system has done what it was asked for nobody writes them.
        let all = unsafe {
            GdiFlush();
            slice::from_raw_parts(self.bits, at(0, self.height)?)
        };
        all.get(first..end).map(<[u8]>::to_vec)
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        // SAFETY: the context lives, and what it had before is still there: every context is made with it.
        unsafe { SelectObject(self.context.0, self.before) };
    }
}

/// A bitmap that is ours to free, in no context when it is dropped.
pub(super) struct Bitmap(HBITMAP);

impl Bitmap {
    /// None where the system has made none.
    pub fn ours(handle: HBITMAP) -> Option<Self> {
        (!handle.is_null()).then_some(Self(handle))
    }
}

impl Drop for Bitmap {
    fn drop(&mut self) {
        // SAFETY: made for us, and deleted once.
        unsafe { DeleteObject(self.0) };
    }
}

/// A device context in memory.
struct Context(HDC);

impl Context {
    fn new() -> Option<Self> {
        // SAFETY: none given means like the screen.
        let context = unsafe { CreateCompatibleDC(ptr::null_mut()) };
        (!context.is_null()).then_some(Self(context))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made in `new`, and deleted once.
        unsafe { DeleteDC(self.0) };
    }
}

/// The device context of all screens together.
struct Desktop(HDC);

impl Desktop {
    fn new() -> Option<Self> {
        // SAFETY: no window given means all screens.
        let context = unsafe { GetDC(ptr::null_mut()) };
        (!context.is_null()).then_some(Self(context))
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // SAFETY: got in `new` on this thread, as it must be: a context's pointer makes this type stay on its thread.
        unsafe { ReleaseDC(ptr::null_mut(), self.0) };
    }
}
