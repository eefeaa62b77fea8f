//! The test pattern: a picture that moves, costs its bitrate, says in words what it is, and carries its
//! number and the time of drawing in its pixels.
//!
//! A frame depends on nothing but its [`Stamp`], so whoever decodes one can draw it again and compare.
//! Drawing takes about 0.3 ms at 720p, on the capture thread.

mod barcode;
mod clock;
mod font;
mod histogram;
mod meter;
mod page;

pub use barcode::Stamp;
pub use clock::wall_micros;
pub use meter::{LatencyMs, PatternMeter, PatternStats};
pub use page::Page;

use super::content::Content;
use super::frame::{Frame, PlanesMut};

/// Side of the repeating luma texture, in pixels; a power of two, so that scrolling wraps by a mask.
const TILE: usize = 512;

/// Side of the repeating chroma texture, in chroma pixels: the same area as the luma's.
const CHROMA_TILE: usize = TILE / 2;

/// Distance of the random points that the texture is blended from, in pixels: blobs as large as the
/// features of a face in front of a webcam.
const LATTICE: usize = 32;

/// How far the texture moves with each frame, in luma pixels. Even, so that chroma moves with it.
const SCROLL: (usize, usize) = (4, 2);

/// Grain on top of the blobs, in luma steps either way: what a camera's sensor adds.
const GRAIN: u32 = 3;

/// The picture's textures, made once (about 2 ms).
pub struct Pattern {
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

impl Default for Pattern {
    fn default() -> Self {
        Self::new()
    }
}

impl Pattern {
    /// Makes the textures; always the same ones.
    pub fn new() -> Self {
        let mut random = Random(0x7669_7369);
        let mut luma = blobs(&mut random, TILE, LATTICE, 50.0, 190.0);
        for pixel in &mut luma {
            *pixel += (random.next() % (2 * GRAIN + 1)) as u8;
        }
        Self {
            luma,
            blue: blobs(&mut random, CHROMA_TILE, LATTICE, 96.0, 160.0),
            red: blobs(&mut random, CHROMA_TILE, LATTICE, 96.0, 160.0),
        }
    }

    /// A frame of the stamp's size, drawn with it.
    #[cfg(test)]
    pub fn picture(&self, stamp: &Stamp) -> Frame {
        let mut frame = Frame::new(stamp.width, stamp.height, std::time::Instant::now());
        self.draw(&mut frame, stamp);
        frame
    }

    /// Draws the frame with this stamp. The stamp's size should be the frame's.
    pub fn draw(&self, frame: &mut Frame, stamp: &Stamp) {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let number = stamp.number as usize;
        let offset = (number * SCROLL.0, number * SCROLL.1);
        let half = (offset.0 / 2, offset.1 / 2);
        let mut planes = frame.planes_mut();
        scroll(&self.luma, TILE, planes.y, width, offset);
        scroll(&self.blue, CHROMA_TILE, planes.u, width / 2, half);
        scroll(&self.red, CHROMA_TILE, planes.v, width / 2, half);
        draw_square(&mut planes, width, height, number);
        font::draw_caption(&mut planes, width, height, stamp);
        barcode::write(planes.y, width, height, stamp);
    }
}

/// Who draws the test pattern of a kind.
pub enum Artist {
    /// What moves like a face.
    Face(Box<Pattern>),
    /// What reads like a screen.
    Page(Page),
}

impl Artist {
    /// The one for pictures of this kind.
    pub fn of(content: Content) -> Self {
        match content {
            Content::Camera => Self::Face(Box::default()),
            Content::Screen => Self::Page(Page),
        }
    }

