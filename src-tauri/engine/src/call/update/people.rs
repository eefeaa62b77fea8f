//! Who is here, and which link leads to them.

use std::time::Instant;

use visio_protocol::{MediaState, PersonId, PersonName, Role, SessionId};

use super::{away, current, repair};
use crate::call::effect::Effect;
use crate::call::event::LinkChange;
use crate::call::mending::{Mending, Stage};
use crate::call::person::{Connection, PathShown, Person, Quality};
use crate::call::state::{CallState, MAX_PRESENT};

/// What somebody says of themselves.
pub(super) struct Introduction {
    pub id: PersonId,
    pub name: PersonName,
    pub media: MediaState,
    pub session_epoch: u32,
}

/// Somebody said who they are: a new person, or one we know under a new session or name.
pub(super) fn met(
    state: &mut CallState,
    session: SessionId,
    who: Introduction,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    if who.id == state.me.id || state.session == Some(session) {
        return;
    }
    let role = *state.present.entry(session).or_insert(Role::Calling);
    away::bring_back(state, |person| person.id == who.id);
    let index = match state.people.iter().position(|person| person.id == who.id) {
        Some(index) => index,
        None if state.people.len() >= MAX_PRESENT => return,
        None => {
            let shown = state.show;
            let person = Person::new(who.id, session, role, shown, now);
            state.people.push(person);
            state.people.len() - 1
        }
    };
    let person = &mut state.people[index];
    if person.session != session {
        if who.session_epoch < person.session_epoch {
            return;
        }
        // Back under a new session: the same tile, a new link.
        effects.push(Effect::CloseLink {
            session: person.session,
        });
        person.session = session;
        person.epoch = 0;
        person.left = false;
        person.mending = Mending::new(now);
        unlink(person, Connection::Retrying, now);
    }
    person.session_epoch = who.session_epoch;
    person.name = who.name.to_string();
    person.set_media(who.media);
    role_changed(state, session, role, now, effects);
}

/// They went from the lobby into the call, or back; or it is only now that we know them.
pub(super) fn role_changed(
    state: &mut CallState,
    session: SessionId,
    role: Role,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    let Some(person) = state.person_mut(session) else {
        return;
    };
    person.calling = role == Role::Calling;
    person.left = false;
    if !person.calling && person.epoch > 0 {
        effects.push(Effect::CloseLink { session });
        unlink(person, Connection::Connecting, now);
        person.epoch = 0;
    }
    link_to_all(state, now, effects);
}

/// Offers a link to everybody who has none and whom it is on us to offer.
pub(super) fn link_to_all(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    let (Some(me), true) = (state.session, state.calling()) else {
        return;
    };
    for person in state
        .people
        .iter_mut()
        .filter(|person| person.calling && person.epoch == 0)
    {
        if me < person.session {
            open(person, now, effects);
        } else {
            person.mending.wait(now);
        }
    }
}

/// A new link to them, offered by us.
pub(super) fn open(person: &mut Person, now: Instant, effects: &mut Vec<Effect>) {
    person.epoch += 1;
    person.closed_at = None;
    person.mending.opened(Stage::Offered, now);
    effects.push(Effect::OpenLink {
        session: person.session,
        epoch: person.epoch,
        offerer: true,
    });
}

/// They offer a link, or the restart of the one there is.
pub(super) fn offered(
    state: &mut CallState,
    from: SessionId,
    epoch: u32,
    sdp: String,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    let (Some(me), true) = (state.session, state.calling()) else {
        return;
    };
    away::bring_back(state, |person| person.session == from);
    let Some(person) = state.person_mut(from) else {
        return;
    };
    // Only one of two ever offers; an offer the wrong way round is a mistake or a trick.
    if me < from || epoch < person.epoch {
        return;
    }
    person.calling = true;
    if epoch == person.epoch && person.linked() && person.mending.is_out_of_date(now) {
        return;
    }
    if epoch > person.epoch {
        let connection = if person.epoch == 0 {
            person.connection
        } else {
            Connection::Retrying
        };
        person.epoch = epoch;
        person.closed_at = None;
        unlink(person, connection, now);
        person.mending.opened(Stage::Agreed, now);
        effects.push(Effect::OpenLink {
            session: from,
            epoch,
            offerer: false,
        });
    } else {
        person.mending.agree(now);
    }
    effects.push(Effect::AcceptOffer { session: from, sdp });
}

