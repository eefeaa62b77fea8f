//! Whose queue it is.
//!
//! A queue of our own shrinks when we send less than the path carries: after sending at 60 % of it
//! for a second it must be 400 ms shorter. One that does not shrink is kept full by somebody who
//! fills every queue until packets drop, as most downloads do; who yields to it yields all. Then we
//! take our part the way that traffic does: growing slowly, stepping back when packets are lost, at
//! the pace that is fair to it. Copa (Arun and Balakrishnan, NSDI 2018) switches for the same reason.
//! A queue that neither shrinks nor moves is none: the way has become longer.

use std::time::{Duration, Instant};

use super::acknowledged::Throughput;
use super::rate::Observed;

/// By how much the queue must have failed to shrink: beyond errors of measurement and the time until
/// what we did shows. In microseconds.
const MARGIN: f64 = 250_000.0;

/// Sending less than this share of what came through relieves the queue; what is nearer to it may be an error.
const RELIEVED: f64 = 0.9;

/// What comes through in this time from the queue's beginning is what the path carried then.
const FIRST_TIME: Duration = Duration::from_millis(400);
/// Once what arrives was sent at less than this share of it, more must come out than went in, by this
/// factor: then the queue shrinks.
const SPARED: f64 = 0.7;
const SHRINKING: f64 = 1.2;
/// If it does not for so many seconds, the queue is not ours.
const EVIDENCE: f64 = 0.5;

/// A standing delay that moves less than this, plus the jitter's allowance, is a longer way.
const STILL: f64 = 10_000.0;

/// How far back the movement of the queue is looked at.
const MOVEMENT: Duration = Duration::from_millis(1000);

/// We begin with this share of what we had when the queue came: about half, as for two who share, and some
/// for what was given up until this was noticed.
const FIRST_SHARE: f64 = 0.55;

/// Stepping back on loss, and the growth per round trip in packets that makes that fair to Reno
/// (RFC 9438, section 4.3: 3 (1 - b) / (1 + b)).
const BETA: f64 = 0.85;
const GROWTH: f64 = 3.0 * (1.0 - BETA) / (1.0 + BETA) * 1200.0 * 8.0;

/// And never slower than this share of what we had per second: what a loss takes is regained in about
/// the four seconds that Cubic takes on such lines.
const REGAIN: f64 = 0.05;

/// Never less than this share of what we had.
const LEAST_SHARE: f64 = 0.45;

/// An empty queue for this long: whoever it was has gone.
const GONE: Duration = Duration::from_millis(1500);

/// Meanwhile it is tested every so often, and first after so long, whether the queue is ours after all: for a
/// moment half is sent, and if then more comes out than goes in, by this factor, it is.
const TEST_INTERVAL: Duration = Duration::from_secs(5);
const FIRST_TEST: Duration = Duration::from_millis(1000);
const TEST_TIME: Duration = Duration::from_millis(300);
const TEST_SHARE: f64 = 0.5;
const OURS: f64 = 1.4;
const TESTS: u32 = 2;

/// Others who fill a queue lose a few packets in a hundred by it; a larger share is lost by us alone.
const OUR_LOSS: f64 = 0.3;

/// Watches a queue from its first appearance on.
#[derive(Debug, Default)]
pub(super) struct Rivalry {
    watched: Option<Watched>,
    contested: Option<Contested>,
    /// What we had before a contest whose end was unclear.
    had: Option<f64>,
}

#[derive(Debug)]
struct Watched {
    /// What we had when the queue came.
    had: f64,
    /// What came through when the rate was last cut, before the cut showed.
    capacity: f64,
    since: Option<Instant>,
    /// The least that came through at first, when what we did could not show yet.
    first: f64,
    /// For how long less was sent than that, and still no more came out than went in; in seconds.
    evidence: f64,
    peak: f64,
    relief: f64,
    /// The least and the most wait of this and the last stretch of time.
    moved: (f64, f64),
    moved_before: (f64, f64),
    moved_since: Instant,
}

/// What came out and went in of the packets that left during a test.
#[derive(Debug)]
struct Test {
    begins: Instant,
    /// How often in a row it was found ours.
    times: u32,
    out: f64,
    into: f64,
}

#[derive(Debug)]
struct Contested {
    had: f64,
    /// What came through of late.
    passed: f64,
    stepped_back: Instant,
    empty_since: Option<Instant>,
    test: Test,
    fresh: bool,
}

impl Rivalry {
    /// Whether others keep the queue full.
    pub fn contested(&self) -> bool {
        self.contested.is_some()
    }