    /// Draws the frame with this stamp. The stamp's size should be the frame's.
    pub fn draw(&self, frame: &mut Frame, stamp: &Stamp) {
        match self {
            Self::Face(pattern) => pattern.draw(frame, stamp),
            Self::Page(page) => page.draw(frame, stamp),
        }
    }
}

/// Fills a plane from a repeating texture.
fn scroll(tile: &[u8], side: usize, plane: &mut [u8], width: usize, (dx, dy): (usize, usize)) {
    for (y, row) in plane.chunks_exact_mut(width).enumerate() {
        let line = &tile[(y + dy) % side * side..][..side];
        let mut column = dx % side;
        let mut rest = row;
        while !rest.is_empty() {
            let length = rest.len().min(side - column);
            let (now, later) = rest.split_at_mut(length);
            now.copy_from_slice(&line[column..column + length]);
            rest = later;
            column = 0;
        }
    }
}

/// A chequered square on its way across the lower half: sharp edges, and another motion than the rest.
fn draw_square(planes: &mut PlanesMut<'_>, width: usize, height: usize, number: usize) {
    let side = height / 5;
    let cell = (side / 8).max(1);
    let (range_x, range_y) = ((width - side.min(width)).max(1), (height / 2 - side).max(1));
    let (left, top) = (
        bounce(number * 6, range_x),
        height / 2 + bounce(number * 2, range_y),
    );
    for y in top..(top + side).min(height) {
        for x in left..(left + side).min(width) {
            let light = ((x - left) / cell + (y - top) / cell).is_multiple_of(2);
            planes.y[y * width + x] = if light { 200 } else { 60 };
        }
    }
}

/// There and back again within `0..range`.
fn bounce(position: usize, range: usize) -> usize {
    let phase = position % (2 * range);
    phase.min(2 * range - 1 - phase)
}

/// A square texture that repeats seamlessly, blended between random points.
fn blobs(random: &mut Random, side: usize, lattice: usize, low: f32, high: f32) -> Vec<u8> {
    let count = side / lattice;
    let points: Vec<f32> = (0..count * count).map(|_| random.unit()).collect();
    let mut texture = Vec::with_capacity(side * side);
    for y in 0..side {
        for x in 0..side {
            let (cell_x, cell_y) = (x / lattice, y / lattice);
            let ease = |at: usize| {
                let t = (at % lattice) as f32 / lattice as f32;
                t * t * (3.0 - 2.0 * t)
            };
            let (tx, ty) = (ease(x), ease(y));
            let point = |dx, dy| points[(cell_y + dy) % count * count + (cell_x + dx) % count];
            let upper = point(0, 0) * (1.0 - tx) + point(1, 0) * tx;
            let lower = point(0, 1) * (1.0 - tx) + point(1, 1) * tx;
            let value = upper * (1.0 - ty) + lower * ty;
            texture.push((low + value * (high - low)) as u8);
        }
    }
    texture
}

/// Xorshift: the same numbers on every machine, which is all that is asked of it.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn unit(&mut self) -> f32 {
        (self.next() >> 8) as f32 / (1 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::scale::scale;

    fn drawn(number: u32, width: u32, height: u32) -> (Frame, Stamp) {
        let stamp = Stamp {
            number,
            micros: 0x1234_5678_9abc,
            width,
            height,
        };
        (Pattern::new().picture(&stamp), stamp)
    }

    #[test]
    fn the_same_stamp_gives_the_same_picture() {
        let (one, _) = drawn(12_345, 640, 360);
        let (other, _) = drawn(12_345, 640, 360);
        assert!(one.data == other.data);
    }

    #[test]
    fn frames_follow_each_other_in_motion() {
        let (one, _) = drawn(1, 640, 360);
        let (next, _) = drawn(2, 640, 360);
        let changed = one.y().iter().zip(next.y()).filter(|(a, b)| a != b).count();
        assert!(changed > one.y().len() / 2);
    }

    #[test]
    fn the_stamp_is_read_at_every_size_and_after_scaling() {
        for (width, height) in [
            (1920, 1080),
            (1280, 720),
            (640, 480),
            (320, 180),
            (720, 1280),
        ] {
            let (frame, stamp) = drawn(u32::MAX - 7, width, height);
            assert_eq!(Stamp::read(&frame), Some(stamp), "{width}x{height}");
        }
        let (frame, stamp) = drawn(99, 1280, 720);
        for (width, height) in [
            (1920, 1080),
            (960, 540),
            (640, 360),
            (426, 240),
            (320, 180),
            (160, 90),
        ] {
            let scaled = scale(&frame, width, height);
            assert_eq!(Stamp::read(&scaled), Some(stamp), "{width}x{height}");
        }
    }

    #[test]
    fn it_says_in_the_picture_that_it_is_a_test_pattern() {
        let (frame, stamp) = drawn(1, 1280, 720);
        let mut without = frame.clone();
        let before = without.data.clone();
        font::draw_caption(&mut without.planes_mut(), 1280, 720, &stamp);
        assert!(before == without.data, "the caption is part of the picture");
        let bright = frame
            .y()
            .iter()
            .filter(|&&pixel| pixel == font::TEXT_LUMA)
            .count();
        assert!(bright > 5_000, "the caption covers {bright} pixels");
    }

    #[test]
    fn no_size_is_too_small_to_draw() {
        for (width, height) in [(2, 2), (16, 16), (40, 4), (4, 400)] {
            drawn(7, width, height);
        }
    }
}
