//! When packets arrived, by their transport-wide numbers, to be told to who sent them.
//!
//! A recorder: arrivals in, a [`TransportReport`] out every 50 to 100 ms. The numbers run through all
//! streams of a link, so one report speaks of sound, pictures and repair together
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01). A packet that was overtaken is told by the
//! report after it came, with what lies between told once more.
//!
//! Pure; the caller asks for [`Arrivals::deadline`]. It runs on the connection's driver and costs a
//! packet one slot in a ring.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::transport_report::TransportReport;

/// A report is made this long after the first packet that it is about, when there is much to tell.
/// Twenty reports a second are what a delay-based estimate needs to act within 100 ms.
const SOON: Duration = Duration::from_millis(50);

/// And this long after it at the latest: of a voice alone there is little to tell, and on a weak
/// line (50 packets/s at 32 kbit/s) twenty reports a second would be a third of what it carries back.
const LATEST: Duration = Duration::from_millis(100);

/// From how many packets on a report is made soon: more than voice alone sends in [`SOON`].
const MUCH: usize = 8;

/// Packets that one report is about, at most: with two bytes of time for each it still fits into one
/// datagram. The rest is told by another at once.
pub const MAX_REPORTED: usize = 400;

/// Packets remembered: what one that was overtaken may be told together with. The oldest goes; it has
/// been told of 100 ms after it came.
const CAPACITY: usize = 2048;

/// A step further than this, forward or back, is no gap but a sender that counts anew.
const MAX_STEP: i64 = 1000;

/// Times further apart than this are told by two reports: a difference is 16 bits of 250 µs, with sign.
const MAX_SPREAD: Duration = Duration::from_secs(8);

/// Records the arrivals of one link.
#[derive(Debug)]
pub struct Arrivals {
    /// Where the times that are told begin.
    origin: Instant,
    /// When each packet from `first` on arrived.
    ring: VecDeque<Option<Instant>>,
    /// The number of the ring's front; numbers are unwrapped, and grow.
    first: i64,
    /// From here on nothing has been told, or something has to be told again.
    untold: i64,
    /// When the first packet arrived that has not been told.
    waiting_since: Option<Instant>,
    /// How many have not been told.
    waiting: usize,
}

impl Arrivals {
    /// Tells times as they pass since `origin`.
    pub fn new(origin: Instant) -> Self {
        Self {
            origin,
            ring: VecDeque::new(),
            first: 0,
            untold: 0,
            waiting_since: None,
            waiting: 0,
        }
    }

    /// A packet arrived. One that comes twice counts when it came first.
    pub fn record(&mut self, number: u16, now: Instant) {
        let number = self.place(number);
        if number < self.first {
            return;
        }
        let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        while self.ring.len() <= index {
            self.ring.push_back(None);
        }
        if self.ring[index].is_some() {
            return;
        }
        self.ring[index] = Some(now);
        self.untold = self.untold.min(number);
        self.waiting += 1;
        self.waiting_since.get_or_insert(now);
        while self.ring.len() > CAPACITY {
            self.ring.pop_front();
            self.first += 1;
        }
        self.untold = self.untold.max(self.first);
    }

    /// When a report will be due; `None` while there is nothing to tell.
    pub fn deadline(&self) -> Option<Instant> {
        let wait = if self.waiting >= MUCH { SOON } else { LATEST };
        self.waiting_since.map(|since| since + wait)
    }

    /// The report that is due, if one is. Call until there is none.
    pub fn poll(&mut self, now: Instant) -> Option<TransportReport> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        let mut packets = Vec::new();
        let mut earliest = None;
        let skip = usize::try_from(self.untold - self.first).unwrap_or(0);
        for arrived in self.ring.iter().skip(skip).take(MAX_REPORTED) {
            if let Some(arrived) = arrived {
                let start = *earliest.get_or_insert(*arrived);
                if spread(start, *arrived) > MAX_SPREAD {
                    break;
                }
            }
            let since = arrived.map(|at| at.saturating_duration_since(self.origin));
            packets.push((self.untold as u16, since));
            self.untold += 1;
        }
        if self.untold >= self.end() {
            self.waiting = 0;
            self.waiting_since = None;
        }
        let report = TransportReport { packets };
        // A gap as long as a report says nothing that the next one does not.
        match report.arrived() {
            0 => self.poll(now),
            _ => Some(report),
        }
    }

    fn end(&self) -> i64 {
        self.first + self.ring.len() as i64
    }

    /// The unwrapped number; begins anew with one that is far from all others.
    fn place(&mut self, number: u16) -> i64 {
        let newest = self.end() - 1;
        let step = i64::from(number.wrapping_sub(newest as u16) as i16);
        if !self.ring.is_empty() && step.abs() <= MAX_STEP {
            return newest + step;
        }
        // Above all that came before, and with the same low 16 bits as the packet.
        let anew = (((newest >> 16) + 2) << 16) + i64::from(number);
        self.ring.clear();
        (self.first, self.untold) = (anew, anew);
        self.waiting = 0;
        self.waiting_since = None;
        anew
    }
}

