//! The stamp in the pixels: 120 light and dark cells in three rows along the upper edge.
//!
//! At 320x180 a cell is 8×8 pixels, half a macroblock each way: it survives any bitrate worth watching.

use crate::video::frame::Frame;

/// Cells per row. At 1280 pixels each is 32 wide, two macroblocks.
const COLUMNS: usize = 40;

/// Rows of cells.
const ROWS: usize = 3;

/// Height of a cell as a part of the picture's: as high as wide at 16:9.
const CELL_HEIGHT: (usize, usize) = (2, 45);

/// Luma of a cell for 0 and 1, and what lies between.
const DARK: u8 = 24;
const LIGHT: u8 = 224;
const THRESHOLD: u32 = 124;

/// Bits of the parts after the number (32 bits), in order; the checksum stands last.
const MICROS_BITS: u32 = 48;
const SIDE_BITS: u32 = 12;
const CHECK_BITS: u32 = 16;

/// What a frame of the pattern carries in its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Counts the frames drawn, from 0.
    pub number: u32,
    /// Wall clock when it was drawn, in microseconds modulo 2^48.
    pub micros: u64,
    /// Width at which it was drawn, in pixels; even.
    pub width: u32,
    /// Height at which it was drawn, in pixels; even.
    pub height: u32,
}

impl Stamp {
    /// Reads the stamp out of a frame of any size; `None` when it is no picture of the pattern.
    pub fn read(frame: &Frame) -> Option<Self> {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let luma = frame.y();
        let bits = cells(width, height)?.fold(0u128, |bits, cell| {
            bits << 1 | u128::from(cell.middle_mean(luma, width) > THRESHOLD)
        });
        Self::from_bits(bits).filter(|stamp| stamp.could_become(frame.width, frame.height))
    }

    fn to_bits(self) -> u128 {
        let mut bits = u128::from(self.number);
        bits = bits << MICROS_BITS | u128::from(self.micros & ((1 << MICROS_BITS) - 1));
        for side in [self.width, self.height] {
            bits = bits << SIDE_BITS | u128::from((side / 2) & ((1 << SIDE_BITS) - 1));
        }
        bits << CHECK_BITS | u128::from(checksum(bits))
    }

    fn from_bits(bits: u128) -> Option<Self> {
        let content = bits >> CHECK_BITS;
        if bits as u16 != checksum(content) {
            return None;
        }
        let side = |bits: u128| 2 * (bits as u32 & ((1 << SIDE_BITS) - 1));
        let above_sides = content >> (2 * SIDE_BITS);
        Some(Self {
            number: (above_sides >> MICROS_BITS) as u32,
            micros: above_sides as u64 & ((1 << MICROS_BITS) - 1),
            width: side(content >> SIDE_BITS),
            height: side(content),
        })
    }

    /// Whether scaling can have made this size of it: the same proportions, within a few pixels.
    /// Catches the one in 65,536 other pictures whose checksum fits by chance.
    fn could_become(&self, width: u32, height: u32) -> bool {
        let across = u64::from(self.width) * u64::from(height);
        let down = u64::from(self.height) * u64::from(width);
        let tolerance = 2 * u64::from(self.width + self.height);
        self.width > 0 && self.height > 0 && across.abs_diff(down) <= tolerance
    }
}

/// Draws the stamp into a luma plane.
pub fn write(luma: &mut [u8], width: usize, height: usize, stamp: &Stamp) {
    let bits = stamp.to_bits();
    let Some(cells) = cells(width, height) else {
        return;
    };
    for (index, cell) in cells.enumerate() {
        let bit = bits >> (COLUMNS * ROWS - 1 - index) & 1;
        let value = if bit == 1 { LIGHT } else { DARK };
        for y in cell.top..cell.bottom {
            luma[y * width + cell.left..y * width + cell.right].fill(value);
        }
    }
}

struct Cell {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

impl Cell {
    /// The mean over the inner half each way, away from neighbours that blur into it.
    fn middle_mean(&self, luma: &[u8], width: usize) -> u32 {
        let (inset_x, inset_y) = ((self.right - self.left) / 4, (self.bottom - self.top) / 4);
        let (mut sum, mut count) = (0, 0);
        for y in self.top + inset_y..self.bottom - inset_y {
            for x in self.left + inset_x..self.right - inset_x {
                sum += u32::from(luma[y * width + x]);
                count += 1;
            }
        }
        sum / count.max(1)
    }
}

/// The cells in the order of their bits; `None` where they would be smaller than two pixels.
fn cells(width: usize, height: usize) -> Option<impl Iterator<Item = Cell>> {
    let line = move |row: usize| row * height * CELL_HEIGHT.0 / CELL_HEIGHT.1;
    if width < 2 * COLUMNS || line(1) < 2 {
        return None;
    }
    Some((0..COLUMNS * ROWS).map(move |index| {
        let (column, row) = (index % COLUMNS, index / COLUMNS);
        Cell {
            left: column * width / COLUMNS,
            right: (column + 1) * width / COLUMNS,
            top: line(row),
            bottom: line(row + 1),
        }
    }))
}

/// CRC-16/CCITT over the content's 13 bytes, so that neither black nor white is a stamp.
fn checksum(content: u128) -> u16 {
    content.to_be_bytes()[3..].iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            crc << 1 ^ if crc & 0x8000 != 0 { 0x1021 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn black_white_and_torn_pictures_carry_no_stamp() {
        let mut frame = Frame::new(1280, 720, Instant::now());
        assert_eq!(Stamp::read(&frame), None);
        frame.data.fill(235);
        assert_eq!(Stamp::read(&frame), None);
        let stamp = Stamp {
            number: 5,
            micros: 6,
            width: 1280,
            height: 720,
        };
        write(frame.planes_mut().y, 1280, 720, &stamp);
        assert_eq!(Stamp::read(&frame), Some(stamp));
        frame.planes_mut().y[..1280 * 16].fill(24);
        frame.planes_mut().y[1280 * 16..1280 * 32].fill(24);
        assert_eq!(Stamp::read(&frame), None);
    }

    #[test]
    fn a_stamp_of_other_proportions_is_a_coincidence() {
        let stamp = Stamp {
            number: 5,
            micros: 6,
            width: 1280,
            height: 720,
        };
        assert!(stamp.could_become(426, 240) && stamp.could_become(320, 180));
        assert!(!stamp.could_become(640, 480));
    }
}
