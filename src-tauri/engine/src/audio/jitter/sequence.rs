//! From the 16 and 32 bits on the wire to numbers that never wrap.

/// A jump forward by more than this is another stream, not a loss (RFC 3550, appendix A.1: MAX_DROPOUT).
const MOST_DROPPED: i32 = 3_000;

/// A packet may be older than the newest by so many (RFC 3550, appendix A.1: MAX_MISORDER).
const MOST_MISORDERED: i32 = 100;

/// What a packet's numbers mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unwrapped {
    /// It belongs to the stream.
    Known { number: u64, timestamp: i64 },
    /// Two packets in a row agree on new numbers: the sender started over.
    Restarted { number: u64, timestamp: i64 },
    /// Its number is far from any expected; believed only if another follows.
    Suspicious,
}

#[derive(Debug)]
pub(super) struct Sequence {
    first: u64,
    newest: Option<(u64, i64)>,
    /// The number that would confirm that the sender started over.
    confirming: Option<u16>,
    /// Packets expected in streams before the last restart.
    expected_before: u64,
}

/// Where numbering starts, so that an early packet that comes late still has a number.
const START: u64 = 1 << 32;

impl Sequence {
    pub(super) fn new() -> Self {
        Self {
            first: START,
            newest: None,
            confirming: None,
            expected_before: 0,
        }
    }

    pub(super) fn unwrap(&mut self, sequence: u16, timestamp: u32) -> Unwrapped {
        let Some((newest, newest_timestamp)) = self.newest else {
            return self.known(START + u64::from(sequence), i64::from(timestamp));
        };
        let ahead = i32::from(sequence.wrapping_sub(newest as u16) as i16);
        if (-MOST_MISORDERED..=MOST_DROPPED).contains(&ahead) {
            self.confirming = None;
            let number = newest.saturating_add_signed(i64::from(ahead));
            let later = timestamp.wrapping_sub(newest_timestamp as u32) as i32;
            let timestamp = newest_timestamp + i64::from(later);
            self.first = self.first.min(number);
            if number > newest {
                self.newest = Some((number, timestamp));
            }
            return Unwrapped::Known { number, timestamp };
        }
        if self.confirming != Some(sequence) {
            self.confirming = Some(sequence.wrapping_add(1));
            return Unwrapped::Suspicious;
        }
        self.expected_before = self.expected();
        let number = newest + (1 << 17) + u64::from(sequence.wrapping_sub(newest as u16));
        self.known(number, i64::from(timestamp));
        Unwrapped::Restarted {
            number,
            timestamp: i64::from(timestamp),
        }
    }

    /// The place of a packet in the stream as it is known, without learning from it.
    pub(super) fn place(&self, sequence: u16, timestamp: u32) -> Option<(u64, i64)> {
        let (newest, _) = self.newest?;
        let ahead = i32::from(sequence.wrapping_sub(newest as u16) as i16);
        (-MOST_MISORDERED..=0)
            .contains(&ahead)
            .then(|| newest.saturating_add_signed(i64::from(ahead)))
            .zip(self.near(timestamp))
    }

    /// The timestamp that never wraps, of one that lies within half a day of the newest.
    pub(super) fn near(&self, timestamp: u32) -> Option<i64> {
        let (_, newest) = self.newest?;
        Some(newest + i64::from(timestamp.wrapping_sub(newest as u32) as i32))
    }

    fn known(&mut self, number: u64, timestamp: i64) -> Unwrapped {
        self.first = number;
        self.newest = Some((number, timestamp));
        self.confirming = None;
        Unwrapped::Known { number, timestamp }
    }

    /// How many packets were sent, judging by the numbers seen.
    pub(super) fn expected(&self) -> u64 {
        self.expected_before + self.newest.map_or(0, |(newest, _)| newest - self.first + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(unwrapped: Unwrapped) -> u64 {
        match unwrapped {
            Unwrapped::Known { number, .. } | Unwrapped::Restarted { number, .. } => number,
            Unwrapped::Suspicious => panic!("suspicious"),
        }
    }

    #[test]
    fn numbers_go_on_where_the_wire_wraps() {
        let mut sequence = Sequence::new();
        let before = number(sequence.unwrap(65_535, u32::MAX));
        let Unwrapped::Known { number, timestamp } = sequence.unwrap(0, 959) else {
            panic!("unknown")
        };
        assert_eq!(number, before + 1);
        assert_eq!(timestamp, i64::from(u32::MAX) + 960);
        assert_eq!(sequence.expected(), 2);
    }

    #[test]
    fn a_late_packet_keeps_its_place_even_before_the_first() {
        let mut sequence = Sequence::new();
        let first = number(sequence.unwrap(10, 9_600));
        assert_eq!(number(sequence.unwrap(8, 7_680)), first - 2);
        assert_eq!(sequence.expected(), 3);
    }

    #[test]
    fn one_stray_number_changes_nothing_and_two_in_a_row_start_over() {
        let mut sequence = Sequence::new();
        let first = number(sequence.unwrap(100, 0));
        assert_eq!(sequence.unwrap(40_000, 5), Unwrapped::Suspicious);
        assert_eq!(number(sequence.unwrap(101, 960)), first + 1);
        assert_eq!(sequence.unwrap(40_000, 5), Unwrapped::Suspicious);
        assert!(
            matches!(sequence.unwrap(40_001, 965), Unwrapped::Restarted { number, .. } if number as u16 == 40_001)
        );
        assert_eq!(sequence.expected(), 3);
    }
}
