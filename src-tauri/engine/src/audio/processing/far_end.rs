//! What the speaker plays at the time at which the microphone captures.
//!
//! Keeps the last half second of what was played, knows by a [`StreamClock`] when each sample is heard, and reads it at the
//! microphone's pace: 480 samples for each block. The reading place is held to the streams' timestamps. Two sound cards whose
//! clocks differ are followed by reading a trifle faster or slower, which keeps the echo path still for the canceller; a jump
//! of either stream's delay is followed by a jump. Pure: pieces and times in, blocks out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{BLOCK_SAMPLES, Block};
use crate::audio::SAMPLE_RATE;
use crate::audio::stream_clock::StreamClock;

/// Kept at most: the longest that stamps and threads may be late, and then some. What is older is dropped.
const KEPT_SAMPLES: usize = SAMPLE_RATE as usize / 2;

/// The far end is handed to the canceller this much before its echo can be there: so much may timestamps err, for an echo
/// that seems to come before its sound can't be cancelled. It must be on hand when its block is processed, which a
/// speaker's buffer of 10 ms and a microphone's of 10 ms allow.
const LEAD: Duration = Duration::from_millis(10);

/// Within this distance, in samples (1 ms), timestamps don't know better.
const GOOD_ENOUGH: f64 = 48.0;

/// Farther than this, in samples (8 ms), the reading place jumps: what drifted so far has jumped, not drifted.
const JUMP: f64 = 384.0;

/// But only once so many blocks in a row (1 s) found it there. On a machine at its limit a sound server's stamps err by up to
/// 70 ms for up to half a second, and are right again: going there and back would have the canceller learn its room twice.
const JUMPED: u32 = 100;

/// Farther than this, in samples (100 ms), no stamps err: the delay has jumped, and the echo is nowhere near.
const LONG_JUMP: f64 = 4_800.0;

/// So many blocks in a row (50 ms) tell of a long jump.
const LONG_JUMPED: u32 = 5;

/// Beyond [`GOOD_ENOUGH`] the distance is closed within so many samples (2 s).
const CLOSED_WITHIN: f64 = 96_000.0;

/// Reading is never faster or slower than this: ±500 ppm, more than any two sound cards differ.
const MOST_CORRECTION: f64 = 500e-6;

/// A gap longer than this in what was played (the capture thread was away) starts everything anew.
const LONGEST_GAP: u64 = KEPT_SAMPLES as u64;

/// What was played, by the time at which it is heard. Mono, 48 kHz.
#[derive(Debug)]
pub(crate) struct FarEnd {
    clock: StreamClock,
    samples: VecDeque<f32>,
    /// The position of the first sample kept.
    first: u64,
    /// The position to read at; `None` before the first block.
    reading: Option<f64>,
    /// For so many blocks in a row it has been farther off than [`JUMP`].
    astray: u32,
    /// And farther than [`LONG_JUMP`].
    far_astray: u32,
    /// The position of the last sample that was not silent.
    loud_until: u64,
}

impl FarEnd {
    /// Nothing was played yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            clock: StreamClock::new(SAMPLE_RATE, now),
            samples: VecDeque::with_capacity(KEPT_SAMPLES),
            first: 0,
            reading: None,
            astray: 0,
            far_astray: 0,
            loud_until: 0,
        }
    }

    /// Takes in `samples`, the first of which is at `position` and is heard at `at`.
    pub(crate) fn played(&mut self, position: u64, samples: &[f32], at: Instant) {
        let end = self.end();
        if position < end || position - end > LONGEST_GAP {
            self.samples.clear();
            self.first = position;
        } else {
            self.samples
                .extend(std::iter::repeat_n(0.0, (position - end) as usize));
        }
        self.clock.note(position, at);
        self.samples.extend(samples);
        if let Some(last) = samples.iter().rposition(|sample| *sample != 0.0) {
            self.loud_until = position + last as u64 + 1;
        }
        let stale = self.samples.len().saturating_sub(KEPT_SAMPLES);
        self.samples.drain(..stale);
        self.first += stale as u64;
    }

    /// Writes what is heard while a block is captured whose first sample was captured at `captured_at`, [`LEAD`] early;
    /// silence for what is not there. Whether anything was heard in it, or within the last `recently`.
    pub(crate) fn block(
        &mut self,
        captured_at: Instant,
        recently: Duration,
        out: &mut Block,
    ) -> bool {
        if !self.clock.is_set() {
            out.fill(0.0);
            return false;
        }
        let wanted = self.on_hand(self.clock.position_at(captured_at + LEAD));
        let off = self.reading.map_or(f64::INFINITY, |at| (wanted - at).abs());
        self.astray = if off <= JUMP { 0 } else { self.astray + 1 };
        self.far_astray = if off <= LONG_JUMP {
            0
        } else {
            self.far_astray + 1
        };
        let at = match self.reading {
            Some(at) if self.astray < JUMPED && self.far_astray < LONG_JUMPED => at,
            _ => {
                (self.astray, self.far_astray) = (0, 0);
                wanted
            }
        };
        let step = 1.0 + correction(wanted - at);
        for (n, sample) in out.iter_mut().enumerate() {
            *sample = self.at(at + n as f64 * step);
        }
        self.reading = Some(at + BLOCK_SAMPLES as f64 * step);
        let heard_until = self.loud_until as f64 + recently.as_secs_f64() * f64::from(SAMPLE_RATE);
        self.loud_until > 0 && at < heard_until
    }

    /// `position`, or the last place at which a block is whole: what was not yet handed to the speaker can't be heard, and
    /// stamps that say so err. Farther away the speaker has stopped, and there is silence.
    fn on_hand(&self, position: f64) -> f64 {
        let last_whole = self.end() as f64 - (BLOCK_SAMPLES + 2) as f64;
        if position - last_whole < LONG_JUMP {
            position.min(last_whole)
        } else {
            position
        }
    }

    fn end(&self) -> u64 {
        self.first + self.samples.len() as u64
    }

    /// The sound between two samples, by a cubic through four (Catmull and Rom, 1974).
    fn at(&self, position: f64) -> f32 {
        let whole = position.floor();
        let part = (position - whole) as f32;
        let index = whole - self.first as f64;
        let sample = |offset: f64| {
            let index = index + offset;
            if index < 0.0 {
                return 0.0;
            }
            self.samples.get(index as usize).copied().unwrap_or(0.0)
        };
        let [a, b, c, d] = [sample(-1.0), sample(0.0), sample(1.0), sample(2.0)];
        let slope = (c - a) * 0.5;
        let next_slope = (d - b) * 0.5;
        let square = 3.0 * (c - b) - 2.0 * slope - next_slope;
        let cube = 2.0 * (b - c) + slope + next_slope;
        b + part * (slope + part * (square + part * cube))
    }
}

/// By how much faster to read, as a share, to come nearer by `distance` samples.
fn correction(distance: f64) -> f64 {
    let beyond = distance - distance.clamp(-GOOD_ENOUGH, GOOD_ENOUGH);
    (beyond / CLOSED_WITHIN).clamp(-MOST_CORRECTION, MOST_CORRECTION)
}

#[cfg(test)]
mod tests;
