//! The newest frame, and nothing older: what stands between every producer and consumer of pictures.
//!
//! A queue would turn a slow consumer into growing delay; a slot turns it into fewer frames. Threads
//! wait with [`FrameSlot::wait_newer`], tasks with [`FrameSlot::subscribe`]. It adds no latency.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::frame::Frame;

/// Holds the newest frame only; a frame that nobody fetched in time is replaced (drop policy: oldest).
pub struct FrameSlot {
    newest: Mutex<Newest>,
    published: Condvar,
    number: watch::Sender<u64>,
}

struct Newest {
    number: u64,
    frame: Option<Arc<Frame>>,
}

impl FrameSlot {
    /// An empty slot. Frames are numbered from 1, so 0 means "I have seen none".
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            newest: Mutex::new(Newest {
                number: 0,
                frame: None,
            }),
            published: Condvar::new(),
            number: watch::Sender::new(0),
        })
    }

    /// Puts a frame in, in place of the one before.
    pub fn publish(&self, frame: Arc<Frame>) {
        self.replace(Some(frame));
    }

    /// Takes the picture away, as when the camera is switched off. Waiting threads go on waiting.
    pub fn clear(&self) {
        self.replace(None);
    }

    /// The newest frame, if there is one.
    pub fn latest(&self) -> Option<Arc<Frame>> {
        self.lock().frame.clone()
    }

    /// Waits up to `timeout` for a frame newer than number `seen`, and gives its number with it.
    pub fn wait_newer(&self, seen: u64, timeout: Duration) -> Option<(u64, Arc<Frame>)> {
        let deadline = Instant::now() + timeout;
        let mut newest = self.lock();
        loop {
            if newest.number > seen
                && let Some(frame) = &newest.frame
            {
                return Some((newest.number, Arc::clone(frame)));
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            newest = self
                .published
                .wait_timeout(newest, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// The number of the newest change, for tasks that wait for the next one. A borrow of it must be short:
    /// while it is held, nothing can be published.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    fn replace(&self, frame: Option<Arc<Frame>>) {
        let number = {
            let mut newest = self.lock();
            newest.number += 1;
            newest.frame = frame;
            newest.number
        };
        self.published.notify_all();
        self.number.send_replace(number);
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: u32) -> Arc<Frame> {
        Arc::new(Frame::new(width, 2, Instant::now()))
    }

    #[test]
    fn only_the_newest_frame_is_kept() {
        let slot = FrameSlot::new();
        slot.publish(frame(2));
        slot.publish(frame(4));
        let (number, newest) = slot.wait_newer(0, Duration::ZERO).unwrap();
        assert_eq!((number, newest.width), (2, 4));
        assert!(slot.wait_newer(number, Duration::ZERO).is_none());
    }

    #[test]
    fn a_waiting_thread_gets_the_frame_that_comes() {
        let slot = FrameSlot::new();
        let waiting = {
            let slot = Arc::clone(&slot);
            std::thread::spawn(move || slot.wait_newer(0, Duration::from_secs(10)))
        };
        slot.publish(frame(8));
        assert_eq!(waiting.join().unwrap().unwrap().1.width, 8);
    }

    #[test]
    fn a_cleared_slot_shows_no_old_picture() {
        let slot = FrameSlot::new();
        let changes = slot.subscribe();
        slot.publish(frame(2));
        slot.clear();
        assert!(slot.latest().is_none());
        assert!(slot.wait_newer(0, Duration::ZERO).is_none());
        assert!(changes.has_changed().unwrap());
    }
}
