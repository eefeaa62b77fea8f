//! People who vanished without a word. They are gone from the call, but the connection to them is kept for a while: when their network
//! comes back it carries their picture at once, long before anything could be agreed on anew, and the tile is the same.

use std::time::{Duration, Instant};

use visio_protocol::SessionId;

use super::people;
use crate::call::effect::Effect;
use crate::call::event::LinkChange;
use crate::call::person::{Connection, Person};
use crate::call::state::{CallState, MAX_PRESENT};

/// So long a vanished person is waited for: as long as the path itself is kept open, and as the server keeps their place.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// Takes people out of the call who have vanished. Those to whom there never was a connection are not waited for.
pub(super) fn put(
    state: &mut CallState,
    now: Instant,
    effects: &mut Vec<Effect>,
    vanished: impl Fn(&Person) -> bool,
) {
    let people = std::mem::take(&mut state.people);
    for mut person in people {
        if !vanished(&person) {
            state.people.push(person);
        } else if person.connecting() || person.epoch == 0 || state.away.len() >= MAX_PRESENT {
            effects.push(Effect::CloseLink {
                session: person.session,
            });
        } else {
            person.closed_at = None;
            people::unlink(&mut person, Connection::Retrying, now);
            state.away.push(person);
        }
    }
}

/// Somebody who was away shows a sign of life.
pub(super) fn bring_back(state: &mut CallState, is_back: impl Fn(&Person) -> bool) {
    while let Some(index) = state.away.iter().position(&is_back) {
        let person = state.away.remove(index);
        if state.people.len() < MAX_PRESENT {
            state.people.push(person);
        }
    }
}

/// The connection to somebody who is away came up again, or is over. Whether it was one of those.
pub(super) fn link_changed(
    state: &mut CallState,
    session: SessionId,
    epoch: u32,
    change: LinkChange,
    effects: &mut Vec<Effect>,
) {
    let this = |person: &Person| person.session == session && person.epoch == epoch;
    match change {
        LinkChange::Connected => bring_back(state, this),
        LinkChange::Disconnected => {}
        LinkChange::Lost | LinkChange::Closed | LinkChange::Failed => {
            forget(state, effects, this);
        }
    }
}

/// Time passed.
pub(super) fn tick(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    forget(state, effects, |person| {
        now.duration_since(person.unlinked_since) >= KEPT_FOR
    });
}

/// Waits for them no longer.
pub(super) fn forget(
    state: &mut CallState,
    effects: &mut Vec<Effect>,
    is_over: impl Fn(&Person) -> bool,
) {
    state.away.retain(|person| {
        let over = is_over(person);
        if over {
            effects.push(Effect::CloseLink {
                session: person.session,
            });
        }
        !over
    });
}
