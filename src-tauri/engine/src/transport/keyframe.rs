//! How often a keyframe may be asked for.
//!
//! A keyframe costs the sender ten ordinary frames, and since everybody is handed the same
//! encoding, one person's request costs everybody. So requests pass a gate at both ends: where they
//! leave for the network and where they arrive from it. A request that comes too early is kept, not
//! lost, and passes when its time has come, unless a keyframe went by in the meantime.
//!
//! Pure; the caller brings the time and asks for [`KeyframeGate::deadline`].

use std::time::{Duration, Instant};

/// The least time between two requests that pass: long enough for the first to be answered on a
/// slow path (encode, send a burst of some hundred packets), short enough not to look like a stop.
pub const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

/// Lets a request through, then none for [`KEYFRAME_INTERVAL`].
#[derive(Clone, Debug, Default)]
pub struct KeyframeGate {
    passed: Option<Instant>,
    waiting: bool,
}

impl KeyframeGate {
    /// Somebody wants a keyframe. It passes at the next [`poll`](Self::poll) whose time has come.
    pub fn request(&mut self) {
        self.waiting = true;
    }

    /// A keyframe went by: who was waiting has it.
    pub fn satisfy(&mut self) {
        self.waiting = false;
    }

    /// Whether somebody waits for a keyframe.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Whether a request passes now.
    pub fn poll(&mut self, now: Instant) -> bool {
        let due = self.deadline().is_some_and(|deadline| deadline <= now);
        // The first request has no deadline to wait for.
        let passes = self.waiting && (due || self.passed.is_none());
        if passes {
            self.passed = Some(now);
            self.waiting = false;
        }
        passes
    }

    /// When a waiting request will pass; `None` when none waits, or when it may pass at once.
    pub fn deadline(&self) -> Option<Instant> {
        self.passed
            .filter(|_| self.waiting)
            .map(|passed| passed + KEYFRAME_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_passes_at_once() {
        let (mut gate, now) = (KeyframeGate::default(), Instant::now());
        assert!(!gate.poll(now), "nobody asked");
        gate.request();
        assert!(gate.poll(now));
        assert!(!gate.poll(now), "one request, one keyframe");
    }

    #[test]
    fn a_request_that_comes_too_early_is_kept_until_its_time() {
        let (mut gate, now) = (KeyframeGate::default(), Instant::now());
        gate.request();
        assert!(gate.poll(now));
        gate.request();
        let early = now + KEYFRAME_INTERVAL / 2;
        assert!(!gate.poll(early));
        assert_eq!(gate.deadline(), Some(now + KEYFRAME_INTERVAL));
        assert!(gate.poll(now + KEYFRAME_INTERVAL));
        assert_eq!(gate.deadline(), None);
    }

    #[test]
    fn a_keyframe_that_went_by_answers_the_one_who_waits() {
        let (mut gate, now) = (KeyframeGate::default(), Instant::now());
        gate.request();
        assert!(gate.poll(now));
        gate.request();
        gate.satisfy();
        assert!(!gate.poll(now + 2 * KEYFRAME_INTERVAL));
    }

    #[test]
    fn a_thousand_requests_in_a_second_are_three() {
        let (mut gate, start) = (KeyframeGate::default(), Instant::now());
        let passed = (0..=1000)
            .filter(|ms| {
                gate.request();
                gate.poll(start + Duration::from_millis(*ms))
            })
            .count();
        assert_eq!(passed, 3);
    }
}
