//! What our own line carries upwards, when several connections go over it.
//!
//! Each connection estimates for itself, and none knows that the others fill the same queue. When all of them lose much at
//! the same time it is our line that overflows: what arrives of all of them together is what it carries, and each has an
//! equal part of that. The idea is that of coupled congestion control (RFC 8699). Pure.

use std::time::{Duration, Instant};

use crate::transport::bitrate::Bitrate;

/// A connection that loses this share loses much: Wi-Fi and mobile lines lose less by themselves.
const MUCH: f32 = 0.1;

/// What is kept of what arrived, so that the queue drains.
const KEPT: f64 = 0.85;

/// A bound that was found is not lowered again before its effect must have shown.
const SETTLES: Duration = Duration::from_millis(1500);

/// How fast it is lifted afterwards, as a share per second: the growth of draft-ietf-rmcat-gcc-02, section 5.5.
const LIFT: f64 = 0.08;

/// A bound that has been lifted this far, to a whole picture of 720 rows, is forgotten: the connections' own estimates do from there on.
const WIDE: Bitrate = Bitrate::from_kbps(2_000);

/// What one connection tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// What arrives there.
    pub acknowledged: Bitrate,
    /// The share that was lost of late.
    pub loss: f32,
}

/// Bounds what each connection may be sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uplink {
    /// For each, when it was found, and when it was last lifted.
    bound: Option<(Bitrate, Instant, Instant)>,
}

impl Uplink {
    /// Takes in how all the connections are doing now.
    pub fn observe(&mut self, flows: &[Flow], now: Instant) {
        if let Some((bound, found, lifted)) = self.bound {
            let grown = bound * (1.0 + LIFT * (now - lifted).as_secs_f64());
            self.bound = (grown < WIDE).then_some((grown, found, now));
        }
        let settled = self
            .bound
            .is_none_or(|(_, found, _)| now - found >= SETTLES);
        let overflows = flows.len() > 1 && flows.iter().all(|flow| flow.loss > MUCH);
        if settled && overflows {
            let arrived: u64 = flows.iter().map(|flow| flow.acknowledged.bps()).sum();
            let each = Bitrate::from_bps(arrived / flows.len() as u64) * KEPT;
            let each = self.bound.map_or(each, |(bound, ..)| bound.min(each));
            self.bound = Some((each, now, now));
        }
    }

    /// What one connection may be sent at most.
    pub fn bound(&self) -> Option<Bitrate> {
        self.bound.map(|(bound, ..)| bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(kbps: u64, loss: f32) -> Flow {
        Flow {
            acknowledged: Bitrate::from_kbps(kbps),
            loss,
        }
    }

    #[test]
    fn what_arrives_of_all_together_is_shared_when_all_lose_much() {
        let (mut uplink, now) = (Uplink::default(), Instant::now());
        uplink.observe(&[flow(200, 0.3), flow(40, 0.2)], now);
        assert_eq!(uplink.bound(), Some(Bitrate::from_kbps(102)));
        // The effect must have shown first.
        uplink.observe(&[flow(100, 0.3), flow(40, 0.2)], now + SETTLES / 2);
        assert!(uplink.bound() >= Some(Bitrate::from_kbps(102)));
        uplink.observe(&[flow(100, 0.3), flow(40, 0.2)], now + SETTLES);
        assert!(uplink.bound() < Some(Bitrate::from_kbps(61)));
    }

    #[test]
    fn it_is_lifted_until_it_is_of_no_use() {
        let (mut uplink, now) = (Uplink::default(), Instant::now());
        uplink.observe(&[flow(150, 0.3), flow(150, 0.3)], now);
        let mut at = now;
        for _ in 0..100 {
            at += Duration::from_millis(100);
            uplink.observe(&[flow(150, 0.0), flow(150, 0.0)], at);
        }
        let bound = uplink.bound().expect("still one");
        assert!((260..300).contains(&(bound.bps() / 1000)), "{bound}");
        for _ in 0..600 {
            at += Duration::from_millis(100);
            uplink.observe(&[flow(150, 0.0), flow(150, 0.0)], at);
        }
        assert_eq!(uplink.bound(), None);
    }

    #[test]
    fn one_lossy_way_among_good_ones_and_a_single_way_are_not_our_line() {
        let (mut uplink, now) = (Uplink::default(), Instant::now());
        uplink.observe(&[flow(150, 0.5), flow(900, 0.01)], now);
        uplink.observe(&[flow(150, 0.5)], now);
        uplink.observe(&[], now);
        assert_eq!(uplink.bound(), None);
    }
}
