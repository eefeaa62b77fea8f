//! How much may pass in a time: a token bucket, kept as the time at which it is full again.

use std::time::{Duration, Instant};

/// How much may pass at once, as time at the full rate: a keyframe comes in one piece.
const BURST: Duration = Duration::from_millis(500);

/// A bound on bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// Kilobits a second; 0 for no bound.
    pub kbps: u64,
}

impl Rate {
    /// How long so many bytes take at this rate.
    fn time(self, bytes: usize) -> Duration {
        // A kilobit a second is a bit a millisecond, and a bit a millisecond is a million nanoseconds a bit.
        let bits = bytes as u64 * 8;
        Duration::from_nanos(bits.saturating_mul(1_000_000) / self.kbps)
    }
}

/// What is left of a rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    rate: Rate,
    full_at: Instant,
}

impl Bucket {
    pub(super) const fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, full_at: now }
    }

    /// Whether so many bytes may pass; they are counted then.
    pub(super) fn pass(&mut self, bytes: usize, now: Instant) -> bool {
        if self.rate.kbps == 0 {
            return true;
        }
        let full_at = self.full_at.max(now) + self.rate.time(bytes);
        let passes = full_at <= now + BURST;
        if passes {
            self.full_at = full_at;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_what_the_rate_allows() {
        let mut now = Instant::now();
        let mut bucket = Bucket::new(Rate { kbps: 800 }, now);
        // 800 kbit/s are 100 bytes a millisecond.
        let mut passed = 0;
        while bucket.pass(1000, now) {
            passed += 1000;
        }
        assert_eq!(passed, 50_000);
        let mut later = 0;
        for _ in 0..1000 {
            now += Duration::from_millis(1);
            while bucket.pass(100, now) {
                later += 100;
            }
        }
        assert_eq!(later, 100_000);
    }

    #[test]
    fn no_bound_lets_everything_pass() {
        let now = Instant::now();
        let mut bucket = Bucket::new(Rate { kbps: 0 }, now);
        assert!((0..1000).all(|_| bucket.pass(usize::MAX / 16, now)));
    }
}
