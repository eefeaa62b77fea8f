//! The call's state, told to the page: at once when something happened, ten times a second when only a level moved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

/// Between two tellings of nothing but levels. A meter moves smoothly at 10 Hz, and each telling costs the page a rendering.
const LEVELS_EVERY: Duration = Duration::from_millis(100);

/// Hands each state that is due to `tell`, until the one who has the states is gone; the last one is always told.
pub async fn follow<State: Serialize>(
    mut states: watch::Receiver<Arc<State>>,
    mut tell: impl FnMut(Value),
) {
    let mut pace = Pace::default();
    loop {
        let now = Instant::now();
        let state = serde_json::to_value(&*states.borrow_and_update()).unwrap_or_else(|error| {
            tracing::error!(%error, "the call's state can't be written as JSON");
            Value::Null
        });
        let hold = pace.hold(&state, now);
        if hold.is_zero() {
            pace.told(&state, now);
            tell(state);
            if states.changed().await.is_err() {
                return;
            }
        } else if let Ok(Err(_gone)) = tokio::time::timeout(hold, states.changed()).await {
            return tell(state);
        }
    }
}

/// Decides when a state is told. Pure: the clock is an argument.
#[derive(Default)]
struct Pace {
    told: Option<(Value, Instant)>,
}

impl Pace {
    /// How long to hold `state` back at `now`; zero: tell it.
    fn hold(&self, state: &Value, now: Instant) -> Duration {
        match &self.told {
            Some((told, at)) if *told == without_levels(state) => {
                LEVELS_EVERY.saturating_sub(now.duration_since(*at))
            }
            _ => Duration::ZERO,
        }
    }

    /// `state` was told at `now`.
    fn told(&mut self, state: &Value, now: Instant) {
        self.told = Some((without_levels(state), now));
    }
}

fn without_levels(state: &Value) -> Value {
    let mut state = state.clone();
    if let Some(level) = state.pointer_mut("/me/microphone/level") {
        *level = Value::Null;
    }
    state
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(level: f64, muted: bool) -> Value {
        json!({"me": {"microphone": {"level": level, "muted": muted}}, "people": []})
    }

    #[test]
    fn what_happened_is_told_at_once() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.hold(&state(0.1, false), now), Duration::ZERO);
        pace.told(&state(0.1, false), now);
        assert_eq!(pace.hold(&state(0.1, true), now), Duration::ZERO);
    }

    #[test]
    fn a_level_waits_for_its_turn() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.told(&state(0.1, false), now);
        let later = now + Duration::from_millis(30);
        assert_eq!(
            pace.hold(&state(0.2, false), later),
            Duration::from_millis(70)
        );
        assert_eq!(
            pace.hold(&state(0.2, false), later + Duration::from_millis(70)),
            Duration::ZERO
        );
    }
    #[tokio::test]
    async fn what_a_call_says_last_is_told_last() {
        let (says, states) = watch::channel(Arc::new(state(0.0, false)));
        let (mut told, mut levels) = (Vec::new(), vec![0.3, 0.2, 0.1]);
        let mut says = Some(says);
        follow(states, |state| {
            told.push(state["me"]["microphone"]["level"].as_f64());
            // The first telling is answered with a burst of levels, and the end of the call.
            if let Some(says) = says.take() {
                while let Some(level) = levels.pop() {
                    says.send_replace(Arc::new(self::state(level, false)));
                }
            }
        })
        .await;
        assert_eq!(told, [Some(0.0), Some(0.3)]);
    }
}
