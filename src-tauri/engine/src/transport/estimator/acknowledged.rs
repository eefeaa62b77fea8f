//! How fast our packets come out at the other end, and how fast the same packets went in.

use std::collections::VecDeque;
use std::time::Duration;

/// Arrivals remembered: a second at 4 Mbit/s in full packets; the oldest goes.
const CAPACITY: usize = 512;

/// Arrivals older than this, on the other side's clock, say nothing about now.
const MEMORY: i64 = 1_500_000;

/// One packet at both ends, in microseconds of each end's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    pub sent: i64,
    pub arrived: i64,
    /// With those of the packets just before it that no report spoke of.
    pub bytes: usize,
}

/// The rates of one stretch of packets, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Throughput {
    /// At which they arrived.
    pub out: f64,
    /// At which they had left.
    pub into: f64,
}

/// The latest arrivals.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    passages: VecDeque<Passage>,
}

impl Acknowledged {
    /// A packet arrived.
    pub fn push(&mut self, passage: Passage) {
        if self.passages.len() == CAPACITY {
            self.passages.pop_front();
        }
        self.passages.push_back(passage);
        while let Some(first) = self.passages.front()
            && (passage.arrived - first.arrived).abs() > MEMORY
        {
            self.passages.pop_front();
        }
    }

    /// The rates over the arrivals of the last `window`, or as much longer as `packets` take; `None`
    /// while there are fewer. What left before `since` does not count.
    pub fn rate(&self, window: Duration, packets: usize, since: i64) -> Option<Throughput> {
        let newest = self.passages.iter().map(|p| p.arrived).max()?;
        let window = window.as_micros() as i64;
        let (mut bytes, mut count) = (0, 0);
        let (mut first_sent, mut first_arrived) = (self.passages.back()?, self.passages.back()?);
        let mut last = (i64::MIN, i64::MIN);
        for passage in self.passages.iter().rev() {
            if passage.sent < since {
                continue;
            }
            if newest - passage.arrived > window && count >= packets {
                break;
            }
            bytes += passage.bytes;
            count += 1;
            if passage.sent <= first_sent.sent {
                first_sent = passage;
            }
            if passage.arrived <= first_arrived.arrived {
                first_arrived = passage;
            }
            last = (last.0.max(passage.sent), last.1.max(passage.arrived));
        }
        if count < packets.max(2) {
            return None;
        }
        // The first packet opens the stretch; the time before it is not part of it.
        let rate = |first: usize, from: i64, to: i64| {
            (bytes - first) as f64 * 8e6 / to.saturating_sub(from).max(1000) as f64
        };
        Some(Throughput {
            out: rate(first_arrived.bytes, first_arrived.arrived, last.1),
            into: rate(first_sent.bytes, first_sent.sent, last.0),
        })
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.passages.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(150);

    /// Packets of 1,000 bytes, leaving and arriving at two paces, in microseconds.
    fn filled(sent: i64, arrived: i64, count: i64) -> Acknowledged {
        let mut acknowledged = Acknowledged::default();
        for n in 0..count {
            acknowledged.push(Passage {
                sent: n * sent,
                arrived: 1_000_000 + n * arrived,
                bytes: 1000,
            });
        }
        acknowledged
    }

    #[test]
    fn what_comes_out_and_what_went_in_are_told_apart() {
        let rate = filled(4_000, 8_000, 100).rate(WINDOW, 6, i64::MIN);
        let expected = Throughput {
            out: 1e6,
            into: 2e6,
        };
        assert_eq!(rate, Some(expected));
    }

    #[test]
    fn too_few_packets_make_no_rate_and_older_ones_can_be_left_out() {
        let acknowledged = filled(4_000, 8_000, 100);
        assert_eq!(filled(4_000, 8_000, 5).rate(WINDOW, 6, i64::MIN), None);
        assert!(acknowledged.rate(WINDOW, 6, 94 * 4_000).is_some());
        assert_eq!(acknowledged.rate(WINDOW, 6, 95 * 4_000), None);
    }

    #[test]
    fn a_flood_is_bounded_and_a_clock_that_jumps_is_survived() {
        let mut acknowledged = filled(1, 1, 100_000);
        assert_eq!(acknowledged.passages.len(), CAPACITY);
        acknowledged.push(Passage {
            sent: 100_001,
            arrived: i64::MAX / 4,
            bytes: 1000,
        });
        assert_eq!(acknowledged.passages.len(), 1);
    }
}
