//! What a receiver learns from the pattern: how old a frame is, how faithful, and how many are missing.
//!
//! Runs on the receiver's media thread after the frame was handed on. Reading the stamp takes
//! microseconds; comparing the picture takes 2 ms at 720p, once a second.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::micros_between;
use super::histogram::Histogram;
use super::{Artist, Stamp};
use crate::video::content::Content;
use crate::video::frame::Frame;
use crate::video::scale::Scaler;

/// Every so many frames one is drawn again and compared.
const COMPARE_EVERY: u64 = 30;

/// Stamps that must be read one after the other before a picture is taken for the pattern.
const CERTAIN: u32 = 2;

/// An age beyond this is no latency but another machine's clock.
const PLAUSIBLE: Duration = Duration::from_secs(10);

/// A step in frame numbers beyond this is another pattern, not a loss.
const MAX_MISSING: u32 = 10_000;

/// Ages of frames from drawn to decoded; valid when both happened on one machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyMs {
    /// Half of the frames were not older, milliseconds.
    pub p50: f64,
    /// 95 of 100 frames were not older, milliseconds.
    pub p95: f64,
    /// The oldest, milliseconds.
    pub max: f64,
}

/// What the pattern told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PatternStats {
    /// From drawn to decoded.
    pub latency_ms: LatencyMs,
    /// Peak signal-to-noise ratio of luma against the frame as drawn, from the mean squared error over
    /// all compared frames, in decibels. `None` until one was compared.
    pub psnr_db: Option<f64>,
    /// Frames drawn between the first and the last one seen that did not arrive.
    pub frames_missing: u64,
}

/// Watches decoded frames for the pattern.
#[derive(Default)]
pub struct PatternMeter {
    content: Content,
    consecutive: u32,
    last: Option<Stamp>,
    frames: u64,
    missing: u64,
    ages: Histogram,
    squared_errors: f64,
    compared: u32,
    redrawing: Option<Redrawing>,
}

/// The tools for drawing a frame again, made when the pattern is first seen.
struct Redrawing {
    artist: Artist,
    scaler: Scaler,
    drawn: Frame,
    scaled: Frame,
}

impl PatternMeter {
    /// For the pattern of this kind.
    pub fn of(content: Content) -> Self {
        Self {
            content,
            ..Self::default()
        }
    }

    /// Looks at a frame that was decoded at `wall_micros`.
    pub fn observe(&mut self, frame: &Frame, wall_micros: u64) {
        let Some(stamp) = Stamp::read(frame) else {
            self.consecutive = 0;
            return;
        };
        self.consecutive += 1;
        if self.consecutive < CERTAIN {
            return;
        }
        let age = Duration::from_micros(micros_between(stamp.micros, wall_micros).max(0) as u64);
        if age <= PLAUSIBLE {
            self.ages.add(age);
        }
        if let Some(last) = self.last {
            let step = stamp.number.wrapping_sub(last.number);
            if (1..MAX_MISSING).contains(&step) {
                self.missing += u64::from(step - 1);
            }
        }
        self.last = Some(stamp);
        if self.frames.is_multiple_of(COMPARE_EVERY) {
            self.compare(frame, &stamp);
        }
        self.frames += 1;
    }

    /// What was learnt so far; `None` while no pattern was seen.
    pub fn stats(&self) -> Option<PatternStats> {
        self.last?;
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
        Some(PatternStats {
            latency_ms: LatencyMs {
                p50: milliseconds(self.ages.percentile(0.5)),
                p95: milliseconds(self.ages.percentile(0.95)),
                max: milliseconds(self.ages.longest()),
            },
            psnr_db: (self.compared > 0)
                .then(|| psnr_db(self.squared_errors / f64::from(self.compared))),
            frames_missing: self.missing,
        })
    }

    fn compare(&mut self, frame: &Frame, stamp: &Stamp) {
        let tools = self.redrawing.get_or_insert_with(|| Redrawing {
            artist: Artist::of(self.content),
            scaler: Scaler::default(),
            drawn: Frame::new(stamp.width, stamp.height, frame.captured),
            scaled: Frame::new(frame.width, frame.height, frame.captured),
        });
        if (tools.drawn.width, tools.drawn.height) != (stamp.width, stamp.height) {
            tools.drawn = Frame::new(stamp.width, stamp.height, frame.captured);
        }
        tools.artist.draw(&mut tools.drawn, stamp);
        let same_size = (tools.drawn.width, tools.drawn.height) == (frame.width, frame.height);
        let reference = if same_size {
            &tools.drawn
        } else {
            if (tools.scaled.width, tools.scaled.height) != (frame.width, frame.height) {
                tools.scaled = Frame::new(frame.width, frame.height, frame.captured);
            }
            tools.scaler.scale_into(&tools.drawn, &mut tools.scaled);
            &tools.scaled
        };
        self.squared_errors += mean_squared_error(frame.y(), reference.y());
        self.compared += 1;
    }
}

fn mean_squared_error(one: &[u8], other: &[u8]) -> f64 {
    let sum: u64 = one
        .chunks(4096)
        .zip(other.chunks(4096))
        .map(|(one, other)| {
            let squares = one.iter().zip(other).map(|(a, b)| {
                let difference = u32::from(a.abs_diff(*b));
                difference * difference
            });
            u64::from(squares.sum::<u32>())
        })
        .sum();
    sum as f64 / one.len().max(1) as f64
}

/// Capped at 100 dB, where a picture is the same to the last bit.
fn psnr_db(mean_squared_error: f64) -> f64 {
    (10.0 * (255.0 * 255.0 / mean_squared_error.max(1e-12)).log10()).min(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::pattern::Pattern;
    use crate::video::scale::scale;
    use std::time::Instant;

    fn frame(number: u32, micros: u64) -> Frame {
        let stamp = Stamp {
            number,
            micros,
            width: 640,
            height: 360,
        };
        Pattern::new().picture(&stamp)
    }

    #[test]
    fn ages_losses_and_fidelity_are_measured() {
        let mut meter = PatternMeter::default();
        for number in [0, 1, 2, 5] {
            meter.observe(&frame(number, 1_000), 9_000);
        }
        let stats = meter.stats().unwrap();
        assert_eq!(stats.latency_ms.p50, 8.0);
        assert_eq!(stats.frames_missing, 2);
        assert_eq!(stats.psnr_db, Some(100.0));
    }

    #[test]
    fn a_scaled_frame_is_compared_with_one_scaled_alike() {
        let mut meter = PatternMeter::default();
        for number in 0..2 {
            meter.observe(&scale(&frame(number, 0), 320, 180), 0);
        }
        assert_eq!(meter.stats().unwrap().psnr_db, Some(100.0));
    }

    #[test]
    fn a_picture_that_was_damaged_scores_less() {
        let mut meter = PatternMeter::default();
        for number in 0..2 {
            let mut damaged = frame(number, 0);
            damaged
                .planes_mut()
                .y
                .iter_mut()
                .for_each(|pixel| *pixel ^= 2);
            meter.observe(&damaged, 0);
        }
        let psnr = meter.stats().unwrap().psnr_db.unwrap();
        assert!((42.0..42.3).contains(&psnr), "{psnr}");
    }

    #[test]
    fn other_pictures_are_not_measured() {
        let mut meter = PatternMeter::default();
        meter.observe(&Frame::new(640, 360, Instant::now()), 0);
        assert_eq!(meter.stats(), None);
    }
}
