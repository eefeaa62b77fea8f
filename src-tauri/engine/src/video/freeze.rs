//! Freezes, counted as W3C webrtc-stats defines `freezeCount` and `totalFreezesDuration`: a frame that
//! came after `max(3 × average, average + 150 ms)`, the average being over the last 30 frames.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many intervals make the average.
const FRAMES: usize = 30;

/// How much longer than usual a frame must take.
const FACTOR: u32 = 3;
const MARGIN: Duration = Duration::from_millis(150);

/// Watches the times at which frames are shown.
#[derive(Debug, Default)]
pub struct FreezeMeter {
    last: Option<Instant>,
    intervals: VecDeque<Duration>,
    count: u32,
    total: Duration,
}

impl FreezeMeter {
    /// A frame is shown.
    pub fn frame(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            let interval = now.saturating_duration_since(last);
            if self.is_freeze(interval) {
                self.count += 1;
                self.total += interval;
            }
            self.intervals.push_back(interval);
            if self.intervals.len() > FRAMES {
                self.intervals.pop_front();
            }
        }
    }

    /// No frame is to be expected for a while: the silence that follows is no freeze.
    pub fn pause(&mut self) {
        self.last = None;
    }

    /// How often it froze.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How long it was frozen, in all.
    pub fn total(&self) -> Duration {
        self.total
    }

    fn is_freeze(&self, interval: Duration) -> bool {
        let Ok(frames @ 1..) = u32::try_from(self.intervals.len()) else {
            return false; // no average yet
        };
        let average = self.intervals.iter().sum::<Duration>() / frames;
        interval >= (average * FACTOR).max(average + MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(33);

    fn running(frames: u32) -> (FreezeMeter, Instant) {
        let (mut meter, mut now) = (FreezeMeter::default(), Instant::now());
        for _ in 0..frames {
            meter.frame(now);
            now += FRAME;
        }
        (meter, now - FRAME)
    }

    #[test]
    fn jitter_is_no_freeze_and_a_fifth_of_a_second_is() {
        let (mut meter, now) = running(60);
        meter.frame(now + Duration::from_millis(180));
        assert_eq!(meter.count(), 0);
        let (mut meter, now) = running(60);
        meter.frame(now + Duration::from_millis(184));
        assert_eq!(
            (meter.count(), meter.total()),
            (1, Duration::from_millis(184))
        );
    }

    #[test]
    fn what_is_usual_for_a_slow_stream_is_no_freeze() {
        let (mut meter, mut now) = (FreezeMeter::default(), Instant::now());
        for _ in 0..20 {
            meter.frame(now);
            now += Duration::from_millis(500);
        }
        assert_eq!(meter.count(), 0);
    }

    #[test]
    fn a_camera_that_was_switched_off_did_not_freeze() {
        let (mut meter, now) = running(60);
        meter.pause();
        meter.frame(now + Duration::from_secs(60));
        assert_eq!(meter.count(), 0);
    }
}
