//! What I tell a person of how tall I show their pictures. Pure.
//!
//! Said when the channel opens and at every change, the first at once; a window that is being resized is not told of row by row.

use std::time::{Duration, Instant};

/// Between two asks. A change of layer costs the sender a keyframe, so that more of them would help nobody.
const ASK_INTERVAL: Duration = Duration::from_millis(200);

/// How tall I show somebody's pictures, in rows of device pixels; none of one that I don't show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// Their camera's.
    pub camera: Option<u32>,
    /// The screen's that they share.
    pub screen: Option<u32>,
}

/// Remembers what was said last, and when something may be said again.
pub(super) struct Ask {
    rows: Rows,
    open: bool,
    said: Option<Said>,
}

/// What was said last.
struct Said {
    rows: Rows,
    at: Instant,
    sent: bool,
}

impl Ask {
    pub fn new(rows: Rows) -> Self {
        Self {
            rows,
            open: false,
            said: None,
        }
    }

    /// As tall as they are shown from now on.
    pub fn rows(&self) -> Rows {
        self.rows
    }

    /// From now on they are shown so tall, or not at all.
    pub fn set(&mut self, rows: Rows) {
        self.rows = rows;
    }

    /// The channel is open, for the first time or anew: whatever was said before may not have been heard.
    pub fn open(&mut self) {
        self.open = true;
        self.said = None;
    }

    /// What was said last could not be sent: it is said again, later.
    pub fn repeat(&mut self) {
        if let Some(said) = &mut self.said {
            said.sent = false;
        }
    }

    /// When there will be something to say; none while nothing has changed.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        match &self.said {
            _ if !self.open => None,
            None => Some(now),
            Some(said) if said.sent && said.rows == self.rows => None,
            Some(said) => Some(said.at + ASK_INTERVAL),
        }
    }

    /// What is to be said now, if anything is.
    pub fn poll(&mut self, now: Instant) -> Option<Rows> {
        let due = self.deadline(now).is_some_and(|deadline| deadline <= now);
        due.then(|| {
            self.said = Some(Said {
                rows: self.rows,
                at: now,
                sent: true,
            });
            self.rows
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(camera: impl Into<Option<u32>>) -> Rows {
        Rows {
            camera: camera.into(),
            screen: None,
        }
    }

    #[test]
    fn nothing_is_said_before_the_channel_opens_and_then_the_newest() {
        let (mut ask, now) = (Ask::new(rows(720)), Instant::now());
        assert_eq!((ask.deadline(now), ask.poll(now)), (None, None));
        ask.set(rows(180));
        ask.open();
        assert_eq!(ask.poll(now), Some(rows(180)));
        assert_eq!((ask.deadline(now), ask.poll(now)), (None, None));
    }

    #[test]
    fn a_change_after_a_while_is_said_at_once_and_many_are_said_five_times_a_second() {
        let (mut ask, start) = (Ask::new(rows(720)), Instant::now());
        ask.open();
        ask.poll(start);
        let said: Vec<_> = (1..=1000)
            .filter_map(|ms| {
                ask.set(rows(ms));
                ask.poll(start + Duration::from_millis(1_000 + u64::from(ms)))
            })
            .collect();
        assert_eq!(said.len(), 5);
        assert_eq!(said[0], rows(1));
        let end = start + Duration::from_secs(3);
        assert_eq!(ask.poll(end), Some(rows(1000)), "the last is never lost");
    }

    #[test]
    fn a_hidden_tile_that_is_back_before_it_was_said_is_nobodys_business() {
        let (mut ask, now) = (Ask::new(rows(720)), Instant::now());
        ask.open();
        ask.poll(now);
        ask.set(rows(None));
        ask.set(rows(720));
        assert_eq!(ask.poll(now + Duration::from_secs(1)), None);
    }

    #[test]
    fn what_could_not_be_sent_is_said_again_a_moment_later() {
        let (mut ask, now) = (Ask::new(rows(720)), Instant::now());
        ask.open();
        ask.poll(now);
        ask.repeat();
        assert_eq!(ask.deadline(now), Some(now + ASK_INTERVAL));
        assert_eq!(ask.poll(now + ASK_INTERVAL), Some(rows(720)));
        assert_eq!(ask.deadline(now), None);
    }

    #[test]
    fn a_channel_that_opens_anew_is_told_again() {
        let (mut ask, now) = (Ask::new(rows(None)), Instant::now());
        ask.open();
        assert_eq!(ask.poll(now), Some(rows(None)));
        ask.open();
        assert_eq!(ask.poll(now), Some(rows(None)));
    }

    #[test]
    fn a_screen_that_appears_is_asked_for_beside_the_camera() {
        let (mut ask, now) = (Ask::new(rows(720)), Instant::now());
        ask.open();
        ask.poll(now);
        let both = Rows {
            screen: Some(1080),
            ..rows(720)
        };
        ask.set(both);
        assert_eq!(ask.poll(now + ASK_INTERVAL), Some(both));
    }
}
