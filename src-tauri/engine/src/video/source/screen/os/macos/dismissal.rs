//! What the person has stopped in the system's own menu is not begun again by itself. Pure but for the one place that remembers.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::subject::Id;
use crate::device::DeviceProblem;

/// Whatever cannot be opened is tried again a second after that. Who asks later than this has been asked to by the person.
const BY_ITSELF: Duration = Duration::from_secs(3);

static STOPPED: Mutex<Option<Dismissal>> = Mutex::new(None);

/// The person has stopped this.
pub(super) fn remember(id: &Id, now: Instant) {
    *STOPPED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Dismissal {
        id: id.clone(),
        asked: now,
    });
}

/// # Errors
/// [`DeviceProblem::Failed`] when this was stopped, and is only tried again.
pub(super) fn admit(id: &Id, now: Instant) -> Result<(), DeviceProblem> {
    let mut stopped = STOPPED.lock().unwrap_or_else(PoisonError::into_inner);
    if stopped.as_mut().is_some_and(|it| it.holds(id, now)) {
        return Err(problem());
    }
    *stopped = None;
    Ok(())
}

/// What is told of it.
pub(super) fn problem() -> DeviceProblem {
    DeviceProblem::Failed("it was stopped in the system's menu".into())
}

/// What was stopped, and when it was last asked for since.
struct Dismissal {
    id: Id,
    asked: Instant,
}

impl Dismissal {
    /// It is asked for. Whether that is the same thing, tried again.
    fn holds(&mut self, id: &Id, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.asked);
        self.asked = now;
        self.id == *id && since < BY_ITSELF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stopped_is_refused_while_it_is_tried_again_and_not_when_it_is_chosen_again() {
        let start = Instant::now();
        let mut dismissal = Dismissal {
            id: Id::Screen(1),
            asked: start,
        };
        let mut asked = |id, seconds| dismissal.holds(&id, start + Duration::from_secs(seconds));
        assert!((1..100).all(|second| asked(Id::Screen(1), second)));
        assert!(!asked(Id::Window(1), 100));
        assert!(!asked(Id::Screen(1), 104));
    }
}
