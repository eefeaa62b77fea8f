//! What our own line carries, upwards or downwards, when several connections go over it.
//!
//! Each connection has an estimate of its own, and none knows that the others fill the same queue: whoever comes first holds
//! it, the next gives way, and they change places. Only we see all of them. When all of them wait or lose much at the same
//! time it is our line that is full: what arrives of all together is what it carries, and those with a picture get equal
//! parts of it. The idea is that of coupled congestion control (RFC 8699). Pure.

use std::time::{Duration, Instant};

use crate::transport::bitrate::Bitrate;

/// A queue this long is one that all of them make: each alone would have yielded at 70 ms (the estimator's `HIGH`).
const LONG: Duration = Duration::from_millis(90);

/// A connection that loses this share loses much: Wi-Fi and mobile lines lose less by themselves.
const MUCH: f32 = 0.1;

/// For so long must that last: a keyframe passes in less.
const STANDS: Duration = Duration::from_millis(400);

/// What is given away of what arrived, so that the queue drains.
const KEPT: f64 = 0.95;

/// A bound that was found is not lowered again before its effect must have shown: a round trip or two, and the queue.
const SETTLES: Duration = Duration::from_millis(1500);

/// No part is smaller than a voice and the least face take: with less, each estimate decides for itself whether there is one.
const LEAST: Bitrate = Bitrate::from_kbps(115);

/// While it stays so, only this share of the bound, or less, tells of a line that carries less now. What is given away and
/// what such a line loses by itself leave more.
const CARRIES_LESS: f64 = 0.7;

/// For so long it then stays: most lines carry what they did.
const HOLD: Duration = Duration::from_secs(6);

/// How fast it is lifted afterwards, as a share per second: as an estimate grows (draft-ietf-rmcat-gcc-02, section 5.5).
const LIFT: f64 = 0.08;

/// A bound that was lifted this far, to a whole picture of 720 rows, is forgotten: their own estimates do from there on.
const WIDE: Bitrate = Bitrate::from_kbps(2_000);

/// How one connection does in this direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// What arrives, headers included.
    pub arrived: Bitrate,
    /// How long it waits in queues; none while that can't be told.
    pub queue: Option<Duration>,
    /// The share that was lost of late.
    pub loss: f32,
    /// Whether there is, or should be, a picture in it.
    pub picture: bool,
}

/// Bounds what each connection with a picture may carry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SharedLine {
    full: Option<Full>,
    bound: Option<Bound>,
}

/// A time in which the line is full.
#[derive(Clone, Copy, Debug)]
struct Full {
    since: Instant,
    /// A bound was sought for it.
    bounded: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bound {
    rate: Bitrate,
    found: Instant,
    lifted: Instant,
}

impl SharedLine {
    /// Takes in how everything arrives now.
    pub fn observe(&mut self, flows: &[Flow], now: Instant) {
        self.bound = self.bound.and_then(|bound| bound.lifted(now));
        if !is_full(flows) {
            self.full = None;
            return;
        }
        let full = self.full.get_or_insert(Full {
            since: now,
            bounded: false,
        });
        let settled = self.bound.is_none_or(|bound| now - bound.found >= SETTLES);
        if now - full.since < STANDS || !settled {
            return;
        }
        let each = equal_part(flows);
        let lower = match self.bound {
            // The queue that stays is somebody else's, unless much less arrives than was left to them: then the line
            // carries less than it did.
            Some(bound) if full.bounded => each < bound.rate * CARRIES_LESS,
            Some(bound) => each < bound.rate,
            None => true,
        };
        full.bounded = true;
        if lower {
            self.bound = Some(Bound {
                rate: each,
                found: now,
                lifted: now,
            });
        }
    }

    /// What each connection with a picture may carry at most, everything together.
    pub fn bound(&self) -> Option<Bitrate> {
        self.bound.map(|bound| bound.rate)
    }
}

/// Whether there are pictures in several of them, and all that tell anything are held up.
fn is_full(flows: &[Flow]) -> bool {
    let held_up = |flow: &Flow| {
        let waits = flow.queue.map(|queue| queue >= LONG);
        if flow.loss > MUCH { Some(true) } else { waits }
    };
    let mut known = flows.iter().filter_map(held_up).peekable();
    let shared = flows.iter().filter(|flow| flow.picture).count() > 1;
    shared && known.peek().is_some() && known.all(|held_up| held_up)
}

/// What of all that arrives is left to each connection with a picture.
fn equal_part(flows: &[Flow]) -> Bitrate {
    let pictures = flows.iter().filter(|flow| flow.picture).count().max(1);
    let sum = |picture| {
        let flows = flows.iter().filter(|flow| flow.picture == picture);
        flows.map(|flow| flow.arrived).sum::<Bitrate>()
    };
    let (with, without): (Bitrate, Bitrate) = (sum(true), sum(false));
    let left = ((with + without) * KEPT).saturating_sub(without);
    Bitrate::from_bps(left.bps() / pictures as u64).max(LEAST)
}

impl Bound {
    fn lifted(self, now: Instant) -> Option<Self> {
        let since = self.lifted.max(self.found + HOLD);
        let time = now.saturating_duration_since(since).as_secs_f64();
        let rate = self.rate * (1.0 + LIFT * time);
        (rate < WIDE).then_some(Self {
            rate,
            lifted: now,
            ..self
        })
    }
}

#[cfg(test)]
mod tests;
