//! The rate itself: grows while the path is at ease, is cut to what comes through when a queue
//! builds, and lets that queue drain before it counts on the path again.
//!
//! Additive and multiplicative steps after draft-ietf-rmcat-gcc-02, section 5.5. Two things are our
//! own: the level of the queue, not only its growth, lowers what is sent (as RFC 8698 does), so that
//! no queue is left standing; and a queue that does not shrink although we send less is not ours,
//! which [`Rivalry`] finds out.

use std::time::{Duration, Instant};

use super::acknowledged::Throughput;
use super::rivalry::Rivalry;

/// What is kept of the measured capacity when a queue has built up (section 5.5 has 0.85 and drains by it;
/// here the queue is drained apart from it, so that less need be given up).
const BETA: f64 = 0.9;

/// One cut takes no more than this leaves: what was measured over a few packets may be chance, and the next
/// report can cut again.
const LEAST_CUT: f64 = 0.35;

/// Growth per second far from any known capacity (section 5.5: eta = 1.08 per second).
const FAST_GROWTH: f64 = 0.08;

/// Growth per second near the capacity that was last measured, as a share of it: slower than
/// section 5.5 (half a packet per response time), so that at 250 kbit/s a queue forms only every few seconds.
const SLOW_GROWTH: f64 = 0.04;

/// A capacity is near from this share of it, and was left behind beyond that one.
const NEAR: f64 = 0.8;
const BEYOND: f64 = 1.25;

/// Never more than this share of what comes through, plus a little: what was never sent proves
/// nothing (section 5.5: 1.5 times the received rate).
const UNPROVEN: f64 = 1.5;
const UNPROVEN_EXTRA: f64 = 10_000.0;

/// A queue above the empty level is to be gone in this time, by sending that much less.
const DRAIN_TIME: f64 = 600_000.0;
/// What goes on meanwhile: voice and a small picture.
const LEAST_DRAIN: f64 = 0.35;

/// A queue that lasts this long is what stands between too high a rate and its draining; then what comes
/// through is the capacity, and this share of it the rate.
const SETTLED: Duration = Duration::from_millis(1000);
const SETTLED_SHARE: f64 = 0.95;

/// At least this often the queue must have been empty, or nobody knows any more how long the way is without
/// one; else less is sent for a moment (as BBR does, draft-cardwell-iccrg-bbr-congestion-control, ProbeRTT).
const REFRESH_SHARE: f64 = 0.6;

/// Packets arrive this much more slowly than they left when a queue grows; less is noise.
const GROWING: f64 = 0.97;

/// What was measured lower than this share of the rate is believed without waiting for the effect of the last cut.
const PLUNGE: f64 = 0.75;

/// A step of time is never counted as longer.
const MAX_STEP: Duration = Duration::from_millis(250);

/// What comes through without a queue counts as carried up to this: a voice with its copies and a face. What was cut down to
/// less would take half a minute to grow back.
const CARRIED: f64 = 130_000.0;

/// What the estimator sees at one report. Rates in bits per second, queues in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub now: Instant,
    /// The wait on the way, where it counts as empty and where as congestion.
    pub queue: f64,
    pub low: f64,
    pub high: f64,
    /// Where it is a queue for certain, if it lasts.
    pub standing: f64,
    /// The way without a queue was not seen for long.
    pub stale: bool,
    /// The delay grows.
    pub growing: bool,
    /// Over the last few packets.
    pub throughput: Option<Throughput>,
    /// By how much chance alone may make the two differ, as a share.
    pub noise: f64,
    /// Over half a second.
    pub acknowledged: Option<f64>,
    /// When the newest packet spoken of had left.
    pub answered: Instant,
    /// With the queue.
    pub round_trip: Duration,
    /// The share of packets lost of late.
    pub loss: f64,
    /// A packet was lost since the last report.
    pub lost: bool,
    /// What it should not grow beyond.
    pub ceiling: f64,
}

/// What the path is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ease {
    /// No queue.
    Free,
    /// A queue that we let drain.
    Draining,
    /// A queue that grows.
    Congested,
    /// A queue that others keep full.
    Contested,
}

/// The delay-based rate.
#[derive(Debug)]
pub(super) struct Rate {
    target: f64,
    drain: f64,
    ease: Ease,
    /// Measured while a queue stood.
    capacity: Option<f64>,
    stepped: Instant,
    cut: Option<Instant>,
    /// Since when there is a queue, or since it was last concluded from.
    queued: Option<Instant>,
    /// Until when such a queue is drained in earnest.
    firm_until: Option<Instant>,
    rivalry: Rivalry,
}

impl Rate {
    /// Begins at a rate.
    pub fn new(start: f64, now: Instant) -> Self {
        Self {
            target: start,
            drain: 1.0,
            ease: Ease::Free,
            capacity: None,
            stepped: now,
            cut: None,
            queued: None,
            firm_until: None,
            rivalry: Rivalry::default(),
        }
    }

