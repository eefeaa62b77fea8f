//! What a session was told lately, so that it can be told again: bounded in number, in bytes and in
//! age.

use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Instant;

use crate::config::Limits;

/// The last events of one session, numbered from 1 without gaps.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Drop policy: the oldest event goes first, whether it was delivered or not.
    events: VecDeque<Kept>,
    bytes: usize,
    /// The number of the newest event ever kept.
    newest: u64,
}

#[derive(Debug)]
struct Kept {
    at: Instant,
    text: Bytes,
}

impl History {
    /// The number of the newest event; 0 when there was none.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// The number of the oldest event that is still there, or that of the next one when none is.
    pub(super) fn oldest(&self) -> u64 {
        self.newest + 1 - self.events.len() as u64
    }

    /// The event with this number, if it is still there.
    pub(super) fn get(&self, number: u64) -> Option<&Bytes> {
        let place = number.checked_sub(self.oldest())?;
        self.events
            .get(usize::try_from(place).ok()?)
            .map(|kept| &kept.text)
    }

    /// Keeps an event, and lets go of old ones.
    pub(super) fn push(&mut self, text: Bytes, limits: &Limits, now: Instant) {
        self.bytes += text.len();
        self.newest += 1;
        self.events.push_back(Kept { at: now, text });
        while self.events.len() > limits.history_events || self.bytes > limits.history_bytes {
            self.drop_oldest();
        }
    }

    /// Lets go of events older than they need be, up to and without number `undelivered`.
    pub(super) fn forget_old(&mut self, undelivered: u64, limits: &Limits, now: Instant) {
        while self.oldest() < undelivered
            && let Some(oldest) = self.events.front()
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
            history.push(text.into(), &limits(), now);
        }
        assert_eq!((history.oldest(), history.newest()), (2, 4));
        history.push("123456789".into(), &limits(), now);
        assert_eq!((history.oldest(), history.newest()), (4, 5));
        assert_eq!(history.get(3), None);
        assert_eq!(history.get(4), Some(&Bytes::from("d")));
        assert_eq!(history.get(6), None);
    }

    #[test]
    fn an_old_event_goes_unless_it_still_waits_to_be_delivered() {
        let mut history = History::default();
        let start = Instant::now();
        history.push("a".into(), &limits(), start);
        history.push("b".into(), &limits(), start);
        history.forget_old(2, &limits(), start + Duration::from_secs(61));
        assert_eq!((history.oldest(), history.newest()), (2, 2));
        history.forget_old(3, &limits(), start + Duration::from_secs(61));
        assert_eq!((history.oldest(), history.newest()), (3, 2));
    }
}
