//! What losses say about the rate.
//!
//! Lost packets alone prove nothing: many lines lose some at every rate. What counts is whether
//! more is lost when more is sent. So pairs of rate and loss are kept, and two explanations are
//! held against each other: "this path loses p of everything", and "it loses p, and all that goes
//! beyond the rate B". The second bounds the estimate when it is clearly the better one. The idea is
//! that of libwebrtc's second loss-based estimator; the model here is simpler and our own.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One observation lasts this long and holds so many packets, or longer until it does.
const OBSERVATION: Duration = Duration::from_millis(250);
const LEAST_PACKETS: u32 = 20;

/// Observations kept, the oldest goes: some ten seconds.
const CAPACITY: usize = 40;
/// And none older than this.
const MEMORY: Duration = Duration::from_secs(20);

/// An observation that lost more was no congestion: the path was away.
const OUTAGE: f64 = 0.9;

/// The bound must explain the losses e^6 times better than chance does, and the two losses must be
/// this far apart: below, nothing would be won by sending less.
const EVIDENCE: f64 = 6.0;
const LEAST_EXCESS: f64 = 0.04;

/// More loss than this on a path that was never seen at a lower rate is put to the test: for a
/// moment less is sent, and if then less is lost, there is a bound. Above what Wi-Fi and mobile
/// lines lose on their own, below what a call survives.
const SUSPICIOUS: f64 = 0.12;
/// The share sent during the test, and for how long.
const TEST_SHARE: f64 = 0.6;
const TEST_TIME: Duration = Duration::from_millis(700);
/// A path that passed is not tested again before.
const TEST_INTERVAL: Duration = Duration::from_secs(20);

/// What is kept below a bound that was found, and how fast it is lifted again, as a share per second:
/// the growth of draft-ietf-rmcat-gcc-02, section 5.5.
const MARGIN: f64 = 0.95;
const LIFT: f64 = 0.05;
/// How long it stays where it was found.
const HOLD: Duration = Duration::from_secs(3);

/// Follows the mean length of bursts.
const GAIN: f64 = 1.0 / 8.0;
/// The share of losses that is told is smoothed over so many observations, a second of them.
const SHARE_OF: f64 = 4.0;
/// What is assumed of bursts at first: on most lines losses come in company.
const BURST: f64 = 2.0;
/// So many observations must have lost more than the inherent share: one may be one long burst.
const WITNESSES: usize = 2;

#[derive(Clone, Copy, Debug)]
struct Observation {
    at: Instant,
    rate: f64,
    packets: f64,
    lost: f64,
}

#[derive(Clone, Copy, Debug)]
struct Gathering {
    began: Instant,
    bytes: usize,
    packets: u32,
    lost: u32,
    queued: bool,
}

/// Gathers what became of packets and bounds the rate.
#[derive(Debug)]
pub(super) struct LossBound {
    gathering: Option<Gathering>,
    observations: VecDeque<Observation>,
    /// Packets lost in a row, on average and just now.
    burst: f64,
    run: u32,
    share: f64,
    /// Observations that the share is the mean of, up to [`SHARE_OF`].
    shared: f64,
    bound: Option<(f64, Instant)>,
    tested: Option<Instant>,
}

impl Default for LossBound {
    fn default() -> Self {
        Self {
            gathering: None,
            observations: VecDeque::with_capacity(CAPACITY),
            burst: BURST,
            run: 0,
            share: 0.0,
            shared: 0.0,
            bound: None,
            tested: None,
        }
    }
}

