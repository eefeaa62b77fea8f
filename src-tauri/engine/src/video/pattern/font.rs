//! The words in the pattern: capital letters and digits of 5×7 dots.

use super::Stamp;
use crate::video::frame::PlanesMut;

/// Luma of letters, and of the band behind them.
pub const TEXT_LUMA: u8 = 220;
const BAND_LUMA: u8 = 44;
const GREY_CHROMA: u8 = 128;

/// Dots of a letter with the gap to the next.
pub(super) const ADVANCE: usize = 6;
const GLYPH_WIDTH: usize = 5;
pub(super) const GLYPH_HEIGHT: usize = 7;

/// The upper edge of the words, as a part of the height: below the barcode.
const TOP: (usize, usize) = (7, 45);

/// Where a letter goes, how large its dots are, and how light.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub left: usize,
    pub top: usize,
    pub dot: usize,
    pub luma: u8,
}

/// Draws what this picture is, how large it was drawn, and its number.
pub fn draw_caption(planes: &mut PlanesMut<'_>, width: usize, height: usize, stamp: &Stamp) {
    let size = format!(
        "{}X{} {:06}",
        stamp.width,
        stamp.height,
        stamp.number % 1_000_000
    );
    let lines = ["VISIO TEST PATTERN", &size];
    let longest = lines.iter().map(|line| line.len()).max().unwrap_or(1);
    // Dots of two pixels at 320×180, where chroma allows nothing finer; as wide as there is room.
    let dot = (height / 90).min(width / ((longest + 2) * ADVANCE)) & !1;
    if dot == 0 {
        return;
    }
    let left = 2 * dot;
    let top = (height * TOP.0 / TOP.1) & !1;
    for (index, line) in lines.iter().enumerate() {
        let area = Area {
            left,
            top: top + index * (GLYPH_HEIGHT + 3) * dot,
            width: ((line.len() * ADVANCE + 1) * dot).min(width - left),
            height: (GLYPH_HEIGHT + 2) * dot,
        };
        fill_band(planes, width, height, &area);
        for (position, letter) in line.chars().enumerate() {
            let ink = Ink {
                left: area.left + dot + position * ADVANCE * dot,
                top: area.top + dot,
                dot,
                luma: TEXT_LUMA,
            };
            draw_letter(planes.y, width, height, ink, letter);
        }
    }
}

struct Area {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

fn fill_band(planes: &mut PlanesMut<'_>, width: usize, height: usize, area: &Area) {
    for y in area.top..(area.top + area.height).min(height) {
        let start = y * width + area.left;
        planes.y[start..start + area.width].fill(BAND_LUMA);
        let start = y / 2 * (width / 2) + area.left / 2;
        planes.u[start..start + area.width / 2].fill(GREY_CHROMA);
        planes.v[start..start + area.width / 2].fill(GREY_CHROMA);
    }
}

pub(super) fn draw_letter(plane: &mut [u8], width: usize, height: usize, ink: Ink, letter: char) {
    let Ink {
        left,
        top,
        dot,
        luma,
    } = ink;
    for (row, bits) in glyph(letter).into_iter().enumerate() {
        for column in (0..GLYPH_WIDTH).filter(|column| bits >> (GLYPH_WIDTH - 1 - column) & 1 == 1)
        {
            let x = left + column * dot;
            for y in top + row * dot..(top + (row + 1) * dot).min(height) {
                if x + dot <= width {
                    plane[y * width + x..y * width + x + dot].fill(luma);
                }
            }
        }
    }
}

/// Seven rows of five dots; only the letters that the caption has. The page of text makes do with them.
fn glyph(letter: char) -> [u8; GLYPH_HEIGHT] {
    match letter {
        'A' => [0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11],
        'E' => [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f],
        'I' => [0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e],
        'N' => [0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11],
        'O' => [0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e],
        'P' => [0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10],
        'R' => [0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11],
        'S' => [0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e],
        'T' => [0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
        'V' => [0x11, 0x11, 0x11, 0x11, 0x11, 0x0a, 0x04],
        'X' => [0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11],
        '0' => [0x0e, 0x13, 0x15, 0x15, 0x15, 0x19, 0x0e],
        '1' => [0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e],
        '2' => [0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f],
        '3' => [0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e],
        '4' => [0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02],
        '5' => [0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e],
        '6' => [0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e],
        '7' => [0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08],
        '8' => [0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e],
        '9' => [0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c],
        _ => [0; GLYPH_HEIGHT],
    }
}
