//! When a stream's samples are captured or heard, from the stamps that its callbacks give.
//!
//! Stamps tremble by milliseconds: they hang on when a thread was woken, and on a latency that some sound systems measure
//! ten times a second only. So they are averaged. Stamps that all stand apart from the average, to the same side, tell that
//! the stream's delay has jumped, and are followed at once. Pure: positions and times in, times out.

use std::time::{Duration, Instant};

/// The weight of a new stamp: about a second of 10 ms callbacks is averaged, in which ±200 ppm of drift are 0.2 ms.
const WEIGHT: f64 = 0.01;

/// A stamp may pull at the average by no more than this, in seconds; a thread that slept for 50 ms is no news.
const MOST_PULL: f64 = 0.005;

/// Stamps this far from the average, in seconds, are astray. More than trembling, less than what a canceller would lose.
const ASTRAY: f64 = 0.012;

/// So many stamps astray in a row are a jump: 250 ms of 10 ms callbacks, longer than any hiccup of a scheduler.
const JUMP: u32 = 25;

/// Turns positions of one stream into times and back. Positions count frames at the stream's rate.
#[derive(Debug)]
pub(crate) struct StreamClock {
    rate: f64,
    base: Instant,
    /// Seconds from `base` to position 0.
    origin: f64,
    stamps: u32,
    /// Positive: so many stamps in a row were late; negative: early.
    astray: i32,
    /// The mean of those, in seconds from `base` to position 0.
    elsewhere: f64,
}

impl StreamClock {
    /// A stream of `rate` Hz. `now` is any moment near those of its stamps.
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        Self {
            rate: f64::from(rate.max(1)),
            base: now,
            origin: 0.0,
            stamps: 0,
            astray: 0,
            elsewhere: 0.0,
        }
    }

    /// Takes in that the frame at `position` belongs to `at`.
    pub(crate) fn note(&mut self, position: u64, at: Instant) {
        let observed = seconds_between(self.base, at) - position as f64 / self.rate;
        self.stamps = self.stamps.saturating_add(1);
        let error = observed - self.origin;
        if self.stamps == 1 {
            self.origin = observed;
        } else if error.abs() <= ASTRAY {
            self.astray = 0;
            // The first stamps weigh the same; later ones less and less.
            let weight = (1.0 / f64::from(self.stamps)).max(WEIGHT);
            self.origin += weight * error.clamp(-MOST_PULL, MOST_PULL);
        } else {
            self.stray(observed, error);
        }
    }

    fn stray(&mut self, observed: f64, error: f64) {
        let side = if error > 0.0 { 1 } else { -1 };
        self.astray = if self.astray.signum() == side {
            self.astray + side
        } else {
            side
        };
        let count = self.astray.unsigned_abs();
        if count == 1 {
            self.elsewhere = observed;
        } else {
            self.elsewhere += (observed - self.elsewhere) / f64::from(count);
        }
        // A stream that has only begun is believed sooner: its first stamp was as likely to be the wrong one.
        if count >= JUMP.min(self.stamps / 2) {
            self.origin = self.elsewhere;
            self.astray = 0;
            self.stamps = count;
        }
    }

    /// Whether any stamp has come.
    pub(crate) fn is_set(&self) -> bool {
        self.stamps > 0
    }

    /// The time that `position` belongs to.
    pub(crate) fn time_of(&self, position: f64) -> Instant {
        let seconds = self.origin + position / self.rate;
        let distance = Duration::try_from_secs_f64(seconds.abs()).unwrap_or_default();
        let time = if seconds < 0.0 {
            self.base.checked_sub(distance)
        } else {
            self.base.checked_add(distance)
        };
        time.unwrap_or(self.base)
    }

    /// The position that belongs to `time`.
    pub(crate) fn position_at(&self, time: Instant) -> f64 {
        (seconds_between(self.base, time) - self.origin) * self.rate
    }
}

fn seconds_between(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(after) => after.as_secs_f64(),
        None => -from.saturating_duration_since(to).as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: u64 = 480;

    /// A stream whose stamps are `offset(n)` seconds late, n-th callback, after so many callbacks.
    fn run(
        clock: &mut StreamClock,
        start: Instant,
        callbacks: std::ops::Range<u64>,
        offset: impl Fn(u64) -> f64,
    ) {
        for n in callbacks {
            let at = start + Duration::from_secs_f64(1.0 + n as f64 * 0.01 + offset(n));
            clock.note(n * PERIOD, at);
        }
    }

    fn error_ms(clock: &StreamClock, start: Instant, position: u64, expected: f64) -> f64 {
        let is = clock
            .time_of(position as f64)
            .duration_since(start)
            .as_secs_f64();
        (is - expected) * 1_000.0
    }

    #[test]
    fn trembling_stamps_average_to_a_steady_time() {
        let start = Instant::now();
        let mut clock = StreamClock::new(48_000, start);
        run(&mut clock, start, 0..1_000, |n| {
            if n % 3 == 0 { 0.004 } else { -0.002 }
        });
        let error = error_ms(&clock, start, 1_000 * PERIOD, 11.0);
        assert!(error.abs() < 0.5, "{error} ms");
    }

    #[test]
    fn a_thread_that_sleeps_now_and_then_moves_nothing() {
        let start = Instant::now();
        let mut clock = StreamClock::new(48_000, start);
        run(&mut clock, start, 0..1_000, |n| {
            if n % 50 < 3 { 0.080 } else { 0.0 }
        });
        assert!(error_ms(&clock, start, 0, 1.0).abs() < 0.1);
    }

    #[test]
    fn a_jump_of_the_delay_is_followed_within_300_ms() {
        let start = Instant::now();
        let mut clock = StreamClock::new(48_000, start);
        run(&mut clock, start, 0..500, |_| 0.0);
        run(&mut clock, start, 500..530, |_| 0.1);
        assert!(error_ms(&clock, start, 0, 1.1).abs() < 0.5);
    }

    #[test]
    fn a_clock_that_runs_200_ppm_fast_is_followed() {
        let start = Instant::now();
        let mut clock = StreamClock::new(48_000, start);
        run(&mut clock, start, 0..60_000, |n| {
            -(n as f64) * 0.01 * 200e-6
        });
        let error = error_ms(&clock, start, 60_000 * PERIOD, 601.0 - 600.0 * 200e-6);
        assert!(error.abs() < 0.3, "{error} ms");
    }

    #[test]
    fn positions_and_times_are_each_others_inverse() {
        let start = Instant::now();
        let mut clock = StreamClock::new(44_100, start);
        clock.note(100, start - Duration::from_millis(3));
        let position = clock.position_at(clock.time_of(12_345.0));
        assert!((position - 12_345.0).abs() < 0.1, "{position}");
    }

    #[test]
    fn any_order_of_positions_and_times_is_survived() {
        let start = Instant::now() + Duration::from_secs(1_000_000);
        let mut clock = StreamClock::new(0, start);
        let mut seed = 1_u64;
        for _ in 0..10_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = start - Duration::from_secs(900_000) + Duration::from_millis(seed >> 34);
            clock.note(seed >> (seed % 64), at);
            clock.time_of(clock.position_at(at) * 1e18);
            clock.time_of(f64::NAN);
        }
    }
}
