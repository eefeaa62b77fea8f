//! Mending connections: when to push again, and when somebody is gone.

use std::time::{Duration, Instant};

use visio_protocol::{PersonId, Recipient, SessionId, Signal};

use super::people;
use crate::call::effect::Effect;
use crate::call::person::{Connection, Person};
use crate::call::state::CallState;

/// A first connection takes 0.1 to 2 s; what has not come after this is offered anew.
const CONNECTING_PATIENCE: Duration = Duration::from_secs(6);

/// A restart takes about 0.7 s (measured); after this it is tried again, from scratch.
const RESTART_PATIENCE: Duration = Duration::from_secs(3);

/// How long the answering side leaves the restart to the offerer before it asks: the offerer may not notice a one-way failure.
const ASK_AFTER: Duration = Duration::from_millis(1500);

/// With the server out of reach too, nothing else can tell that somebody is gone: silence for this long does. Under the promised 10 s.
const GONE_AFTER_SILENCE: Duration = Duration::from_secs(9);

/// After so many attempts in vain the tile says that it failed; trying goes on.
const ATTEMPTS_BEFORE_FAILED: u32 = 4;

/// Time passed: push what is stuck, let go of who is gone.
pub(super) fn tick(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    let server_lost = state.server_lost_since.is_some();
    people::remove(state, effects, |person| {
        let silent =
            !person.linked() && now.duration_since(person.unlinked_since) >= GONE_AFTER_SILENCE;
        silent && person.epoch > 0 && (person.left || server_lost)
    });
    if server_lost || !state.calling() {
        return;
    }
    let stuck: Vec<(SessionId, bool)> = state
        .people
        .iter()
        .filter(|person| person.calling && !person.left && !person.linked())
        .filter(|person| now.duration_since(person.pushed_at) >= patience(person, state.session))
        .map(|person| {
            (
                person.session,
                person.attempts > 0 || person.connection == Connection::Connecting,
            )
        })
        .collect();
    for (session, afresh) in stuck {
        push(state, session, afresh, now, effects);
    }
}

fn patience(person: &Person, me: Option<SessionId>) -> Duration {
    let offerer = me.is_some_and(|me| me < person.session);
    match (person.connection, offerer) {
        (Connection::Retrying, true) => RESTART_PATIENCE,
        (Connection::Retrying, false) if person.attempts == 0 => ASK_AFTER,
        (Connection::Retrying, false) => RESTART_PATIENCE,
        _ => CONNECTING_PATIENCE,
    }
}

/// Does the next thing that may bring a connection up: a restart, or a new link; who does not offer asks for it.
pub(super) fn push(
    state: &mut CallState,
    session: SessionId,
    afresh: bool,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    let (Some(me), true, None) = (state.session, state.calling(), state.server_lost_since) else {
        return;
    };
    let Some(person) = state.person_mut(session) else {
        return;
    };
    person.pushed_at = now;
    person.attempts += 1;
    if person.attempts > ATTEMPTS_BEFORE_FAILED {
        person.connection = Connection::Failed;
    }
    if me > session {
        effects.push(Effect::Send(
            Recipient::Session(session),
            Signal::AskOffer { restart: !afresh },
        ));
    } else if afresh || person.epoch == 0 {
        people::open(person, now, effects);
    } else {
        effects.push(Effect::RestartLink { session });
    }
}

/// They ask us, the offerer, for an offer.
pub(super) fn asked(
    state: &mut CallState,
    from: SessionId,
    restart: bool,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    let (Some(me), true) = (state.session, state.calling()) else {
        return;
    };
    let Some(person) = state.person_mut(from) else {
        return;
    };
    // One request a second is plenty; more would keep a link from ever coming up.
    if me > from || now.duration_since(person.pushed_at) < Duration::from_secs(1) {
        return;
    }
    person.pushed_at = now;
    if restart && person.linked() {
        effects.push(Effect::RestartLink { session: from });
    } else {
        people::open(person, now, effects);
    }
}

/// The user wants it tried now.
pub(super) fn retry(state: &mut CallState, id: PersonId, now: Instant, effects: &mut Vec<Effect>) {
    let Some(session) = state
        .people
        .iter()
        .find(|person| person.id == id)
        .map(|person| person.session)
    else {
        return;
    };
    if let Some(person) = state.person_mut(session) {
        person.attempts = 1;
    }
    push(state, session, true, now, effects);
}
