//! Where in a buffer the rows of a picture are: nothing that the buffer says of itself is trusted. Pure.

use super::format::Format;
use crate::video::frame::MAX_SIDE;
use crate::video::source::screen::watcher::PIXEL;

/// The picture is broken, as its maker says.
const CORRUPTED: i32 = 1;

/// What a buffer says of the bytes that hold the picture (`struct spa_chunk`).
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Chunk {
    /// Bytes before the first.
    pub offset: u32,
    /// Bytes; none when there is no new picture.
    pub size: u32,
    /// Bytes from one row to the next.
    pub stride: i32,
    /// What else there is to know.
    pub flags: i32,
}

/// The part of the rows that is the picture (`struct spa_region`).
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Crop {
    /// Pixels to its left.
    pub x: i32,
    /// Rows above it.
    pub y: i32,
    /// Pixels a row; none: the buffer says nothing of a part.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Rows that are all within their buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Bytes before the first.
    pub start: usize,
    /// Bytes from one to the next.
    pub stride: usize,
    /// Pixels in each, 1 to [`MAX_SIDE`].
    pub width: u32,
    /// How many, likewise.
    pub height: u32,
}

impl Rows {
    /// Those of a picture in a buffer of so many bytes; none when there is no new picture, or it is not wholly in the buffer.
    pub fn find(bytes: usize, chunk: Chunk, format: Format, crop: Option<Crop>) -> Option<Self> {
        if chunk.size == 0 || chunk.flags & CORRUPTED != 0 {
            return None;
        }
        let whole = Crop {
            width: format.width,
            height: format.height,
            ..Crop::default()
        };
        let part = crop.filter(|crop| crop.width > 0 && crop.height > 0);
        let part = part.unwrap_or(whole);
        let (x, y) = (u32::try_from(part.x).ok()?, u32::try_from(part.y).ok()?);
        let inside = x.checked_add(part.width)? <= format.width
            && y.checked_add(part.height)? <= format.height;
        let stride = match usize::try_from(chunk.stride).ok()? {
            0 => format.width as usize * PIXEL,
            stride => stride,
        };
        let row = format.width as usize * PIXEL;
        if !inside || stride < row {
            return None;
        }
        let start = (chunk.offset as usize)
            .checked_add((y as usize).checked_mul(stride)?)?
            .checked_add(x as usize * PIXEL)?;
        let rows = Self {
            start,
            stride,
            width: part.width.min(MAX_SIDE),
            height: part.height.min(MAX_SIDE),
        };
        let before_last = stride.checked_mul(rows.height as usize - 1)?;
        let end = start.checked_add(before_last)?.checked_add(rows.row())?;
        (end <= bytes).then_some(rows)
    }

    /// Bytes of each that are the picture.
    pub fn row(&self) -> usize {
        self.width as usize * PIXEL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format {
        red_first: false,
        width: 10,
        height: 4,
    };

    /// 64 bytes a row, ten pixels of which are the picture.
    const CHUNK: Chunk = Chunk {
        offset: 16,
        size: 256,
        stride: 64,
        flags: 0,
    };

    fn crop(x: i32, y: i32, width: u32, height: u32) -> Option<Crop> {
        Some(Crop {
            x,
            y,
            width,
            height,
        })
    }

    #[test]
    fn rows_lie_a_stride_apart_and_the_last_one_needs_no_gap() {
        let rows = Rows {
            start: 16,
            stride: 64,
            width: 10,
            height: 4,
        };
        assert_eq!(Rows::find(248, CHUNK, FORMAT, None), Some(rows));
        assert_eq!(Rows::find(247, CHUNK, FORMAT, None), None);
        let tight = Chunk { stride: 0, ..CHUNK };
        let found = Rows::find(176, tight, FORMAT, None).unwrap();
        assert_eq!(found.stride, 40);
    }

    #[test]
    fn of_a_larger_buffer_the_part_that_is_the_window_is_taken() {
        let found = Rows::find(248, CHUNK, FORMAT, crop(2, 1, 8, 2)).unwrap();
        assert_eq!((found.start, found.width, found.height), (88, 8, 2));
        assert_eq!(
            Rows::find(248, CHUNK, FORMAT, crop(0, 0, 0, 0))
                .unwrap()
                .width,
            10
        );
        for outside in [
            crop(3, 0, 8, 2),
            crop(0, 3, 8, 2),
            crop(-1, 0, 8, 2),
            crop(0, i32::MIN, 8, 2),
            crop(i32::MAX, 0, u32::MAX, 2),
        ] {
            assert_eq!(Rows::find(248, CHUNK, FORMAT, outside), None, "{outside:?}");
        }
    }

    #[test]
    fn what_a_buffer_says_wrongly_of_itself_is_no_picture() {
        let nothing = Chunk { size: 0, ..CHUNK };
        let broken = Chunk {
            flags: CORRUPTED,
            ..CHUNK
        };
        let narrow = Chunk {
            stride: 39,
            ..CHUNK
        };
        let upward = Chunk {
            stride: -64,
            ..CHUNK
        };
        let far = Chunk {
            offset: u32::MAX,
            ..CHUNK
        };
        let wide = Chunk {
            stride: i32::MAX,
            ..CHUNK
        };
        for chunk in [nothing, broken, narrow, upward, far, wide] {
            assert_eq!(Rows::find(248, chunk, FORMAT, None), None, "{chunk:?}");
        }
    }

    #[test]
    fn of_what_is_larger_than_can_be_encoded_the_upper_left_is_seen() {
        let format = Format {
            width: 2 * MAX_SIDE,
            height: 2,
            ..FORMAT
        };
        let chunk = Chunk {
            offset: 0,
            stride: 0,
            ..CHUNK
        };
        let bytes = format.width as usize * PIXEL * 2;
        let found = Rows::find(bytes, chunk, format, None).unwrap();
        assert_eq!((found.width, found.height), (MAX_SIDE, 2));
    }
}
