//! A hub that shares its rooms with those of other servers.
//!
//! Every hub has all sessions and all rooms, and does what the log says in the order of the log, so
//! that all of them come to the same. Each session is looked after by one server, its host: the one
//! that has its event stream. That one alone says when it is gone, until the host itself is.

use super::away::Away;
use super::change::{Change, Outcome, Seat, ServerId};
use super::mailbox::{Letter, Numbers};
use super::{Hub, Member, Session, Settling};
use crate::config::Limits;
use std::collections::{HashMap, HashSet};
use std::time::Instant;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::SendSignal;
use visio_protocol::sealing::sequence_of;
use visio_protocol::session::Role;
use visio_protocol::{RoomId, SessionId};

/// Sessions in one change, at most: 9 KB of it.
const MAX_TOGETHER: usize = 256;

/// What a hub knows besides where it is one of several.
#[derive(Debug)]
pub(super) struct Among {
    pub(super) me: ServerId,
    /// Where in the log it is.
    position: u128,
    /// A change of the log is being done: it alone may bring somebody back.
    applying: bool,
    /// The log is read from its beginning, onto what is known already: who arrives and leaves is no
    /// news.
    quiet: bool,
    /// Since when servers that look after sessions have not been heard of.
    lost: HashMap<ServerId, Instant>,
    /// Sessions looked after here of which something has changed.
    changed: HashSet<SessionId>,
}

/// What must be looked at before a session may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entrance {
    /// Who gives up their place for it: they have been away for longest.
    pub instead_of: Option<SessionId>,
}

impl Hub {
    /// A hub that shares rooms with others.
    pub fn among(limits: Limits, me: ServerId, now: Instant) -> Self {
        let mut hub = Self::new(limits, 0, false, now);
        hub.numbers = Numbers::Shared;
        hub.among = Some(Among {
            me,
            position: 0,
            applying: false,
            quiet: false,
            lost: HashMap::new(),
            changed: HashSet::new(),
        });
        hub
    }

    /// Does what stands in the log at this place, said by this server.
    ///
    /// # Errors
    /// [`Refusal`], for whoever wanted it.
    pub fn apply(
        &mut self,
        change: Change,
        from: ServerId,
        position: u128,
        now: Instant,
    ) -> Result<Outcome, Refusal> {
        if let Some(among) = &mut self.among {
            among.position = position;
            among.applying = true;
        }
        let outcome = self.perform(change, from, now);
        if let Some(among) = &mut self.among {
            among.applying = false;
        }
        outcome
    }

    fn perform(
        &mut self,
        change: Change,
        from: ServerId,
        now: Instant,
    ) -> Result<Outcome, Refusal> {
        match change {
            Change::Enter {
                session,
                room,
                role,
            } => {
                let new = !self.sessions.contains_key(&session);
                self.heard(session, now);
                let entered = self.admit(session, room, role, now);
                if new {
                    self.host(session, from, now);
                }
                self.sign(session);
                return Ok(Outcome::Entered(entered));
            }
            Change::Leave { session, room } => {
                self.sign(session);
                self.leave(session, room, now);
            }
            Change::Close { room } => {
                for session in self.close_room(room, now) {
                    self.sign(session);
                }
            }
            Change::Say {
                session,
                room,
                signals,
            } => {
                self.sign(session);
                return self
                    .signal(session, room, signals, now)
                    .map(Outcome::Unknown);
            }
            Change::Here { session } => {
                self.heard(session, now);
                self.host(session, from, now);
                self.sign(session);
            }
            Change::Mine { seats } => {
                for seat in seats {
                    self.seat(&seat, from, now);
                }
            }
            Change::Heard { sessions } => {
                for session in sessions {
                    self.heard(session, now);
                    self.sign(session);
                }
            }
            Change::Gone { sessions, position } => {
                for id in sessions {
                    let silent =
                        |session: &Session| session.away.is_none() && session.sign <= position;
                    if self.sessions.get(&id).is_some_and(silent) {
                        tracing::info!("a session was not heard of and is gone");
                        self.send_away(id, now);
                        self.note_changed(id);
                    }
                }
            }
            Change::Forget { sessions } => {
                for id in sessions {
                    self.note_changed(id);
                    self.forget(id);
                }
            }
        }
        Ok(Outcome::Done)
    }

    /// What is looked at before a session may enter; a change that enters it follows.
    ///
    /// # Errors
    /// [`Refusal`]: `SessionOver` for one that returns too late, or the limit that is reached.
    pub fn may_enter(
        &self,
        me: SessionId,
        room: RoomId,
        returning: bool,
    ) -> Result<Entrance, Refusal> {
        let mut entrance = Entrance { instead_of: None };
        let there = self
            .sessions
            .get(&me)
            .is_some_and(|it| it.rooms.contains(&room));
        if !there {
            entrance.instead_of = self.check_place(me, room, returning)?;
        }
        Ok(entrance)
    }

