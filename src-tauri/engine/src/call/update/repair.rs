//! Mending connections: when to push again, and when somebody is gone.
//!
//! A path that dies is offered anew at once, by the one who offers; who does not asks for it, in case only they have noticed. An offer costs
//! the old path nothing until it is answered (see `link/`), so that a path that comes back by itself is simply used again. What does not
//! help is tried again, less and less often: restarts first, then a new connection under the same tile.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use visio_protocol::{PersonId, Recipient, SessionId, Signal};

use super::{away, people};
use crate::call::effect::Effect;
use crate::call::mending::Stage;
use crate::call::person::{Connection, Person};
use crate::call::state::CallState;
use crate::network::NetworkChange;

/// With the server out of reach too, nothing else can tell that somebody is gone: silence for this long does. Under the promised 10 s.
const GONE_AFTER_SILENCE: Duration = Duration::from_secs(9);

/// Who closes a connection is most likely leaving, and their goodbye, which goes by the server, is a moment behind: only when none
/// has come after this is it spoken of as lost.
const CLOSED_PATIENCE: Duration = Duration::from_millis(1500);

/// Time passed: push what is stuck, let go of who is gone.
pub(super) fn tick(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    let server_lost = state.server_lost_since.is_some();
    // When everybody is silent and the server too, it is most likely we who are cut off, and nobody is gone.
    let cut_off = server_lost && !state.people.iter().any(Person::linked);
    away::put(state, now, effects, |person| {
        let silent =
            !person.linked() && now.duration_since(person.unlinked_since) >= GONE_AFTER_SILENCE;
        silent && person.epoch > 0 && (person.left || (server_lost && !cut_off))
    });
    away::tick(state, now, effects);
    for session in miss_closed(state, now) {
        push(state, session, now, effects);
    }
    if !can_mend(state) {
        return;
    }
    let mut stuck = Vec::new();
    for person in &mut state.people {
        let wanted = person.calling && !person.left && person.closed_at.is_none();
        let unfinished = !person.linked() || person.mending.stage() != Stage::Idle;
        if !wanted || !unfinished || !person.mending.is_stuck(person.connecting(), now) {
            continue;
        }
        if person.linked() && person.mending.is_pointless() {
            person.mending.start_over();
            person.mending.wait(now);
        } else {
            stuck.push(person.session);
        }
    }
    for session in stuck {
        push(state, session, now, effects);
    }
}

/// Those who closed the connection and have said no goodbye are missed from now on.
fn miss_closed(state: &mut CallState, now: Instant) -> Vec<SessionId> {
    let mut missed = Vec::new();
    for person in &mut state.people {
        let closed = person.closed_at;
        if closed.is_some_and(|at| now.duration_since(at) >= CLOSED_PATIENCE) {
            person.closed_at = None;
            people::unlink(person, Connection::Retrying, now);
            person.mending.give_up_link();
            missed.push(person.session);
        }
    }
    missed
}

/// Whether anything can be said to the others.
fn can_mend(state: &CallState) -> bool {
    state.session.is_some()
        && state.calling()
        && state.server_lost_since.is_none()
        && !state.offline()
}

/// Does the next thing that may bring a connection up: a restart, or a new link; who does not offer asks for it.
pub(super) fn push(
    state: &mut CallState,
    session: SessionId,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    let can_mend = can_mend(state);
    let me = state.session;
    let (Some(me), Some(person)) = (me, state.person_mut(session)) else {
        return;
    };
    if !can_mend {
        // As soon as something can be said.
        person.mending.failed(now);
        return;
    }
    // A path that lives is never given up for one that may be better.
    let afresh = person.epoch == 0
        || person.connecting()
        || (!person.linked() && person.mending.wants_afresh());
    if me > session {
        person.mending.begin(Stage::Asked, now);
        effects.push(Effect::Send(
            Recipient::Session(session),
            Signal::AskOffer { restart: !afresh },
        ));
    } else {
        person.mending.begin(Stage::Offered, now);
        if afresh {
            people::open(person, now, effects);
        } else {
            effects.push(Effect::RestartLink { session });
        }
    }
    if person.mending.is_hopeless() {
        person.connection = Connection::Failed;
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
    let restart = restart && person.epoch > 0 && !person.connecting();
    if me > from || person.mending.is_busy_with_it(restart, now) {
        return;
    }
    if restart && person.linked() && person.mending.is_out_of_date(now) {
        return;
    }
    person.mending.begin(Stage::Offered, now);
    if restart {
        effects.push(Effect::RestartLink { session: from });
    } else {
        people::open(person, now, effects);
    }
}

/// The server can be reached again: what could not be said meanwhile is said now.
pub(super) fn resumed(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    let waiting: Vec<SessionId> = state
        .people
        .iter()
        .filter(|person| person.calling && !person.left)
        .filter(|person| person.mending.stage() == Stage::Failed)
        .map(|person| person.session)
        .collect();
    for session in waiting {
        push(state, session, now, effects);
    }
}

/// This machine's network changed: paths that are dead by that are made anew before anybody misses them, and so are all when there is a
/// better way out.
pub(super) fn network_changed(
    state: &mut CallState,
    change: NetworkChange,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    let NetworkChange { addresses, moved } = change;
    let was_offline = state.offline();
    let before = state.addresses.replace(addresses.clone());
    let Some(before) = before else {
        return;
    };
    if state.offline() {
        return;
    }
    let gone = |ip: &IpAddr| before.contains(ip) && !addresses.contains(ip);
    if moved || was_offline || before.iter().any(gone) {
        effects.push(Effect::ReconnectServer);
    }
    let affected: Vec<SessionId> = state
        .people
        .iter()
        .filter(|person| person.calling && person.epoch > 0)
        .filter(|person| moved || !person.linked() || person.local_ip().is_some_and(|ip| gone(&ip)))
        .map(|person| person.session)
        .collect();
    for session in affected {
        if let Some(person) = state.person_mut(session) {
            person.mending.start_over();
        }
        push(state, session, now, effects);
    }
}

/// The user wants it tried now.
pub(super) fn retry(state: &mut CallState, id: PersonId, now: Instant, effects: &mut Vec<Effect>) {
    let Some(person) = state.people.iter_mut().find(|person| person.id == id) else {
        return;
    };
    person.mending.start_over();
    person.mending.give_up_link();
    let session = person.session;
    push(state, session, now, effects);
}