fn spread(one: Instant, other: Instant) -> Duration {
    one.max(other) - one.min(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn started() -> (Arrivals, Instant) {
        let start = Instant::now();
        (Arrivals::new(start), start)
    }

    /// What is told at `now`: the number, and the milliseconds at which it arrived.
    fn told(arrivals: &mut Arrivals, now: Instant) -> Vec<(u16, Option<u128>)> {
        let reports = std::iter::from_fn(|| arrivals.poll(now));
        let packets = reports.flat_map(|report| report.packets);
        packets
            .map(|(number, at)| (number, at.map(|at| at.as_millis())))
            .collect()
    }

    #[test]
    fn what_arrived_and_what_did_not_is_told_after_a_while() {
        let (mut arrivals, start) = started();
        assert_eq!(arrivals.deadline(), None);
        arrivals.record(65_534, start + MS);
        arrivals.record(65_535, start + 2 * MS);
        arrivals.record(1, start + 4 * MS);
        assert_eq!(arrivals.deadline(), Some(start + MS + LATEST));
        assert!(told(&mut arrivals, start + 90 * MS).is_empty(), "too early");
        assert_eq!(
            told(&mut arrivals, start + 101 * MS),
            [
                (65_534, Some(1)),
                (65_535, Some(2)),
                (0, None),
                (1, Some(4))
            ]
        );
        assert_eq!(arrivals.deadline(), None);
    }

    #[test]
    fn who_has_much_to_tell_tells_it_sooner() {
        let (mut arrivals, start) = started();
        for number in 0..MUCH as u16 {
            arrivals.record(number, start);
        }
        assert_eq!(arrivals.deadline(), Some(start + SOON));
    }

    #[test]
    fn one_that_was_overtaken_by_a_report_is_told_by_the_next() {
        let (mut arrivals, start) = started();
        arrivals.record(7, start);
        arrivals.record(9, start);
        let first = told(&mut arrivals, start + LATEST);
        assert_eq!(first, [(7, Some(0)), (8, None), (9, Some(0))]);
        arrivals.record(8, start + LATEST);
        let second = told(&mut arrivals, start + 2 * LATEST);
        assert_eq!(second, [(8, Some(100)), (9, Some(0))]);
    }

    #[test]
    fn one_that_comes_twice_counts_when_it_came_first() {
        let (mut arrivals, start) = started();
        arrivals.record(7, start);
        arrivals.record(7, start + 50 * MS);
        assert_eq!(told(&mut arrivals, start + LATEST), [(7, Some(0))]);
        arrivals.record(7, start + 2 * LATEST);
        assert_eq!(arrivals.deadline(), None);
    }

    #[test]
    fn a_report_fits_into_a_datagram_and_the_rest_follows_at_once() {
        let (mut arrivals, start) = started();
        for number in 0..=MAX_REPORTED as u16 {
            arrivals.record(number, start);
        }
        let first = arrivals.poll(start + SOON).map(|report| report.packets);
        assert_eq!(first.map(|packets| packets.len()), Some(MAX_REPORTED));
        assert_eq!(told(&mut arrivals, start + SOON).len(), 1);
    }

    #[test]
    fn a_sender_that_counts_anew_is_followed() {
        let (mut arrivals, start) = started();
        arrivals.record(10, start);
        arrivals.record(30_000, start);
        arrivals.record(30_001, start);
        let packets = told(&mut arrivals, start + LATEST);
        assert_eq!(packets, [(30_000, Some(0)), (30_001, Some(0))]);
    }

    #[test]
    fn times_too_far_apart_for_one_report_are_told_by_two() {
        let (mut arrivals, start) = started();
        let late = start + Duration::from_secs(20);
        arrivals.record(1, start);
        arrivals.record(2, late);
        assert_eq!(
            arrivals.poll(late).map(|report| report.packets.len()),
            Some(1)
        );
        assert_eq!(
            arrivals.poll(late).map(|report| report.packets.len()),
            Some(1)
        );
        assert_eq!(arrivals.poll(late), None);
    }

    /// Numbers in every order, at every pace: nothing grows, nothing is kept back for good, and what
    /// is told is what happened.
    #[test]
    fn no_sequence_of_numbers_and_times_makes_it_grow_or_stall() {
        let mut random = 0x9e37_79b9u32;
        let mut below = move |bound: u32| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            random % bound
        };
        for _ in 0..20 {
            let (mut arrivals, start) = started();
            let (mut now, mut number) = (start, below(65_536) as u16);
            let mut told = 0;
            for _ in 0..20_000 {
                now += Duration::from_micros(u64::from(below(4000)));
                number = match below(100) {
                    0 => below(65_536) as u16,
                    1..=9 => number.wrapping_sub(below(40) as u16),
                    10..=19 => number.wrapping_add(below(300) as u16),
                    _ => number.wrapping_add(1),
                };
                arrivals.record(number, now);
                assert!(arrivals.ring.len() <= CAPACITY);
                while let Some(report) = arrivals.poll(now) {
                    assert!(report.packets.len() <= MAX_REPORTED && report.arrived() > 0);
                    let times = report.packets.iter().filter_map(|(_, at)| *at);
                    assert!(times.clone().all(|at| start + at <= now));
                    told += report.arrived();
                }
                let deadline = arrivals.deadline();
                assert!(deadline.is_none_or(|at| at > now && at <= now + LATEST));
            }
            assert!(told > 10_000, "{told}");
        }
    }
}
