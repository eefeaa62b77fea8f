//! A rectangle of pixels. Pure.

use windows_sys::Win32::Foundation::RECT;

/// Where it begins on the desktop, whose main screen begins at 0, 0, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub left: i32,
    pub top: i32,
    pub width: i32,
    pub height: i32,
}

impl Area {
    /// As large, beginning at 0, 0.
    pub fn at_origin(self) -> Self {
        Self {
            left: 0,
            top: 0,
            ..self
        }
    }

    /// Where in a window this part of it lies. It and `on_screen`, all of the window, are in the screen's pixels; `own` is all of
    /// the window in the window's own, which may be larger or smaller.
    pub fn within(self, on_screen: Self, own: Self) -> Self {
        let line = |start: i32, end: i32, long: i32, own: i32| {
            let to_own = |at: i32| match i64::from(long) {
                0 => 0,
                long => (i64::from(at) * i64::from(own) / long).clamp(0, i64::from(own)) as i32,
            };
            (to_own(start), to_own(end) - to_own(start))
        };
        let (x, y) = (self.left - on_screen.left, self.top - on_screen.top);
        let (left, width) = line(x, x + self.width, on_screen.width, own.width);
        let (top, height) = line(y, y + self.height, on_screen.height, own.height);
        Self {
            left,
            top,
            width,
            height,
        }
    }
}

impl From<RECT> for Area {
    fn from(it: RECT) -> Self {
        Self {
            left: it.left,
            top: it.top,
            width: it.right.saturating_sub(it.left),
            height: it.bottom.saturating_sub(it.top),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(left: i32, top: i32, width: i32, height: i32) -> Area {
        Area {
            left,
            top,
            width,
            height,
        }
    }

    #[test]
    fn the_borders_that_nobody_sees_are_cut_off() {
        let whole = area(93, 50, 814, 607);
        let frame = area(100, 50, 800, 600);
        assert_eq!(frame.within(whole, whole), area(7, 0, 800, 600));
    }

    #[test]
    fn they_are_smaller_where_the_window_counts_larger_pixels() {
        let (whole, own) = (area(86, 50, 828, 614), area(43, 25, 414, 307));
        let frame = area(100, 50, 800, 600);
        assert_eq!(frame.within(whole, own), area(7, 0, 400, 300));
    }

    #[test]
    fn a_frame_that_is_no_part_of_the_window_is_cut_to_it() {
        let whole = area(0, 0, 100, 100);
        let shifted = area(-10, 90, 300, 20).within(whole, whole);
        assert_eq!(shifted, area(0, 90, 100, 10));
        let nothing = area(0, 0, 0, 0);
        assert_eq!(whole.within(nothing, nothing), nothing);
    }
}
