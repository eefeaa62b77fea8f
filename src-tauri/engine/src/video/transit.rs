//! How long pictures take on a good way: from their capture, by the sender's clock, to here, by ours.
//!
//! Meaningless alone, as the two clocks have nothing in common; but what it differs by from picture to picture is how late
//! each is. The lowest of the last seconds is the usual way. Pure; constant memory.

use std::time::{Duration, Instant};

use crate::transport::clock::Micros;

/// The lowest is that of the last one to two of these: long enough to hold some pictures that lacked nothing, short enough
/// to notice that the way has become longer.
const SPAN: Duration = Duration::from_secs(5);

/// How much later in a second pictures may be shown when the way has become longer: 1 % slower than life, which nobody sees.
const RISE: Duration = Duration::from_millis(10);

/// What differs by more is another clock, not a longer way.
const ANOTHER_CLOCK: Micros = 1_000_000;

/// The lowest transit of late.
#[derive(Debug, Default)]
pub struct Transit {
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    /// The lowest since then, and in the span before.
    lowest: Micros,
    since: Instant,
    before: Micros,
    /// What is gone by: the lowest, or on its way up to it.
    usual: Micros,
    at: Instant,
}

impl Known {
    fn new(transit: Micros, now: Instant) -> Self {
        Self {
            lowest: transit,
            since: now,
            before: transit,
            usual: transit,
            at: now,
        }
    }
}

impl Transit {
    /// A picture took so long; what it takes usually, which is not more.
    pub fn note(&mut self, transit: Micros, now: Instant) -> Micros {
        let known = self
            .known
            .take_if(|known| (transit - known.usual).abs() <= ANOTHER_CLOCK);
        let mut known = known.unwrap_or_else(|| Known::new(transit, now));
        if now.saturating_duration_since(known.since) >= SPAN {
            known.before = known.lowest;
            known.lowest = transit;
            known.since = now;
        }
        known.lowest = known.lowest.min(transit);
        let passed = now.saturating_duration_since(known.at);
        let rise = RISE.mul_f64(passed.as_secs_f64()).as_micros() as Micros;
        known.usual = (known.usual + rise).min(known.lowest.min(known.before));
        known.at = now;
        self.known.insert(known).usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_lowest_of_late_is_the_usual_way() {
        let (mut transit, now) = (Transit::default(), Instant::now());
        for n in 0..300u32 {
            let late = Micros::from(n * 7 % 5) * 20_000;
            let usual = transit.note(50_000 + late, now + ms(33) * n);
            assert!(usual <= 50_000 + late);
            assert!(n < 5 || usual == 50_000, "{usual}");
        }
    }

    #[test]
    fn a_way_that_has_become_longer_is_followed_slowly_and_a_shorter_one_at_once() {
        let (mut transit, now) = (Transit::default(), Instant::now());
        let mut before = transit.note(50_000, now);
        for n in 1..1_000u32 {
            let usual = transit.note(150_000, now + ms(33) * n);
            assert!((0..=331).contains(&(usual - before)), "{usual}");
            before = usual;
        }
        assert_eq!(before, 150_000);
        assert_eq!(transit.note(60_000, now + ms(33_000)), 60_000);
    }

    #[test]
    fn another_clock_is_a_new_beginning() {
        let (mut transit, now) = (Transit::default(), Instant::now());
        transit.note(50_000, now);
        for clock in [9_000_000_000, -9_000_000_000, 0] {
            assert_eq!(transit.note(clock, now), clock);
        }
    }
}