    /// What is looked at before messages are handed on; a change that does so follows.
    ///
    /// # Errors
    /// As [`Hub::signal`].
    pub fn may_say(
        &self,
        me: SessionId,
        room: RoomId,
        signals: &[SendSignal],
    ) -> Result<(), Refusal> {
        let session = self.sessions.get(&me).ok_or(Refusal::SessionUnknown)?;
        if !session.rooms.contains(&room) {
            return Err(Refusal::SessionUnknown);
        }
        let sealed = |signal: &SendSignal| sequence_of(&signal.sealed).is_some();
        let all = signals.iter().all(sealed);
        all.then_some(()).ok_or(Refusal::Malformed)
    }

    /// Where this session is looked after, and whether it is away; `None` for one that is not known.
    pub fn whereabouts(&self, me: SessionId) -> Option<(ServerId, bool)> {
        let session = self.sessions.get(&me)?;
        Some((session.host, session.away.is_some()))
    }

    /// These servers are there. Those that look after somebody and are not among them are lost, from
    /// now on.
    pub fn see_servers(&mut self, there: &HashSet<ServerId>, now: Instant) {
        let hosts: HashSet<ServerId> = self.sessions.values().map(|session| session.host).collect();
        let Some(among) = &mut self.among else { return };
        let me = among.me;
        let lost = |host: &ServerId| *host != me && !there.contains(host);
        among
            .lost
            .retain(|host, _| hosts.contains(host) && lost(host));
        for host in hosts.into_iter().filter(lost) {
            among.lost.entry(host).or_insert_with(|| {
                tracing::info!(
                    "a server is gone: whoever was there has some seconds to come to another"
                );
                now
            });
        }
    }

    /// The log begins anew: nobody knows what the others have missed. Who is looked after elsewhere is
    /// so only once that server says it.
    pub fn doubt_others(&mut self) {
        let Some(among) = &self.among else { return };
        let me = among.me;
        let others = self.sessions.values_mut();
        for session in others.filter(|session| session.host != me) {
            session.host = ServerId::NONE;
        }
    }

    /// Who should be told to be gone, and who to be forgotten: for the log.
    pub fn overdue(&self, now: Instant) -> Vec<Change> {
        let Some(among) = &self.among else {
            return Vec::new();
        };
        let since = |at: Instant| now.saturating_duration_since(at);
        let mut gone = Vec::new();
        let mut forgotten = Vec::new();
        for (id, session) in &self.sessions {
            let lost = among.lost.get(&session.host);
            let mine = session.host == among.me;
            match (&session.away, lost) {
                (Some(away), _)
                    if (mine || lost.is_some()) && since(away.since) >= self.limits.return_time =>
                {
                    forgotten.push(*id);
                }
                (None, Some(lost)) if since(session.heard.max(*lost)) > self.limits.grace => {
                    gone.push(*id)
                }
                (None, None) if mine && self.is_gone(*id, session, now) => gone.push(*id),
                _ => {}
            }
        }
        let position = among.position;
        let gone = gone.chunks(MAX_TOGETHER).map(|sessions| Change::Gone {
            sessions: sessions.to_vec(),
            position,
        });
        let forgotten = forgotten
            .chunks(MAX_TOGETHER)
            .map(|sessions| Change::Forget {
                sessions: sessions.to_vec(),
            });
        gone.chain(forgotten).collect()
    }

    /// Sessions of which something has changed since this was asked last: those that are looked after
    /// here and where they are, and those that no longer are.
    pub fn changed_seats(&mut self) -> (Vec<Seat>, Vec<SessionId>) {
        let Some(among) = &mut self.among else {
            return Default::default();
        };
        let me = among.me;
        let changed = std::mem::take(&mut among.changed);
        let (mine, others): (Vec<_>, Vec<_>) = changed
            .into_iter()
            .partition(|id| self.sessions.get(id).is_some_and(|it| it.host == me));
        (
            mine.iter().filter_map(|id| self.seat_of(id)).collect(),
            others,
        )
    }

    /// All sessions that are looked after here, in changes that say so.
    pub fn all_mine(&self) -> Vec<Change> {
        let Some(among) = &self.among else {
            return Vec::new();
        };
        let mine = self.sessions.iter();
        let mine = mine.filter(|(_, session)| session.host == among.me);
        let seats: Vec<Seat> = mine.filter_map(|(id, _)| self.seat_of(id)).collect();
        let changes = seats.chunks(MAX_TOGETHER);
        changes
            .map(|seats| Change::Mine {
                seats: seats.to_vec(),
            })
            .collect()
    }

    /// Whoever is looked after here is to be written down again.
    pub fn show_all_again(&mut self) {
        let Some(among) = &mut self.among else { return };
        let me = among.me;
        let mine = self
            .sessions
            .iter()
            .filter(|(_, session)| session.host == me);
        among.changed.extend(mine.map(|(id, _)| *id));
    }

