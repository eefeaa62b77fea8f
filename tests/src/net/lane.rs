//! One way of a cable: decides for each frame whether and when it arrives. Pure and seeded: the same frames at the same
//! times always fare alike.

use std::time::{Duration, Instant};

use super::Impairment;

/// What a frame takes on the wire besides its own bytes: preamble, checksum and the gap between frames (IEEE 802.3).
const FRAMING_BYTES: usize = 24;

/// Jitter is cut off at so many standard deviations.
const MAX_DEVIATIONS: f64 = 3.0;

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It never arrives.
    Lost,
    /// It arrives then, once or twice, and perhaps garbage with it.
    Arrives {
        at: Instant,
        copies: usize,
        garbage: bool,
    },
}

/// What happened so far on one way of a cable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames that were sent.
    pub sent: u64,
    /// Frames that the link lost, or that came while it was cut.
    pub lost: u64,
    /// Frames that found the queue full.
    pub overflowed: u64,
    /// Frames that arrived twice.
    pub duplicated: u64,
    /// Frames that overtook others.
    pub overtook: u64,
    /// Bytes that passed, as the rate counts them.
    pub bytes: u64,
}

/// One way of a cable.
#[derive(Debug)]
pub(super) struct Lane {
    impairment: Impairment,
    random: Random,
    counters: Counters,
    /// When the last frame that was accepted will have passed the bottleneck.
    free: Option<Instant>,
    /// When the last frame arrives that kept its place in the order.
    last: Option<Instant>,
    losing: bool,
}

impl Lane {
    pub fn new(impairment: Impairment, seed: u64) -> Self {
        Self {
            impairment,
            random: Random::new(seed),
            counters: Counters::default(),
            free: None,
            last: None,
            losing: false,
        }
    }

    /// From now on it is like this. What is under way arrives as it would have.
    pub fn set(&mut self, impairment: Impairment) {
        self.impairment = impairment;
    }

    pub fn impairment(&self) -> Impairment {
        self.impairment
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How long a frame that came now would wait for its turn.
    pub fn standing(&self, now: Instant) -> Duration {
        self.free
            .map_or(Duration::ZERO, |free| free.saturating_duration_since(now))
    }

    /// A frame of `bytes` is sent at `now`.
    pub fn carry(&mut self, bytes: usize, now: Instant) -> Fate {
        self.counters.sent += 1;
        if self.impairment.cut || self.loses() {
            self.counters.lost += 1;
            return Fate::Lost;
        }
        let bytes = bytes + FRAMING_BYTES;
        let Some(passed) = self.pass(bytes, now) else {
            self.counters.overflowed += 1;
            return Fate::Lost;
        };
        self.counters.bytes += bytes as u64;
        let at = if self.random.chance(self.impairment.overtaking) {
            self.counters.overtook += 1;
            passed
        } else {
            let at = (passed + self.under_way()).max(self.last.unwrap_or(now));
            self.last = Some(at);
            at
        };
        let twice = self.random.chance(self.impairment.duplicates);
        self.counters.duplicated += u64::from(twice);
        Fate::Arrives {
            at,
            copies: 1 + usize::from(twice),
            garbage: self.random.chance(self.impairment.garbage),
        }
    }

    /// A byte of garbage.
    pub fn random_byte(&mut self) -> u8 {
        (self.random.next() * 256.0) as u8
    }

    /// When the frame has passed the bottleneck; `None` when the queue in front of it is full.
    fn pass(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        let Some(rate) = self.impairment.rate else {
            return Some(now);
        };
        let begins = self.free.unwrap_or(now).max(now);
        if begins - now > self.impairment.queue {
            return None;
        }
        let passed = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / rate as f64);
        self.free = Some(passed);
        Some(passed)
    }

    /// Each by itself, or in bursts by the model of Gilbert and Elliott: a good state that loses nothing and a bad one
    /// that loses everything, whose changes give the mean burst and the same share of losses over time.
    fn loses(&mut self) -> bool {
        let Impairment { loss, burst, .. } = self.impairment;
        if loss <= 0.0 || burst <= 1.0 {
            return self.random.chance(loss);
        }
        let ends = 1.0 / burst;
        let begins = (ends * loss / (1.0 - loss)).min(1.0);
        self.losing = if self.losing {
            !self.random.chance(ends)
        } else {
            self.random.chance(begins)
        };
        self.losing
    }

