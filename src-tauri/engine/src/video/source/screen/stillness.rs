//! How often a screen on which nothing moves is handed on. Pure.

use std::time::{Duration, Instant};

/// For so long after the last change every picture is handed on: the first after a change is soft where bits are few, and the
/// encoder sharpens it with each that follows.
const SHARPENED_FOR: Duration = Duration::from_secs(2);

/// After that so often: whoever comes late needs a whole picture, and should not wait for one.
const REST: Duration = Duration::from_millis(500);

/// Follows one screen.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    changed: Option<Instant>,
    handed_on: Option<Instant>,
}

impl Stillness {
    /// The screen was looked at, and is as before, or has changed. Whether to hand it on.
    pub fn admits(&mut self, changed: bool, now: Instant) -> bool {
        if changed || self.changed.is_none() {
            self.changed = Some(now);
        }
        let since = |then: Option<Instant>| then.map(|then| now.saturating_duration_since(then));
        let restless = since(self.changed).is_some_and(|since| since < SHARPENED_FOR);
        let due = since(self.handed_on).is_none_or(|since| since >= REST);
        if restless || due {
            self.handed_on = Some(now);
        }
        restless || due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_sharpened_and_what_stands_still_comes_twice_a_second() {
        let (mut stillness, start) = (Stillness::default(), Instant::now());
        let mut handed_on = |from: u64, to: u64, changes: &[u64]| {
            (from..to)
                .filter(|tenth| {
                    let now = start + Duration::from_millis(tenth * 100);
                    stillness.admits(changes.contains(tenth), now)
                })
                .count()
        };
        assert_eq!(handed_on(0, 20, &[]), 20);
        assert_eq!(handed_on(20, 120, &[]), 20);
        assert_eq!(handed_on(120, 140, &[120]), 20);
        assert_eq!(handed_on(140, 150, &[]), 2);
    }
}
