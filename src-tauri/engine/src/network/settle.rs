//! When a flurry of notices is over. Pure.

use std::time::{Duration, Instant};

/// So long nothing more must come: joining a Wi-Fi gives a dozen notices within some tens of
/// milliseconds each, and a view in the middle of them would be a wrong one.
pub(super) const QUIET: Duration = Duration::from_millis(200);

/// But so long at most: a machine whose routes never rest is looked at all the same.
pub(super) const LONGEST: Duration = Duration::from_secs(1);

/// Notices that have come and not been looked into.
#[derive(Debug, Default)]
pub(super) struct Settling {
    /// The first and the last of them.
    notices: Option<(Instant, Instant)>,
}

impl Settling {
    /// A notice came.
    pub fn noticed(&mut self, now: Instant) {
        let first = self.notices.map_or(now, |(first, _)| first);
        self.notices = Some((first, now));
    }

    /// When it will be time to look.
    pub fn due(&self) -> Option<Instant> {
        self.notices
            .map(|(first, last)| (last + QUIET).min(first + LONGEST))
    }

    /// Whether it is time to look; if so, what has come is done with.
    pub fn take(&mut self, now: Instant) -> bool {
        let is_due = self.due().is_some_and(|due| due <= now);
        if is_due {
            self.notices = None;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flurry_is_looked_into_once_and_when_it_is_over() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut settling = Settling::default();
        assert_eq!(settling.due(), None);
        for ms in [0, 50, 150, 320] {
            assert!(!settling.take(at(ms)));
            settling.noticed(at(ms));
        }
        assert!(!settling.take(at(519)));
        assert!(settling.take(at(520)));
        assert!(!settling.take(at(9_000)));
    }

    #[test]
    fn a_flurry_without_end_is_looked_into_every_second() {
        let start = Instant::now();
        let mut settling = Settling::default();
        let mut looks = 0;
        for ms in (0..10_000).step_by(100) {
            let now = start + Duration::from_millis(ms);
            looks += u32::from(settling.take(now));
            settling.noticed(now);
        }
        assert!((8..=10).contains(&looks), "{looks}");
    }
}