    fn under_way(&mut self) -> Duration {
        let Impairment { delay, jitter, .. } = self.impairment;
        if jitter.is_zero() {
            return delay;
        }
        let deviation = self.random.normal().clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS);
        let seconds = delay.as_secs_f64() + deviation * jitter.as_secs_f64();
        Duration::from_secs_f64(seconds.max(0.0))
    }
}

/// A small random generator (xorshift64, Marsaglia 2003): all that a link asks of chance, and always the same from the same seed.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin alike, and the state must never be 0 (the factor: Knuth's golden ratio).
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    /// Evenly distributed from 0 to below 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.next() < share
    }

    /// Normally distributed around 0 with deviation 1 (Box and Muller).
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.next().max(f64::MIN_POSITIVE), self.next());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// Sends `frames` of 1,000 bytes, one each millisecond, and gives how long each was under way.
    fn send(lane: &mut Lane, frames: u32) -> Vec<Option<Duration>> {
        let start = Instant::now();
        let each = |n| {
            let now = start + n * MILLISECOND;
            match lane.carry(1000 - FRAMING_BYTES, now) {
                Fate::Lost => None,
                Fate::Arrives { at, .. } => Some(at - now),
            }
        };
        (0..frames).map(each).collect()
    }

    #[test]
    fn a_perfect_lane_delivers_everything_at_once() {
        let delays = send(&mut Lane::new(Impairment::NONE, 1), 100);
        assert!(delays.iter().all(|delay| *delay == Some(Duration::ZERO)));
    }

    #[test]
    fn the_same_seed_loses_the_same_frames_and_another_seed_others() {
        let run = |seed| send(&mut Lane::new(Impairment::NONE.losing(10), seed), 500);
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn about_as_much_is_lost_as_was_asked_for_in_bursts_as_long() {
        for burst in [1, 6] {
            let link = Impairment::NONE.losing(3).in_bursts_of(burst);
            let fates = send(&mut Lane::new(link, 7), 200_000);
            let lost = fates.iter().filter(|fate| fate.is_none()).count() as f64;
            let bursts = fates
                .windows(2)
                .filter(|pair| pair[0].is_some() && pair[1].is_none())
                .count() as f64;
            assert!((lost / 200_000.0 - 0.03).abs() < 0.003, "{lost}");
            assert!(
                (lost / bursts / f64::from(burst) - 1.0).abs() < 0.1,
                "{bursts}"
            );
        }
    }

    #[test]
    fn jitter_varies_the_delay_and_keeps_the_order() {
        let mut lane = Lane::new(Impairment::round_trip(100).jittering(10), 3);
        let delays: Vec<Duration> = send(&mut lane, 10_000).into_iter().flatten().collect();
        assert!(delays.iter().any(|delay| *delay > 60 * MILLISECOND));
        let overtaken = delays
            .windows(2)
            .any(|pair| pair[1] + MILLISECOND < pair[0]);
        assert!(!overtaken, "a later frame arrived earlier");
    }

    #[test]
    fn a_slow_lane_queues_and_drops_what_would_wait_too_long() {
        // A frame takes 10 ms, and one comes each millisecond.
        let mut lane = Lane::new(Impairment::NONE.at_kbits(800).queueing(50), 1);
        let delays = send(&mut lane, 1000);
        let arrived: Vec<Duration> = delays.into_iter().flatten().collect();
        assert!((100..=106).contains(&arrived.len()), "{}", arrived.len());
        let longest = arrived.iter().max().copied();
        assert!(longest <= Some(60 * MILLISECOND), "{longest:?}");
        assert_eq!(lane.counters().bytes, arrived.len() as u64 * 1000);
        assert_eq!(lane.counters().overflowed, 1000 - arrived.len() as u64);
    }

    #[test]
    fn a_cut_lane_delivers_nothing_until_it_is_mended() {
        let mut lane = Lane::new(Impairment::round_trip(20).cut(), 1);
        assert!(send(&mut lane, 10).iter().all(Option::is_none));
        lane.set(Impairment::round_trip(20));
        assert!(send(&mut lane, 10).iter().all(Option::is_some));
    }

    #[test]
    fn some_frames_come_twice_and_some_overtake() {
        let link = Impairment {
            duplicates: 0.1,
            overtaking: 0.1,
            ..Impairment::round_trip(100)
        };
        let mut lane = Lane::new(link, 5);
        send(&mut lane, 10_000);
        let Counters {
            duplicated,
            overtook,
            ..
        } = lane.counters();
        assert!((900..1100).contains(&duplicated), "{duplicated}");
        assert!((900..1100).contains(&overtook), "{overtook}");
    }
}
