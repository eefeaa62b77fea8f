//! What the other side wants to be sent again, in the order in which it asked.
//!
//! Bounded by number and by age; how often a packet may be repeated, and what share of the line all
//! that takes, is for [`History`] and the pacer. When many packets are lost, so are repairs: then each
//! is sent two or three times, because waiting for the next request costs a whole round trip.
//!
//! Pure; the pump drives it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::transport::history::{History, Repeated, SentPacket};
use crate::transport::pacer::MAX_WAIT;

/// Packets that may wait to be sent once more; when more are missed, a keyframe is the better
/// answer. The newest is refused.
const MAX_ASKED: usize = 512;

/// From these shares of losses on a repair is sent two and three times: one that is lost makes a
/// picture wait for another round trip, and at a tenth that would be twice a second.
const TWICE_FROM: f32 = 0.02;
const THRICE_FROM: f32 = 0.06;

/// Copies that follow one that was itself lost, whatever is known of losses: in a call's first half second that is nothing.
const AFTER_A_LOST_ONE: u8 = 2;

/// Each copy leaves this much after the one before: losses come in bursts of some milliseconds.
const COPY_AFTER: Duration = Duration::from_millis(6);

/// The same packet is not sent again sooner, however short the round trip is measured.
const REPEAT: std::ops::Range<Duration> = Duration::from_millis(20)..Duration::from_millis(250);

/// One packet to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// As it was sent before.
    pub packet: SentPacket,
    /// It is sent more than once, and this is not the first time: if nothing more is lost, the other
    /// side has it already.
    pub copy: bool,
    /// An earlier repair of the same packet was lost.
    again: bool,
}

/// The repairs of one stream.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    asked: VecDeque<(u16, Instant)>,
    /// In the order in which they are due, with how many are to follow each.
    copies: VecDeque<(Repair, u8, Instant)>,
    ready: Option<(Repair, u8, Instant)>,
}

impl Repairs {
    /// The other side asks for these.
    pub fn ask(&mut self, sequences: impl IntoIterator<Item = u16>, now: Instant) {
        let room = MAX_ASKED - self.asked.len().min(MAX_ASKED);
        let asked = sequences.into_iter().take(room);
        self.asked.extend(asked.map(|sequence| (sequence, now)));
    }

    /// The size of the next repair, if there is one.
    pub fn size(
        &mut self,
        history: &mut History,
        round_trip: Option<Duration>,
        now: Instant,
    ) -> Option<usize> {
        let stale = |since: Instant| now.saturating_duration_since(since) > MAX_WAIT;
        self.ready = self.ready.take_if(|(_, _, since)| !stale(*since));
        if self.ready.is_none() {
            self.ready = self.prepare(history, round_trip, now);
        }
        self.ready
            .as_ref()
            .map(|(repair, _, _)| repair.packet.payload.len())
    }

    /// The repair whose size was asked for. When `loss` is high there will be copies of it.
    pub fn pop(&mut self, loss: f32, now: Instant) -> Option<Repair> {
        let (repair, follow, _) = self.ready.take()?;
        let follow = match repair.copy {
            true => follow,
            false => follow.max(copies(loss)),
        };
        if follow > 0 && self.copies.len() < MAX_ASKED {
            let copy = Repair {
                copy: true,
                ..repair.clone()
            };
            self.copies.push_back((copy, follow - 1, now + COPY_AFTER));
        }
        Some(repair)
    }

    /// When the next copy is due; while a repair is ready, it is the pacer that is waited for.
    pub fn deadline(&self) -> Option<Instant> {
        let free = self.ready.is_none();
        self.next_copy().filter(|_| free)
    }

    fn next_copy(&self) -> Option<Instant> {
        self.copies.front().map(|(_, _, due)| *due)
    }

    fn prepare(
        &mut self,
        history: &mut History,
        round_trip: Option<Duration>,
        now: Instant,
    ) -> Option<(Repair, u8, Instant)> {
        // Asked for again within one round trip is asked for once: the repair was under way.
        let interval = round_trip.unwrap_or_default() * 3 / 4;
        let interval = interval.clamp(REPEAT.start, REPEAT.end);
        while let Some((sequence, asked)) = self.asked.pop_front() {
            if now.saturating_duration_since(asked) > MAX_WAIT {
                continue;
            }
            if let Some(Repeated { packet, again }) = history.repeat(sequence, interval, now) {
                let repair = Repair {
                    packet,
                    copy: false,
                    again,
                };
                let follow = match again {
                    true => AFTER_A_LOST_ONE,
                    false => copies(history.early_loss()),
                };
                return Some((repair, follow, now));
            }
        }
        while self.next_copy().is_some_and(|due| due <= now) {
            let Some((copy, follow, _)) = self.copies.pop_front() else {
                break;
            };
            if history.copy(copy.packet.payload.len(), copy.again, now) {
                return Some((copy, follow, now));
            }
        }
        None
    }
}

/// How many follow a repair where this share of packets is lost.
fn copies(loss: f32) -> u8 {
    u8::from(loss >= TWICE_FROM) + u8::from(loss >= THRICE_FROM)
}

