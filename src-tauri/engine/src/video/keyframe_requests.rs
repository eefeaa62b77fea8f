//! When to ask the sender for a keyframe: at once when one is needed, and not again before the last
//! request can have been answered, because one person's request costs everybody bits. Pure.

use std::time::{Duration, Instant};

/// Between two requests: a round trip across the world and the time that a keyframe takes to arrive.
const MIN_INTERVAL: Duration = Duration::from_millis(400);

/// Limits the requests of one receiver.
#[derive(Debug, Default)]
pub struct KeyframeRequests {
    asked: Option<Instant>,
}

impl KeyframeRequests {
    /// Whether to ask now. `heard` is when the last packet came: a sender that is silent, because its
    /// camera is off or its network gone, is asked when it is heard again.
    pub fn poll(&mut self, needed: bool, heard: Option<Instant>, now: Instant) -> bool {
        let Some(heard) = heard.filter(|_| needed) else {
            return false;
        };
        let allowed = match self.asked {
            None => true,
            Some(asked) => now >= asked + MIN_INTERVAL && heard > asked,
        };
        if allowed {
            self.asked = Some(now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyframe_is_asked_for_at_once_and_then_in_moderation() {
        let (mut requests, start) = (KeyframeRequests::default(), Instant::now());
        let asked: Vec<u64> = (0..1000)
            .filter(|&ms| {
                let now = start + Duration::from_millis(ms);
                requests.poll(true, Some(now), now)
            })
            .collect();
        assert_eq!(asked, [0, 400, 800]);
    }

    #[test]
    fn nobody_is_asked_before_something_was_heard_or_without_need() {
        let (mut requests, now) = (KeyframeRequests::default(), Instant::now());
        assert!(!requests.poll(true, None, now));
        assert!(!requests.poll(false, Some(now), now));
    }

    #[test]
    fn a_silent_sender_is_not_asked_again_until_it_is_heard() {
        let (mut requests, start) = (KeyframeRequests::default(), Instant::now());
        assert!(requests.poll(true, Some(start), start));
        let later = start + Duration::from_secs(60);
        assert!(!requests.poll(true, Some(start), later));
        assert!(requests.poll(true, Some(later), later));
    }
}