    /// Takes a report in. Tells whether the way has become longer. `firm`: a standing queue is being
    /// drained in earnest, however short it is.
    pub fn watch(&mut self, seen: &Observed, target: f64, firm: bool, step: f64) -> bool {
        if let Some(contested) = &mut self.contested {
            if contested.is_over(seen) {
                // Until the queue is seen empty, it may still be others'.
                self.had = Some(contested.had);
                self.contested = None;
                self.watched = None;
            }
            return false;
        }
        if seen.queue <= seen.low {
            // It was ours, for it is gone.
            self.watched = None;
            self.had = None;
            return false;
        }
        let Some(passed) = seen.throughput else {
            return false;
        };
        let before = self.had.unwrap_or(0.0);
        let watched = self.watched.get_or_insert(Watched {
            had: before.max(seen.acknowledged.unwrap_or(target).max(passed.out)),
            capacity: target.min(seen.acknowledged.unwrap_or(target)),
            since: None,
            first: f64::INFINITY,
            evidence: 0.0,
            peak: 0.0,
            relief: 0.0,
            moved: (seen.queue, seen.queue),
            moved_before: (seen.queue, seen.queue),
            moved_since: seen.now,
        });
        watched.peak = watched.peak.max(seen.queue);
        if seen.queue > seen.high || firm {
            watched.weigh(&passed, seen.now, step);
        }
        watched.moved.0 = watched.moved.0.min(seen.queue);
        watched.moved.1 = watched.moved.1.max(seen.queue);
        if seen.now.saturating_duration_since(watched.moved_since) > MOVEMENT {
            watched.moved_before = watched.moved;
            watched.moved = (seen.queue, seen.queue);
            watched.moved_since = seen.now;
        }
        let spared = RELIEVED - passed.into / watched.capacity.max(1.0);
        watched.relief = (watched.relief + spared * step * 1e6).max(0.0);
        if watched.relief <= watched.peak + MARGIN && watched.evidence <= EVIDENCE {
            return false;
        }
        let moved = watched.moved.1.max(watched.moved_before.1)
            - watched.moved.0.min(watched.moved_before.0);
        let had = watched.had;
        self.watched = None;
        if moved < STILL + seen.low / 2.0 {
            return true;
        }
        self.contested = Some(Contested {
            had,
            passed: passed.out,
            stepped_back: seen.now,
            empty_since: None,
            test: Test::at(seen.now + FIRST_TEST),
            fresh: true,
        });
        false
    }

    /// The share of the rate that is sent now: less during a test.
    pub fn share(&self, target: f64, now: Instant) -> f64 {
        let tested = self.contested.as_ref().filter(|c| c.test.runs(now));
        tested.map_or(1.0, |contested| {
            (TEST_SHARE * contested.passed / target.max(1.0)).min(TEST_SHARE)
        })
    }

    /// The rate was cut to what came through.
    pub fn cut(&mut self, capacity: f64) {
        if let Some(watched) = &mut self.watched {
            watched.capacity = capacity;
        }
    }

    /// The rate among others.
    pub fn compete(&mut self, seen: &Observed, target: f64, step: f64) -> f64 {
        let Some(contested) = &mut self.contested else {
            return target;
        };
        if let Some(passed) = seen.acknowledged
            && seen.answered < contested.test.begins
        {
            contested.passed = passed;
        }
        let mut rate = target;
        if std::mem::take(&mut contested.fresh) {
            rate = rate.max(contested.had * FIRST_SHARE);
        }
        let since = seen.now.saturating_duration_since(contested.stepped_back);
        if seen.lost && since > seen.round_trip {
            contested.stepped_back = seen.now;
            rate = (rate * BETA).max((contested.had * LEAST_SHARE).min(rate));
        } else {
            let round_trip = seen.round_trip.as_secs_f64().max(0.02);
            let fair = GROWTH / (round_trip * round_trip);
            let grown = rate + fair.max(contested.had * REGAIN) * step;
            rate = grown.min(seen.ceiling.max(rate));
        }
        rate
    }

    /// What left since then tells the outcome of a test that is under way.
    pub fn tested_since(&self) -> Option<Instant> {
        self.contested
            .as_ref()
            .map(|contested| contested.test.begins)
    }
}

impl Watched {
    /// Whether more comes out than goes in, now that less is sent.
    fn weigh(&mut self, passed: &Throughput, now: Instant, step: f64) {
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) < FIRST_TIME {
            self.first = self.first.min(passed.out);
        } else if passed.into < self.first * SPARED {
            let shrinking = passed.out > passed.into * SHRINKING;
            let weight = if shrinking { -2.0 } else { 1.0 };
            self.evidence = (self.evidence + weight * step).max(0.0);
        }
    }
}

impl Test {
    fn at(begins: Instant) -> Self {
        Self {
            begins,
            times: 0,
            out: 0.0,
            into: 0.0,
        }
    }

    fn runs(&self, now: Instant) -> bool {
        now >= self.begins && now < self.begins + TEST_TIME
    }

    /// Takes a report in. Tells whether the queue turned out to be ours.
    fn watch(&mut self, seen: &Observed) -> bool {
        if seen.answered < self.begins + TEST_TIME / 3 {
            return false;
        }
        if seen.answered <= self.begins + TEST_TIME {
            if let Some(passed) = seen.throughput {
                self.out += passed.out;
                self.into += passed.into;
            }
            return false;
        }
        let ours = self.out > self.into * OURS;
        // Others may have stepped back by chance just then: once is not enough.
        let (times, again) = if ours {
            (self.times + 1, TEST_TIME)
        } else {
            (0, TEST_INTERVAL)
        };
        *self = Self::at(seen.now + again);
        self.times = times;
        times >= TESTS
    }
}

impl Contested {
    fn is_over(&mut self, seen: &Observed) -> bool {
        if seen.queue > seen.low {
            self.empty_since = None;
        } else {
            let since = *self.empty_since.get_or_insert(seen.now);
            if seen.now.saturating_duration_since(since) > GONE {
                return true;
            }
        }
        self.test.watch(seen) || seen.loss > OUR_LOSS
    }
}
