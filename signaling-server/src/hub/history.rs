//! What a session was told lately, so that it can be told again: bounded in number, in bytes and in
//! age.

use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Instant;

use crate::config::Limits;

/// The last events of one session. Their numbers grow, from 1 at the least, and may leave gaps.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Drop policy: the oldest event goes first, whether it was delivered or not.
    events: VecDeque<Kept>,
    bytes: usize,
    /// The number of the newest event ever kept.
    newest: u128,
    /// The number of the newest event that is no longer there.
    dropped: u128,
}

#[derive(Debug)]
struct Kept {
    number: u128,
    at: Instant,
    text: Bytes,
}

impl History {
    /// The number of the newest event; 0 when there was none.
    pub(super) fn newest(&self) -> u128 {
        self.newest
    }

    /// The number after which every event is still there.
    pub(super) fn dropped(&self) -> u128 {
        self.dropped
    }

    /// The first event after this number, and its own.
    pub(super) fn after(&self, number: u128) -> Option<(u128, &Bytes)> {
        let kept = self.events.get(self.place_after(number))?;
        Some((kept.number, &kept.text))
    }

    /// How many events there are after this number.
    pub(super) fn count_after(&self, number: u128) -> usize {
        self.events.len() - self.place_after(number)
    }

    /// Events that follow have greater numbers than this.
    pub(super) fn go_on_from(&mut self, number: u128) {
        self.newest = self.newest.max(number);
    }

    /// Keeps an event, and lets go of old ones. Its number is this one, or the next where that is
    /// taken.
    pub(super) fn push(&mut self, text: Bytes, number: u128, limits: &Limits, now: Instant) {
        self.bytes += text.len();
        self.newest = number.max(self.newest + 1);
        self.events.push_back(Kept {
            number: self.newest,
            at: now,
            text,
        });
        while self.events.len() > limits.history_events || self.bytes > limits.history_bytes {
            self.drop_oldest();
        }
    }

    /// Lets go of events older than they need be, of those up to and with number `delivered`.
    pub(super) fn forget_old(&mut self, delivered: u128, limits: &Limits, now: Instant) {
        while let Some(oldest) = self.events.front()
            && oldest.number <= delivered
            && now.saturating_duration_since(oldest.at) > limits.history_age
        {
            self.drop_oldest();
        }
        if self.events.is_empty() {
            // An idle session keeps no memory for what it once needed.
            self.events = VecDeque::new();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.events.pop_front() {
            self.bytes -= oldest.text.len();
            self.dropped = oldest.number;
        }
    }

    /// The place in the list of the first event after this number. Most of the time that is the end,
    /// or near it.
    fn place_after(&self, number: u128) -> usize {
        match self.events.back() {
            Some(newest) if newest.number > number => {
                self.events.partition_point(|kept| kept.number <= number)
            }
            _ => self.events.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn limits() -> Limits {
        Limits {
            history_events: 3,
            history_bytes: 10,
            ..Limits::default()
        }
    }

    #[test]
    fn the_oldest_event_goes_when_there_are_too_many_or_too_long_ones() {
        let mut history = History::default();
        let now = Instant::now();
        for text in ["a", "b", "c", "d"] {
            history.push(text.into(), 0, &limits(), now);
        }
        assert_eq!((history.dropped(), history.newest()), (1, 4));
        history.push("123456789".into(), 0, &limits(), now);
        assert_eq!((history.dropped(), history.newest()), (3, 5));
        assert_eq!(history.after(1), Some((4, &Bytes::from("d"))));
        assert_eq!(history.after(3), Some((4, &Bytes::from("d"))));
        assert_eq!(history.after(5), None);
    }

    #[test]
    fn an_old_event_goes_unless_it_still_waits_to_be_delivered() {
        let mut history = History::default();
        let start = Instant::now();
        history.push("a".into(), 0, &limits(), start);
        history.push("b".into(), 0, &limits(), start);
        history.forget_old(1, &limits(), start + Duration::from_secs(61));
        assert_eq!((history.dropped(), history.newest()), (1, 2));
        history.forget_old(2, &limits(), start + Duration::from_secs(61));
        assert_eq!((history.dropped(), history.newest()), (2, 2));
    }

    #[test]
    fn numbers_that_are_given_are_kept_and_those_that_are_taken_are_not_given_twice() {
        let mut history = History::default();
        let now = Instant::now();
        for number in [10, 10, 30] {
            history.push("a".into(), number, &limits(), now);
        }
        history.go_on_from(40);
        history.push("b".into(), 35, &limits(), now);
        let numbers = |after| {
            let mut after = after;
            std::iter::from_fn(|| {
                after = history.after(after)?.0;
                Some(after)
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(numbers(0), [11, 30, 41]);
        assert_eq!(numbers(20), [30, 41]);
        assert_eq!(history.count_after(11), 2);
    }
}