    /// There may be sessions from before that no server knows any more: they are taken back for as long
    /// as the grace period.
    pub fn settle_now(&mut self, now: Instant) {
        self.settling = Some(Settling::until(now + self.limits.grace));
    }

    /// Takes over what another server has written down of those it looks after. Nobody is told.
    pub fn adopt(&mut self, host: ServerId, seats: &[Seat], now: Instant) {
        self.quietly(true);
        for seat in seats {
            self.seat(seat, host, now);
        }
        self.quietly(false);
    }

    /// While quiet, nobody is told who arrives and leaves; what is said is kept for them.
    pub fn quietly(&mut self, quiet: bool) {
        if let Some(among) = &mut self.among {
            among.quiet = quiet;
        }
    }

    /// What happened before this place in the log may have been missed: whoever comes here is told who
    /// is there, and those who are here already are told now.
    pub fn know_from(&mut self, position: u128, now: Instant) {
        if let Some(among) = &mut self.among {
            among.position = position;
        }
        let mut places = Vec::new();
        for (id, session) in &self.sessions {
            session.mailbox.known_from(position);
            if session.mailbox.away_since().is_none() {
                places.extend(session.rooms.iter().map(|room| (*id, *room)));
            }
        }
        for (session, room) in places {
            self.send_roster(session, room, now);
        }
    }

    /// The letter with the number that it has on all servers.
    pub(super) fn numbered(&self, letter: Letter) -> Letter {
        match &self.among {
            Some(among) => letter.numbered(among.position),
            None => letter,
        }
    }

    /// Whether people are told who arrives and leaves.
    pub(super) fn is_quiet(&self) -> bool {
        self.among.as_ref().is_some_and(|among| among.quiet)
    }

    /// Whether a session that is away comes back when it is heard of. Where there are several servers,
    /// that happens on all of them, or on none.
    pub(super) fn may_bring_back(&self) -> bool {
        self.among
            .as_ref()
            .is_none_or(|among| among.applying || among.quiet)
    }

    /// Whether another server may have the stream of this session.
    pub(super) fn is_elsewhere(&self, session: &Session) -> bool {
        self.among
            .as_ref()
            .is_some_and(|among| among.me != session.host)
    }

    /// This server looks after this session from now on. A stream that it has here ends where that is
    /// another one.
    fn host(&mut self, me: SessionId, host: ServerId, now: Instant) {
        let Some(among) = &self.among else { return };
        let here = among.me;
        if let Some(session) = self.sessions.get_mut(&me) {
            let was = std::mem::replace(&mut session.host, host);
            if was == here && host != here {
                session.mailbox.cut(now);
                if let Some(among) = &mut self.among {
                    among.changed.insert(me);
                }
            }
        }
    }

    /// Something was heard of this session, here in the log.
    fn sign(&mut self, me: SessionId) {
        let position = self.among.as_ref().map_or(0, |among| among.position);
        if let Some(session) = self.sessions.get_mut(&me) {
            session.sign = position;
        }
        self.note_changed(me);
    }

    /// What is written down of a session that is looked after here is no longer so.
    fn note_changed(&mut self, me: SessionId) {
        let Some(among) = &mut self.among else { return };
        let mine = |session: &Session| session.host == among.me;
        if self.sessions.get(&me).is_none_or(mine) {
            among.changed.insert(me);
        }
    }

    fn seat_of(&self, id: &SessionId) -> Option<Seat> {
        let session = self.sessions.get(id)?;
        let rooms = match &session.away {
            Some(away) => away.places().collect(),
            None => session
                .rooms
                .iter()
                .filter_map(|room| Some((*room, self.member(*room, *id)?.role)))
                .collect(),
        };
        Some(Seat {
            session: *id,
            rooms,
            away: session.away.is_some(),
        })
    }

    /// This session is where its host says. Where it is besides, it stays.
    fn seat(&mut self, seat: &Seat, host: ServerId, now: Instant) {
        let me = seat.session;
        let new = !self.sessions.contains_key(&me);
        if new || !seat.away {
            self.heard(me, now);
            for (room, role) in &seat.rooms {
                self.admit(me, *room, *role, now);
            }
        }
        self.host(me, host, now);
        self.sign(me);
        if !new {
            return;
        }
        let position = self.among.as_ref().map_or(0, |among| among.position);
        if let Some(session) = self.sessions.get(&me) {
            session.mailbox.known_from(position);
        }
        if seat.away {
            self.send_away(me, now);
        }
    }
}

impl Away {
    /// Where it was, and what it did there.
    fn places(&self) -> impl Iterator<Item = (RoomId, Role)> + '_ {
        let places = self.places.iter();
        places.map(|(room, Member { role, .. })| (*room, *role))
    }
}

#[cfg(test)]
#[path = "among_tests.rs"]
mod tests;