/// They said goodbye.
pub(super) fn said_bye(state: &mut CallState, session: SessionId, effects: &mut Vec<Effect>) {
    state.present.remove(&session);
    away::forget(state, effects, |person| person.session == session);
    remove(state, effects, |person| person.session == session);
}

/// The server gave up their session. While media still flows they are here all the same.
pub(super) fn left(
    state: &mut CallState,
    session: SessionId,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    state.present.remove(&session);
    if let Some(person) = state.person_mut(session) {
        person.left = true;
    }
    // Who has closed the connection is not coming back by it.
    remove(state, effects, |person| {
        person.session == session && (person.closed_at.is_some() || person.epoch == 0)
    });
    away::put(state, now, effects, |person| {
        person.session == session && !person.linked()
    });
}

pub(super) fn remove(
    state: &mut CallState,
    effects: &mut Vec<Effect>,
    gone: impl Fn(&Person) -> bool,
) {
    state.people.retain(|person| {
        let gone = gone(person);
        if gone {
            effects.push(Effect::CloseLink {
                session: person.session,
            });
        }
        !gone
    });
}

/// So tall each of these is shown, and nobody else.
pub(super) fn show(
    state: &mut CallState,
    list: &[(PersonId, Option<u32>)],
    effects: &mut Vec<Effect>,
) {
    for person in &mut state.people {
        let entry = list.iter().find(|(id, _)| *id == person.id);
        let rows = entry.and_then(|(_, rows)| *rows);
        if person.shown != rows {
            person.shown = rows;
            effects.push(Effect::Ask {
                session: person.session,
                rows,
            });
        }
    }
}

/// A link came up or went down.
pub(super) fn link_changed(
    state: &mut CallState,
    session: SessionId,
    epoch: u32,
    change: LinkChange,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    away::link_changed(state, session, epoch, change, effects);
    if !current(state, session, epoch) {
        return;
    }
    let server_lost = state.server_lost_since.is_some();
    let Some(person) = state.person_mut(session) else {
        return;
    };
    let was_linked = person.linked();
    match change {
        LinkChange::Connected => {
            person.connection = Connection::Connected;
            person.closed_at = None;
            person.mending.succeeded(!was_linked, now);
            if server_lost {
                // Where their packets come through, the server is likely to be found as well.
                effects.push(Effect::ReconnectServer);
            }
            return;
        }
        LinkChange::Closed if was_linked && !person.left => {
            person.closed_at = Some(now);
            return;
        }
        LinkChange::Disconnected | LinkChange::Lost => {}
        LinkChange::Closed | LinkChange::Failed => person.mending.give_up_link(),
    }
    if was_linked {
        unlink(person, Connection::Retrying, now);
    }
    if person.left {
        away::put(state, now, effects, |person| person.session == session);
        away::link_changed(state, session, epoch, change, effects);
    } else if person.mending.may_begin(change == LinkChange::Failed) {
        repair::push(state, session, now, effects);
    } else if change == LinkChange::Failed {
        person.mending.failed(now);
    }
}

/// After we got a new session, no link of the old one counts.
pub(super) fn forget_links(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    away::forget(state, effects, |_| true);
    for person in &mut state.people {
        effects.push(Effect::CloseLink {
            session: person.session,
        });
        person.epoch = 0;
        person.closed_at = None;
        person.mending = Mending::new(now);
        unlink(person, Connection::Retrying, now);
    }
}

/// Makes the people agree with who the server says is present.
pub(super) fn reconcile(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    let present = std::mem::take(&mut state.present);
    for person in &mut state.people {
        person.left = !present.contains_key(&person.session);
    }
    away::put(state, now, effects, |person| {
        person.left && !person.linked()
    });
    for (session, role) in &present {
        role_changed(state, *session, *role, now, effects);
    }
    state.present = present;
}

pub(super) fn unlink(person: &mut Person, connection: Connection, now: Instant) {
    person.connection = connection;
    person.unlinked_since = now;
    person.path = PathShown::default();
    person.quality = Quality::Unknown;
    person.speaking = false;
    person.paused = false;
    person.limited_by = None;
}
