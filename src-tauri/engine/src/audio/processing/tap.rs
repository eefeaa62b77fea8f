//! Carries what a speaker really plays to the capture thread.
//!
//! Each speaker that is opened gets a ring of its own, because a real-time callback can't share one. The callback's side
//! takes no lock; the ends are handed over under one, by the thread that opens devices to the capture thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::audio::stamped::{StampedEnd, StampedFeed, stamped_ring};

/// A quarter of a second. It fills up only while no microphone is open; then what is played is lost, newest first, and the
/// capture thread sees a gap.
const RINGS_PER_SECOND: u32 = 4;

/// What the speaker that was opened last plays, mono at its own rate.
pub(crate) struct Played {
    pub(crate) end: StampedEnd,
    /// In Hz.
    pub(crate) rate: u32,
}

/// Between a speaker's devices and a microphone's thread. Holds at most one ring: a newer one replaces it.
#[derive(Default)]
pub(crate) struct Tap {
    waiting: AtomicBool,
    played: Mutex<Option<Played>>,
}

impl Tap {
    /// A ring for a device of `rate` Hz that is being opened. May lock; not for callbacks.
    pub(crate) fn connect(&self, rate: u32) -> StampedFeed {
        let (feed, end) = stamped_ring((rate / RINGS_PER_SECOND) as usize, 1);
        let mut played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
        *played = Some(Played { end, rate });
        self.waiting.store(true, Ordering::Release);
        feed
    }

    /// The ring of a device that was opened since this was last called. Costs one atomic read when there is none.
    pub(crate) fn take(&self) -> Option<Played> {
        if !self.waiting.swap(false, Ordering::Acquire) {
            return None;
        }
        self.played
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_device_that_was_opened_last_is_listened_to() {
        let tap = Tap::default();
        assert!(tap.take().is_none());
        let first = tap.connect(44_100);
        let _second = tap.connect(48_000);
        drop(first);
        let played = tap.take().unwrap();
        assert_eq!(played.rate, 48_000);
        assert!(!played.end.is_abandoned());
        assert!(tap.take().is_none());
    }
}
