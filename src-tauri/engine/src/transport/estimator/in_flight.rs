//! What was sent and not yet spoken of, in the order it was sent.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::probe::ProbeId;

/// Packets remembered; the oldest goes. 8,192 are half a minute at 2 Mbit/s, and far fewer than
/// 32,768, from where a 16-bit number could mean two packets.
const CAPACITY: usize = 8192;

/// A packet named as missing counts as lost once the other side speaks of packets sent this much
/// later: until then it may only have been overtaken (RFC 8985, section 6.2, allows a quarter of a round trip).
const REORDERING: Duration = Duration::from_millis(100);

/// Added to the first number, so that one reported from before it is no underflow.
const FIRST_COUNT: u64 = 1 << 16;

/// What is known about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing was said, or the report that did was lost.
    Unknown,
    /// Named as missing.
    Missing,
    /// Arrived.
    Arrived,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    number: u64,
    pub at: Instant,
    pub bytes: usize,
    pub probe: Option<ProbeId>,
    pub fate: Fate,
    /// Bytes of the packets just before it that no report spoke of, because one was lost.
    pub unspoken: usize,
}

/// The packets that left, and what became of them.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    packets: VecDeque<Sent>,
    /// Packets at the front whose fate has been told.
    settled: usize,
    /// When the newest packet that arrived had left.
    acknowledged: Option<Instant>,
    /// The highest number that a report spoke of.
    spoken: Option<u64>,
}

impl InFlight {
    /// A packet leaves. A number that does not follow the last starts a new count.
    pub fn sent(&mut self, number: u16, bytes: usize, probe: Option<ProbeId>, now: Instant) {
        let ahead = self
            .packets
            .back()
            .map_or(0, |last| number.wrapping_sub(last.number as u16));
        let follows = (1..u16::MAX / 2).contains(&ahead);
        if !follows || self.packets.back().is_some_and(|last| now < last.at) {
            self.clear();
        }
        let number = match self.packets.back() {
            Some(last) => last.number + u64::from(ahead),
            None => FIRST_COUNT + u64::from(number),
        };
        if self.packets.len() == CAPACITY {
            self.packets.pop_front();
            self.settled = self.settled.saturating_sub(1);
        }
        self.packets.push_back(Sent {
            number,
            at: now,
            bytes,
            probe,
            fate: Fate::Unknown,
            unspoken: 0,
        });
    }

    /// The other side speaks of a packet. Tells it when it is the first time that it arrived.
    pub fn report(&mut self, number: u16, arrived: bool) -> Option<Sent> {
        let last = self.packets.back()?.number;
        let number = last.checked_sub(u64::from((last as u16).wrapping_sub(number)))?;
        let index = self
            .packets
            .binary_search_by_key(&number, |sent| sent.number)
            .ok()?;
        let unspoken = self.unspoken_before(index);
        let packet = &mut self.packets[index];
        if packet.fate == Fate::Arrived {
            return None;
        }
        if !arrived {
            packet.fate = Fate::Missing;
            return None;
        }
        packet.fate = Fate::Arrived;
        packet.unspoken = unspoken;
        let packet = *packet;
        self.acknowledged = self.acknowledged.max(Some(packet.at));
        Some(packet)
    }

    /// What lies between this packet and the last that any report spoke of.
    fn unspoken_before(&mut self, index: usize) -> usize {
        let number = self.packets[index].number;
        let spoken = self
            .spoken
            .replace(self.spoken.unwrap_or(number).max(number));
        let unspoken = self
            .packets
            .range(..index)
            .rev()
            .take_while(|packet| spoken.is_some_and(|spoken| packet.number > spoken));
        unspoken.map(|packet| packet.bytes).sum()
    }

    /// The next packet whose fate will not change any more.
    pub fn settle(&mut self) -> Option<Sent> {
        let packet = *self.packets.get(self.settled)?;
        let horizon = self.acknowledged?.checked_sub(REORDERING)?;
        (packet.at < horizon).then(|| {
            self.settled += 1;
            packet
        })
    }

    /// When the newest packet that is known to have arrived had left.
    pub fn acknowledged(&self) -> Option<Instant> {
        self.acknowledged
    }

    /// When the oldest packet left that is newer than all that is known to have arrived.
    pub fn unanswered_since(&self) -> Option<Instant> {
        let after = |at: Instant| {
            self.acknowledged
                .is_none_or(|acknowledged| at > acknowledged)
        };
        let first = self.packets.partition_point(|packet| !after(packet.at));
        self.packets.get(first).map(|packet| packet.at)
    }

    /// Forgets all of it: the numbers start anew, or the path is another one.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.settled = 0;
        self.acknowledged = None;
        self.spoken = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn filled(first: u16, count: u16) -> (InFlight, Instant) {
        let (mut flight, start) = (InFlight::default(), Instant::now());
        for n in 0..count {
            flight.sent(first.wrapping_add(n), 100, None, start + u32::from(n) * MS);
        }
        (flight, start)
    }

    #[test]
    fn packets_are_found_across_the_wrap_of_their_number() {
        let (mut flight, start) = filled(65_530, 20);
        assert_eq!(
            flight.report(65_535, true).map(|p| p.at),
            Some(start + 5 * MS)
        );
        assert_eq!(flight.report(3, true).map(|p| p.at), Some(start + 9 * MS));
        assert!(flight.report(3, true).is_none(), "told twice, counted once");
        assert!(flight.report(500, true).is_none(), "never sent");
    }

    #[test]
    fn a_missing_packet_that_turns_up_in_time_was_only_late() {
        let (mut flight, _) = filled(0, 300);
        assert!(flight.report(0, false).is_none());
        assert!(flight.report(1, false).is_none());
        flight.report(99, true);
        assert!(flight.settle().is_none(), "it may still come");
        assert!(flight.report(0, true).is_some());
        flight.report(200, true);
        assert_eq!(flight.settle().map(|p| p.fate), Some(Fate::Arrived));
        assert_eq!(flight.settle().map(|p| p.fate), Some(Fate::Missing));
        assert_eq!(flight.settle().map(|p| p.fate), Some(Fate::Unknown));
    }

    #[test]
    fn numbers_that_start_anew_and_floods_are_survived_in_bounded_memory() {
        let (mut flight, start) = filled(100, 50);
        flight.sent(7, 100, None, start + 60 * MS);
        assert_eq!(flight.packets.len(), 1);
        for n in 0..100_000u32 {
            flight.sent((n as u16).wrapping_add(8), 100, None, start + (61 + n) * MS);
        }
        assert_eq!(flight.packets.len(), CAPACITY);
        assert!(flight.report((100_000u32 + 7) as u16, true).is_some());
    }
}
