//! A test pattern as a source, of a face or of a screen: drawn on the capture thread at its own steady pace.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant;

use super::Source;
use crate::device::DeviceProblem;
use crate::video::content::Content;
use crate::video::frame::{Frame, FramePool, even_side};
use crate::video::frame_rate::Metronome;
use crate::video::pattern::{Artist, Stamp, wall_micros};

/// Draws the pattern, one frame after the other.
pub struct DrawnSource {
    artist: Artist,
    size: (u32, u32),
    number: u32,
    metronome: Metronome,
    pool: FramePool,
}

impl DrawnSource {
    /// The pattern of this kind, size (rounded to even) and rate, beginning now with frame 0.
    pub fn new(content: Content, width: u32, height: u32, fps: u32) -> Self {
        Self {
            artist: Artist::of(content),
            size: (even_side(width), even_side(height)),
            number: 0,
            metronome: Metronome::new(fps as f32, Instant::now()),
            pool: FramePool::new(),
        }
    }
}

impl Source for DrawnSource {
    fn name(&self) -> &str {
        "Test pattern"
    }

    fn next_frame(&mut self) -> Result<Arc<Frame>, DeviceProblem> {
        let now = Instant::now();
        sleep(self.metronome.next(now).saturating_duration_since(now));
        let (width, height) = self.size;
        let stamp = Stamp {
            number: self.number,
            micros: wall_micros(),
            width,
            height,
        };
        self.number = self.number.wrapping_add(1);
        let drawn = self.pool.draw(width, height, Instant::now(), |frame| {
            self.artist.draw(frame, &stamp);
            Ok::<_, Infallible>(())
        });
        match drawn {
            Ok(frame) => Ok(frame),
            Err(never) => match never {},
        }
    }
}