impl LossBound {
    /// A packet that left at `sent` was lost, or was not. While a queue stands, losses are the
    /// queue's, and the delay answers them.
    pub fn settled(&mut self, sent: Instant, bytes: usize, lost: bool, queued: bool) {
        if lost {
            self.run += 1;
        } else if self.run > 0 {
            self.burst += (f64::from(self.run.min(20)) - self.burst) * GAIN;
            self.run = 0;
        }
        let mut now = *self.gathering.get_or_insert(Gathering {
            began: sent,
            bytes: 0,
            packets: 0,
            lost: 0,
            queued: false,
        });
        let lasted = sent.saturating_duration_since(now.began);
        if lasted >= OBSERVATION && now.packets >= LEAST_PACKETS {
            self.observe(now, lasted);
            now = Gathering {
                began: sent,
                bytes: 0,
                packets: 0,
                lost: 0,
                queued: false,
            };
        }
        now.bytes += bytes;
        now.packets += 1;
        now.lost += u32::from(lost);
        now.queued |= queued;
        self.gathering = Some(now);
    }

    fn observe(&mut self, gathered: Gathering, lasted: Duration) {
        let share = f64::from(gathered.lost) / f64::from(gathered.packets);
        if share > OUTAGE || lasted > OBSERVATION * 8 {
            return;
        }
        self.shared = (self.shared + 1.0).min(SHARE_OF);
        self.share += (share - self.share) / self.shared;
        if gathered.queued {
            return;
        }
        let at = gathered.began + lasted;
        while self
            .observations
            .front()
            .is_some_and(|old| at.saturating_duration_since(old.at) > MEMORY)
            || self.observations.len() == CAPACITY
        {
            self.observations.pop_front();
        }
        // Losses that come in bursts are fewer events than packets, and prove as much less.
        let events = self.burst.max(1.0);
        self.observations.push_back(Observation {
            at,
            rate: gathered.bytes as f64 * 8.0 / lasted.as_secs_f64(),
            packets: f64::from(gathered.packets) / events,
            lost: f64::from(gathered.lost) / events,
        });
        self.explain(at);
    }

    /// Holds the two explanations against each other.
    fn explain(&mut self, now: Instant) {
        let Some(newest) = self.observations.back().copied() else {
            return;
        };
        let lost: f64 = self.observations.iter().map(|o| o.lost).sum();
        let packets: f64 = self.observations.iter().map(|o| o.packets).sum();
        let everywhere = lost / packets.max(1.0);
        let by_chance = self.likelihood(everywhere, f64::INFINITY);
        let mut best: Option<(f64, f64)> = None;
        for candidate in &self.observations {
            // What came through at this rate may be all that comes through.
            let passed = candidate.rate * (1.0 - candidate.lost / candidate.packets);
            let (below_lost, below) = self
                .observations
                .iter()
                .filter(|o| o.rate <= passed)
                .fold((0.0, 0.0), |(l, p), o| (l + o.lost, p + o.packets));
            if below < f64::from(LEAST_PACKETS) / self.burst.max(1.0) {
                continue;
            }
            let inherent = below_lost / below;
            let bound = passed / (1.0 - inherent).max(0.1);
            let likelihood = self.likelihood(inherent, bound);
            let witnesses = self
                .observations
                .iter()
                .filter(|o| o.rate > bound && o.lost / o.packets > inherent + LEAST_EXCESS);
            if witnesses.count() < WITNESSES {
                continue;
            }
            if likelihood > best.map_or(by_chance + EVIDENCE, |(best, _)| best)
                && candidate.lost / candidate.packets > inherent + LEAST_EXCESS
            {
                best = Some((likelihood, bound));
            }
        }
        if let Some((_, bound)) = best
            && newest.rate > bound * MARGIN
            && newest.lost / newest.packets > LEAST_EXCESS / 2.0
        {
            self.bound = Some((bound * MARGIN, now));
        }
    }

    /// The logarithm of how likely the observations are, for a path that loses `inherent` of all and
    /// what is beyond `bound`.
    fn likelihood(&self, inherent: f64, bound: f64) -> f64 {
        self.observations
            .iter()
            .map(|o| {
                let through = (1.0 - inherent) * (bound / o.rate.max(1.0)).min(1.0);
                let p = (1.0 - through).clamp(0.002, 0.998);
                o.lost * p.ln() + (o.packets - o.lost) * (1.0 - p).ln()
            })
            .sum()
    }

