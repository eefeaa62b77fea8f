//! Which frames of a faster source a slower layer takes, and when a drawn source draws its next. Pure.

use std::time::{Duration, Instant};

/// A frame may come early by this part of the interval and still be taken: sources jitter.
const SLACK: f64 = 0.25;

/// Leaves frames out so that at most this many a second remain, evenly.
#[derive(Debug)]
pub struct FrameRateLimit {
    interval: Duration,
    next: Option<Instant>,
}

impl FrameRateLimit {
    /// At most `fps` frames a second.
    pub fn new(fps: f32) -> Self {
        Self {
            interval: interval(fps),
            next: None,
        }
    }

    /// Whether the frame captured then is one of them.
    pub fn admits(&mut self, captured: Instant) -> bool {
        let due = *self.next.get_or_insert(captured);
        if captured + self.interval.mul_f64(SLACK) < due {
            return false;
        }
        let on_schedule = due + self.interval;
        // A source that paused, or is slower, does not get to make up for it.
        self.next = Some(on_schedule.max(captured + self.interval.mul_f64(1.0 - SLACK)));
        true
    }
}

/// Says when the next frame is due, by the number of frames so far and not by the last one's end, so
/// that nothing drifts.
#[derive(Debug)]
pub struct Metronome {
    start: Instant,
    interval: Duration,
    beats: u32,
}

/// A source that fell behind by this many frames (the machine slept) does not make up for them.
const MAX_BEHIND: u32 = 3;

impl Metronome {
    /// Beats `fps` times a second, first at `start`.
    pub fn new(fps: f32, start: Instant) -> Self {
        Self {
            start,
            interval: interval(fps),
            beats: 0,
        }
    }

    /// When the next frame is due.
    pub fn next(&mut self, now: Instant) -> Instant {
        let due = self.start + self.interval * self.beats;
        if now > due + self.interval * MAX_BEHIND {
            self.start = now;
            self.beats = 0;
            return self.next(now);
        }
        self.beats += 1;
        if self.beats == u32::MAX {
            self.start = due + self.interval;
            self.beats = 0;
        }
        due
    }
}

fn interval(fps: f32) -> Duration {
    Duration::from_secs_f64(1.0 / f64::from(fps.clamp(0.1, 240.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames admitted of one second's, each moved by its jitter in milliseconds.
    fn admitted(limit_fps: f32, source_fps: u64, jitter: impl Fn(u64) -> u64) -> usize {
        let start = Instant::now();
        let mut limit = FrameRateLimit::new(limit_fps);
        (0..source_fps)
            .filter(|&frame| {
                let at = frame * 1_000_000 / source_fps + jitter(frame) * 1000;
                limit.admits(start + Duration::from_micros(at))
            })
            .count()
    }

    #[test]
    fn a_source_at_the_layers_rate_keeps_every_frame_despite_jitter() {
        assert_eq!(admitted(30.0, 30, |_| 0), 30);
        assert_eq!(admitted(30.0, 30, |frame| frame * 7 % 8), 30);
    }

    #[test]
    fn a_faster_source_is_thinned_evenly() {
        assert_eq!(admitted(15.0, 30, |_| 0), 15);
        assert!((28..=31).contains(&admitted(30.0, 50, |_| 0)));
    }

    #[test]
    fn a_metronome_neither_drifts_nor_makes_up_for_a_pause() {
        let start = Instant::now();
        let mut metronome = Metronome::new(25.0, start);
        let beats: Vec<_> = (0..1000).map(|_| metronome.next(start)).collect();
        assert_eq!(beats[999], start + Duration::from_millis(999 * 40));
        let awake = start + Duration::from_secs(3600);
        assert_eq!(metronome.next(awake), awake);
        assert_eq!(metronome.next(awake), awake + Duration::from_millis(40));
    }
}