    /// What the path is believed to carry for us.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// What to send now: less than the target while a queue drains.
    pub fn sending(&self) -> f64 {
        self.target * self.drain
    }

    /// What the path is like.
    pub fn ease(&self) -> Ease {
        self.ease
    }

    /// What left since then is looked at by itself: less was sent on purpose.
    pub fn tested_since(&self) -> Option<Instant> {
        self.rivalry.tested_since()
    }

    /// When it was last cut.
    pub fn cut(&self) -> Option<Instant> {
        self.cut
    }

    /// A rate that was proven another way.
    pub fn set(&mut self, target: f64) {
        self.target = target;
        if self
            .capacity
            .is_some_and(|capacity| target > capacity * BEYOND)
        {
            self.capacity = None;
        }
    }

    /// Losses allow no more.
    pub fn keep_below(&mut self, most: f64) {
        self.target = self.target.min(most);
    }

    /// Another path: what was measured is void, what was sent a first guess.
    pub fn restart(&mut self, target: f64, now: Instant) {
        *self = Self::new(target, now);
    }

    /// Takes a report in. Tells whether what stands should count as no queue from now on.
    pub fn update(&mut self, seen: &Observed) -> bool {
        let step = seen
            .now
            .saturating_duration_since(self.stepped)
            .min(MAX_STEP)
            .as_secs_f64();
        self.stepped = self.stepped.max(seen.now);
        let longer_way = self
            .rivalry
            .watch(seen, self.target, self.firm(seen.now), step);
        if self.rivalry.contested() {
            self.ease = Ease::Contested;
            self.drain = self.rivalry.share(self.target, seen.now);
            self.target = self.rivalry.compete(seen, self.target, step);
            return false;
        }
        let congested = seen.queue > seen.high || (seen.growing && seen.queue > seen.low);
        if congested {
            self.ease = Ease::Congested;
            self.reduce(seen);
        } else if seen.queue > seen.low {
            self.ease = Ease::Draining;
        } else {
            self.ease = Ease::Free;
            self.firm_until = None;
            self.grow(seen, step);
        }
        self.settle(seen);
        let above = (seen.queue - seen.low).max(0.0);
        let least = seen.stale || self.firm(seen.now);
        let most = if least { REFRESH_SHARE } else { 1.0 };
        self.drain = (1.0 - above / DRAIN_TIME).max(LEAST_DRAIN).min(most);
        longer_way
    }

    fn firm(&self, now: Instant) -> bool {
        self.firm_until.is_some_and(|until| now < until)
    }

    /// A queue that stays although it is being drained shows what the path carries.
    fn settle(&mut self, seen: &Observed) {
        if seen.queue <= seen.standing {
            self.queued = None;
            return;
        }
        let since = *self.queued.get_or_insert(seen.now);
        if seen.now.saturating_duration_since(since) > SETTLED
            && let Some(rate) = seen.acknowledged
        {
            self.queued = Some(seen.now);
            self.firm_until = Some(seen.now + SETTLED);
            self.target = self
                .target
                .min((rate * SETTLED_SHARE).max(self.target * LEAST_CUT));
            self.capacity = Some(rate);
        }
    }

    fn reduce(&mut self, seen: &Observed) {
        let Some(passed) = seen.throughput else {
            return;
        };
        if passed.out >= passed.into * (GROWING - seen.noise) {
            return;
        }
        let rate = (passed.out * BETA).max(self.target * LEAST_CUT);
        let effective = self.cut.is_none_or(|cut| seen.answered > cut);
        if rate < self.target && (effective || rate < self.target * PLUNGE) {
            self.target = rate;
            self.capacity = Some(passed.out);
            self.cut = Some(seen.now);
            self.rivalry.cut(passed.out);
        }
    }

    fn grow(&mut self, seen: &Observed, step: f64) {
        if self
            .capacity
            .is_some_and(|capacity| self.target > capacity * BEYOND)
        {
            self.capacity = None;
        }
        let grown = match self.capacity {
            Some(capacity) if self.target > capacity * NEAR => {
                self.target + capacity * SLOW_GROWTH * step
            }
            _ => self.target * (1.0 + FAST_GROWTH * step),
        };
        let proven = seen
            .acknowledged
            .map_or(self.target, |rate| rate * UNPROVEN + UNPROVEN_EXTRA);
        let most = proven.min(seen.ceiling).max(self.target);
        // A voice never waits for an estimate: where it comes through without a queue, so much is carried, whatever was believed.
        let carried = seen.acknowledged.unwrap_or_default().min(seen.ceiling);
        self.target = grown.min(most).max(carried.min(CARRIED));
    }
}