    /// The most that should be sent; lifted slowly, because the line may have become better.
    pub fn bound(&mut self, target: f64, now: Instant) -> f64 {
        let mut most = f64::INFINITY;
        if let Some((bound, found)) = self.bound {
            let held = now.saturating_duration_since(found + HOLD).as_secs_f64();
            let lifted = bound * (1.0 + LIFT * held);
            if lifted > target * 1.5 || held > 60.0 {
                self.bound = None;
            } else {
                most = lifted;
            }
        }
        let known_lower = self.observations.iter().any(|o| o.rate < target * 0.75);
        if self.share > SUSPICIOUS
            && !known_lower
            && self.observations.len() >= 4
            && self
                .tested
                .is_none_or(|then| now.saturating_duration_since(then) > TEST_INTERVAL)
        {
            self.tested = Some(now);
        }
        most
    }

    /// The share that is sent: less while it is tested what losses follow.
    pub fn tested_share(&self, now: Instant) -> f64 {
        let testing = self
            .tested
            .is_some_and(|then| now.saturating_duration_since(then) < TEST_TIME);
        if testing { TEST_SHARE } else { 1.0 }
    }

    /// The share of packets lost of late.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Another path.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::simulator::Random;

    /// Sends at each rate (kbit/s) for two seconds through something that loses.
    fn run(rates: &[f64], loss: impl Fn(f64) -> f64) -> (LossBound, Instant) {
        let (mut bound, mut now) = (LossBound::default(), Instant::now());
        let mut random = Random::new(1);
        for rate in rates {
            let gap = Duration::from_secs_f64(1000.0 * 8.0 / (rate * 1000.0));
            let end = now + Duration::from_secs(2);
            while now < end {
                bound.settled(now, 1000, random.chance(loss(*rate)), false);
                now += gap;
            }
        }
        (bound, now)
    }

    #[test]
    fn a_path_that_loses_the_same_at_every_rate_is_not_bounded() {
        for share in [0.05, 0.1, 0.2] {
            let (mut bound, now) = run(&[500.0, 1000.0, 2000.0, 1500.0, 2500.0], |_| share);
            assert_eq!(bound.bound(2500e3, now), f64::INFINITY, "{share}");
        }
    }

    #[test]
    fn a_line_that_drops_what_is_too_much_is_bounded_near_its_rate() {
        for inherent in [0.0, 0.05] {
            let loss = |rate: f64| 1.0 - (1.0 - inherent) * (1000.0 / rate).min(1.0);
            let (mut bound, now) = run(&[500.0, 700.0, 900.0, 1100.0, 1300.0, 1500.0], loss);
            let found = bound.bound(1500e3, now) / 1000.0;
            assert!((800.0..1100.0).contains(&found), "{found} with {inherent}");
        }
    }

    #[test]
    fn a_lot_of_loss_at_one_rate_is_put_to_the_test() {
        let loss = |rate: f64| 1.0 - (1000.0 / rate).min(1.0);
        let (mut bound, now) = run(&[2000.0], loss);
        assert_eq!(bound.bound(2000e3, now), f64::INFINITY);
        assert_eq!(bound.tested_share(now), TEST_SHARE);
        assert_eq!(bound.tested_share(now + TEST_TIME), 1.0);
    }

    #[test]
    fn a_path_that_was_away_is_not_taken_for_a_narrow_one() {
        let (mut bound, mut now) = run(&[1000.0, 1500.0], |_| 0.0);
        for _ in 0..400 {
            bound.settled(now, 1000, true, false);
            now += Duration::from_millis(8);
        }
        for _ in 0..400 {
            bound.settled(now, 1000, false, false);
            now += Duration::from_millis(8);
        }
        assert_eq!(bound.bound(1500e3, now), f64::INFINITY);
    }
}