#[cfg(test)]
mod scenarios;

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const MS: Duration = Duration::from_millis(1);

    /// So many packets that requests say nothing about losses any more.
    const LATER: u16 = 100;

    fn sent(sequences: std::ops::Range<u16>, now: Instant) -> History {
        let mut history = History::default();
        for sequence in sequences {
            let packet = SentPacket {
                sequence,
                timestamp: 0,
                marker: false,
                payload: Bytes::from(vec![7; 100]),
            };
            history.record(packet, now);
        }
        history
    }

    fn next(repairs: &mut Repairs, history: &mut History, loss: f32, now: Instant) -> Option<u16> {
        repairs.size(history, Some(40 * MS), now)?;
        repairs.pop(loss, now).map(|repair| repair.packet.sequence)
    }

    #[test]
    fn packets_are_repeated_in_the_order_in_which_they_were_asked_for() {
        let now = Instant::now();
        let (mut repairs, mut history) = (Repairs::default(), sent(0..LATER, now));
        repairs.ask([3, 5, 777], now);
        assert_eq!(repairs.size(&mut history, None, now), Some(100));
        assert_eq!(next(&mut repairs, &mut history, 0.0, now), Some(3));
        assert_eq!(next(&mut repairs, &mut history, 0.0, now), Some(5));
        assert_eq!(next(&mut repairs, &mut history, 0.0, now), None);
        assert_eq!(repairs.deadline(), None);
    }

    #[test]
    fn one_that_is_asked_for_twice_in_a_round_trip_is_repeated_once() {
        let now = Instant::now();
        let (mut repairs, mut history) = (Repairs::default(), sent(0..LATER, now));
        repairs.ask([3, 3], now);
        assert_eq!(next(&mut repairs, &mut history, 0.0, now), Some(3));
        assert_eq!(next(&mut repairs, &mut history, 0.0, now), None);
        repairs.ask([3], now + 30 * MS);
        let later = next(&mut repairs, &mut history, 0.0, now + 30 * MS);
        assert_eq!(later, Some(3));
    }

    /// How often a packet is sent that is asked for now.
    fn sent_times(
        repairs: &mut Repairs,
        history: &mut History,
        loss: f32,
        mut now: Instant,
    ) -> u32 {
        repairs.ask([3], now);
        let mut times = 0;
        loop {
            assert_eq!(next(repairs, history, loss, now), Some(3));
            assert_eq!(next(repairs, history, loss, now), None);
            times += 1;
            let Some(due) = repairs.deadline() else {
                return times;
            };
            assert!(due > now);
            now = due;
        }
    }

    #[test]
    fn where_much_is_lost_a_repair_is_sent_more_than_once() {
        for (loss, expected) in [(0.01, 1), (0.03, 2), (0.1, 3)] {
            let now = Instant::now();
            let (mut repairs, mut history) = (Repairs::default(), sent(0..LATER, now));
            let times = sent_times(&mut repairs, &mut history, loss, now);
            assert_eq!(times, expected, "{loss}");
        }
    }

    #[test]
    fn one_that_was_lost_itself_is_sent_three_times_though_no_loss_is_known_of() {
        let now = Instant::now();
        let (mut repairs, mut history) = (Repairs::default(), sent(0..LATER, now));
        for (request, expected) in [1, 3, 3].into_iter().enumerate() {
            let asked = now + 200 * MS * request as u32;
            let times = sent_times(&mut repairs, &mut history, 0.0, asked);
            assert_eq!(times, expected);
        }
    }

    #[test]
    fn before_losses_are_reported_requests_tell_of_them() {
        for (before, expected) in [(10, 3), (40, 2), (60, 1), (LATER, 1)] {
            let now = Instant::now();
            let (mut repairs, mut history) = (Repairs::default(), sent(0..before, now));
            let times = sent_times(&mut repairs, &mut history, 0.0, now);
            assert_eq!(times, expected, "one of {before}");
        }
    }

    #[test]
    fn what_was_not_repeated_at_all_comes_before_copies_of_what_was() {
        let now = Instant::now();
        let (mut repairs, mut history) = (Repairs::default(), sent(0..LATER, now));
        repairs.ask([3], now);
        assert_eq!(next(&mut repairs, &mut history, 0.03, now), Some(3));
        let due = now + COPY_AFTER;
        repairs.ask([5], due);
        assert_eq!(next(&mut repairs, &mut history, 0.0, due), Some(5));
        assert_eq!(next(&mut repairs, &mut history, 0.0, due), Some(3));
        assert_eq!(next(&mut repairs, &mut history, 0.0, due), None);
    }

    #[test]
    fn what_was_asked_for_long_ago_is_not_repeated() {
        let now = Instant::now();
        let (mut repairs, mut history) = (Repairs::default(), sent(0..LATER, now));
        repairs.ask([3, 4], now);
        assert!(repairs.size(&mut history, None, now).is_some());
        let late = now + MAX_WAIT + MS;
        assert_eq!(repairs.size(&mut history, None, late), None);
    }

    #[test]
    fn a_flood_of_requests_is_bounded() {
        let mut repairs = Repairs::default();
        for _ in 0..100 {
            repairs.ask(0..1000, Instant::now());
        }
        assert_eq!(repairs.asked.len(), MAX_ASKED);
    }
}
