//! The test pattern of a screen as a source.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant;

use crate::device::DeviceProblem;
use crate::video::frame::{Frame, FramePool, even_side};
use crate::video::frame_rate::Metronome;
use crate::video::pattern::{Page, Stamp, wall_micros};
use crate::video::source::Source;

/// Draws pages of text, one frame after the other.
pub(super) struct PageSource {
    size: (u32, u32),
    number: u32,
    metronome: Metronome,
    pool: FramePool,
}

impl PageSource {
    /// Pages of this size (rounded to even) and rate, beginning now with frame 0.
    pub fn new(width: u32, height: u32, fps: u32) -> Self {
        Self {
            size: (even_side(width), even_side(height)),
            number: 0,
            metronome: Metronome::new(fps as f32, Instant::now()),
            pool: FramePool::new(),
        }
    }
}

impl Source for PageSource {
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
            Page.draw(frame, &stamp);
            Ok::<_, Infallible>(())
        });
        match drawn {
            Ok(frame) => Ok(frame),
            Err(never) => match never {},
        }
    }
}
