//! The test pattern of a screen: a page of small text, dark on light, that stands still, and is turned now and then.
//!
//! Letters of one dot a pixel are as small as anybody reads; whether they can be read on the other side is seen by comparing.

use super::font::{ADVANCE, GLYPH_HEIGHT, Ink, draw_caption, draw_letter};
use super::{Random, Stamp, barcode};
use crate::video::frame::Frame;

/// Frames until the page is turned: 5 s at 10 a second.
const FRAMES_A_PAGE: u32 = 50;

/// Luma of paper and ink: as light and as dark as the studio range has them, nearly.
const PAPER: u8 = 230;
const INK: u8 = 24;
const GREY_CHROMA: u8 = 128;

/// Rows from one line to the next, beside the letters of both.
const LEADING: usize = 5;

/// The letters there are, with the gaps between words.
const LETTERS: &[u8] = b"AEINOPRSTVX0123456789AEIOTNS      ";

/// What is left free at either side, pixels.
const MARGIN: usize = 16;

/// The upper edge of the text as a part of the height: below stamp and caption.
const TOP: (usize, usize) = (17, 45);

/// Draws pages.
pub struct Page;

impl Page {
    /// Draws the frame with this stamp. The stamp's size should be the frame's.
    pub fn draw(&self, frame: &mut Frame, stamp: &Stamp) {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let planes = frame.planes_mut();
        planes.y.fill(PAPER);
        planes.u.fill(GREY_CHROMA);
        planes.v.fill(GREY_CHROMA);
        let mut random = Random(0x7061_6765 ^ (stamp.number / FRAMES_A_PAGE + 1));
        let (mut top, mut dot) = (height * TOP.0 / TOP.1, 1);
        while top + GLYPH_HEIGHT * dot < height {
            let mut left = MARGIN;
            while left + ADVANCE * dot + MARGIN < width {
                let letter = LETTERS[random.next() as usize % LETTERS.len()];
                let ink = Ink {
                    left,
                    top,
                    dot,
                    luma: INK,
                };
                draw_letter(planes.y, width, height, ink, char::from(letter));
                left += ADVANCE * dot;
            }
            top += GLYPH_HEIGHT * dot + LEADING;
            dot = 3 - dot;
        }
        let mut planes = frame.planes_mut();
        draw_caption(&mut planes, width, height, stamp);
        barcode::write(planes.y, width, height, stamp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn drawn(number: u32) -> Frame {
        let stamp = Stamp {
            number,
            micros: 7,
            width: 1280,
            height: 720,
        };
        let mut frame = Frame::new(1280, 720, Instant::now());
        Page.draw(&mut frame, &stamp);
        assert_eq!(Stamp::read(&frame), Some(stamp));
        frame
    }

    /// Below the stamp and the caption.
    fn text(frame: &Frame) -> &[u8] {
        &frame.y()[720 * TOP.0 / TOP.1 * 1280..]
    }

    #[test]
    fn a_page_stands_still_until_it_is_turned() {
        let (first, last, next) = (drawn(0), drawn(FRAMES_A_PAGE - 1), drawn(FRAMES_A_PAGE));
        assert!(text(&first) == text(&last));
        assert!(text(&first) != text(&next));
    }

    #[test]
    fn it_is_full_of_small_text() {
        let page = drawn(0);
        let dark = text(&page).iter().filter(|&&luma| luma == INK).count();
        let share = dark as f64 / text(&page).len() as f64;
        assert!((0.1..0.4).contains(&share), "{share}");
    }
}
