//! The packets that have not come, and when to ask for them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// A packet overtaken by this many others is lost rather than late.
const REORDER_PACKETS: u64 = 3;

/// A packet overtaken for this long is lost rather than late: networks reorder within a burst.
const REORDER_TIME: Duration = Duration::from_millis(8);

/// Until a retransmission has shown how long one takes, ask again after this.
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// Bounds on asking again: not within one burst, and several times within the patience for a gap.
const RETRY: Range<Duration> = Duration::from_millis(20)..Duration::from_millis(150);

/// Most requests for one packet.
const MAX_REQUESTS: u32 = 8;

/// Most numbers in one request: 17 of RFC 4585's generic NACK items hold at least this many.
const MAX_BATCH: usize = 64;

struct Missing {
    since: Instant,
    asked: Option<Instant>,
    requests: u32,
}

/// The list of missing packets; bounded by the largest step between two packets and by the time that
/// a gap is waited for.
#[derive(Default)]
pub struct MissingPackets {
    packets: BTreeMap<u64, Missing>,
    /// How long a retransmission takes, smoothed.
    recovery: Option<Duration>,
}

impl MissingPackets {
    /// These were skipped.
    pub fn add(&mut self, numbers: Range<u64>, now: Instant) {
        for number in numbers {
            let missing = Missing {
                since: now,
                asked: None,
                requests: 0,
            };
            self.packets.insert(number, missing);
        }
    }

    /// This one came. True when it had been asked for.
    pub fn arrived(&mut self, number: u64, now: Instant) -> bool {
        let Some(missing) = self.packets.remove(&number) else {
            return false;
        };
        let Some(asked) = missing.asked else {
            return false;
        };
        // Which of several requests was answered is unknown (Karn's rule).
        if missing.requests == 1 {
            let sample = now.saturating_duration_since(asked);
            self.recovery = Some(match self.recovery {
                Some(smoothed) => (smoothed * 7 + sample) / 8,
                None => sample,
            });
        }
        true
    }

    /// Those to ask for now, marked as asked for.
    pub fn due(&mut self, highest: u64, now: Instant) -> Vec<u16> {
        let retry = self.retry_interval();
        let mut due = Vec::new();
        for (&number, missing) in &mut self.packets {
            let wanted = match missing.asked {
                None => {
                    highest - number.min(highest) >= REORDER_PACKETS
                        || now >= missing.since + REORDER_TIME
                }
                Some(asked) => missing.requests < MAX_REQUESTS && now >= asked + retry,
            };
            if wanted && due.len() < MAX_BATCH {
                missing.asked = Some(now);
                missing.requests += 1;
                due.push(number as u16);
            }
        }
        due
    }

    /// When `due` will next have something.
    pub fn next_due(&self) -> Option<Instant> {
        let retry = self.retry_interval();
        self.packets
            .values()
            .filter_map(|missing| match missing.asked {
                None => Some(missing.since + REORDER_TIME),
                Some(asked) => (missing.requests < MAX_REQUESTS).then_some(asked + retry),
            })
            .min()
    }

    /// Since when the oldest is missing.
    pub fn oldest(&self) -> Option<Instant> {
        self.packets.values().next().map(|missing| missing.since)
    }

    /// How long the oldest has been missing.
    pub fn oldest_age(&self, now: Instant) -> Option<Duration> {
        self.oldest()
            .map(|since| now.saturating_duration_since(since))
    }

    /// Nothing before this number is wanted any more.
    pub fn give_up_before(&mut self, number: u64) {
        self.packets = self.packets.split_off(&number);
    }

    /// Nothing is wanted any more.
    pub fn clear(&mut self) {
        self.packets.clear();
    }

    fn retry_interval(&self) -> Duration {
        self.recovery
            .map_or(FIRST_RETRY, |smoothed| smoothed * 3 / 2)
            .clamp(RETRY.start, RETRY.end)
    }
}
