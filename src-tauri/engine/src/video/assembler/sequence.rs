//! Sequence numbers of 16 bits, unwrapped into ones that only grow.

use std::ops::Range;

/// A step further than this, forward or back, is no gap but another stream: more than a second of
/// video at 10 Mbit/s.
const MAX_STEP: u16 = 1000;

/// Where the first packet is placed: far enough from zero for what comes before it.
const ORIGIN: u64 = 1 << 16;

/// Where a packet belongs.
#[derive(Debug, PartialEq, Eq)]
pub enum Placed {
    /// The first packet of a stream; whatever came before belongs to another.
    First(u64),
    /// Newer than all before, with the numbers in between missing so far.
    Ahead { number: u64, skipped: Range<u64> },
    /// Older than the newest: late, again, or asked for.
    Behind(u64),
    /// Far from all others: not believed until its neighbour comes too (RFC 3550, appendix A.1).
    Ignored,
}

/// Follows the numbers of one stream.
#[derive(Debug, Default)]
pub struct SequenceUnwrapper {
    highest: Option<u64>,
    /// The first number of this stream.
    first: u64,
    /// The number that would confirm that another stream has begun.
    probation: Option<u16>,
    /// Packets expected of streams that have ended.
    expected_before: u64,
}

impl SequenceUnwrapper {
    /// Places the next packet.
    pub fn place(&mut self, sequence: u16) -> Placed {
        let Some(highest) = self.highest else {
            return self.start(sequence);
        };
        let step = sequence.wrapping_sub(highest as u16) as i16;
        if step.unsigned_abs() > MAX_STEP {
            if self.probation == Some(sequence) {
                self.expected_before = self.expected();
                return self.start(sequence);
            }
            self.probation = Some(sequence.wrapping_add(1));
            return Placed::Ignored;
        }
        self.probation = None;
        let number = highest.saturating_add_signed(i64::from(step));
        if step <= 0 {
            return Placed::Behind(number);
        }
        self.highest = Some(number);
        Placed::Ahead {
            number,
            skipped: highest + 1..number,
        }
    }

    /// The newest number so far; 0 before the first.
    pub fn highest(&self) -> u64 {
        self.highest.unwrap_or(0)
    }

    /// How many packets were sent since the first that arrived.
    pub fn expected(&self) -> u64 {
        let current = self.highest.map_or(0, |highest| highest - self.first + 1);
        self.expected_before + current
    }

    fn start(&mut self, sequence: u16) -> Placed {
        self.probation = None;
        // Above every number of the stream before, and with the same low 16 bits as the packet.
        let floor = self.highest.unwrap_or(0) & !0xffff;
        let number = floor + 2 * ORIGIN + u64::from(sequence);
        self.first = number;
        self.highest = Some(number);
        Placed::First(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(placed: Placed) -> u64 {
        match placed {
            Placed::First(number) | Placed::Ahead { number, .. } | Placed::Behind(number) => number,
            Placed::Ignored => panic!("ignored"),
        }
    }

    #[test]
    fn numbers_grow_across_the_wrap() {
        let mut unwrapper = SequenceUnwrapper::default();
        let last = number(unwrapper.place(65535));
        assert_eq!(number(unwrapper.place(0)), last + 1);
        assert_eq!(unwrapper.place(65535), Placed::Behind(last));
        assert_eq!(unwrapper.expected(), 2);
    }

    #[test]
    fn a_gap_names_what_is_missing() {
        let mut unwrapper = SequenceUnwrapper::default();
        let first = number(unwrapper.place(10));
        let placed = unwrapper.place(13);
        assert_eq!(
            placed,
            Placed::Ahead {
                number: first + 3,
                skipped: first + 1..first + 3
            }
        );
    }

    #[test]
    fn one_stray_packet_is_ignored_but_two_neighbours_begin_a_new_stream() {
        let mut unwrapper = SequenceUnwrapper::default();
        unwrapper.place(100);
        assert_eq!(unwrapper.place(30_000), Placed::Ignored);
        assert!(matches!(unwrapper.place(101), Placed::Ahead { .. }));
        assert_eq!(unwrapper.place(30_000), Placed::Ignored);
        assert!(matches!(unwrapper.place(30_001), Placed::First(_)));
        assert_eq!(unwrapper.expected(), 3);
    }
}
