//! Who is where, and what they are told: sessions, rooms and events, without clock or socket.
//!
//! Every function takes the time it is called at; [`Hub::tick`] is called twice a second and does
//! what time brings: heartbeats, departures of those who are not heard of, the end of settling. The
//! caller has one lock around it all, held for microseconds.

mod among;
mod away;
mod census;
mod change;
mod history;
mod mailbox;
mod parked;

pub use among::Entrance;
pub use census::{Census, People};
pub use change::{Change, Outcome, Seat, ServerId};
pub use mailbox::{CutOff, Stream};

use crate::config::Limits;
use among::Among;
use away::Away;
use mailbox::{Letter, Mailbox, Numbers};
use parked::Parked;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use visio_protocol::event::{Departure, Event, RoomPresence, Roster, SealedSignal};
use visio_protocol::refusal::Refusal;
use visio_protocol::request::SendSignal;
use visio_protocol::sealing::sequence_of;
use visio_protocol::session::{Presence, Recipient, Role};
use visio_protocol::{RoomId, SessionId};

/// All sessions and the rooms they are in.
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    /// What events are numbered by.
    numbers: Numbers,
    sessions: HashMap<SessionId, Session>,
    /// Only rooms that somebody is in.
    rooms: HashMap<RoomId, HashMap<SessionId, Member>>,
    /// While it is set, sessions from before a restart are taken back.
    settling: Option<Settling>,
    /// What it takes to be one of several.
    among: Option<Among>,
}

#[derive(Debug)]
struct Session {
    mailbox: Arc<Mailbox>,
    /// Few, so that a list is the smallest thing that does.
    rooms: Vec<RoomId>,
    /// When it last asked for anything.
    heard: Instant,
    /// It says that it lives, so that its silence means something.
    says_so: bool,
    /// The others have been told that it left; it may yet come back.
    away: Option<Away>,
    /// Of several servers, the one that looks after it.
    host: ServerId,
    /// Where in their log something was heard of it last.
    sign: u128,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    role: Role,
    /// The number of the last message that was handed on for it.
    last: u64,
}

#[derive(Debug)]
struct Settling {
    until: Instant,
    /// What was said to sessions that are not back yet.
    parked: Parked,
}

impl Settling {
    fn until(until: Instant) -> Self {
        let parked = Parked::default();
        Self { until, parked }
    }
}

/// What a session learns when it enters a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// The others there.
    pub present: Vec<Presence>,
    /// Whether that is all; while settling nobody can know.
    pub complete: bool,
}

impl Hub {
    /// An empty hub. `restarted`: there may be sessions from before, which are taken back for as
    /// long as the grace period.
    pub fn new(limits: Limits, epoch: u32, restarted: bool, now: Instant) -> Self {
        let settling = restarted.then(|| Settling::until(now + limits.grace));
        Self {
            limits,
            numbers: Numbers::Own { epoch },
            sessions: HashMap::new(),
            rooms: HashMap::new(),
            settling,
            among: None,
        }
    }

    /// Lets a session into a room, or changes its role there. Whether it may is the caller's to
    /// check.
    ///
    /// # Errors
    /// [`Refusal`]: `SessionOver` for one that returns too late, or the limit that is reached.
    pub fn enter(
        &mut self,
        me: SessionId,
        room: RoomId,
        role: Role,
        returning: bool,
        now: Instant,
    ) -> Result<Entered, Refusal> {
        self.heard(me, now);
        if self.member(room, me).is_none()
            && let Some(longest_away) = self.check_place(me, room, returning)?
        {
            self.forget(longest_away);
        }
        Ok(self.admit(me, room, role, now))
    }

    /// Lets a session in that may come in.
    fn admit(&mut self, me: SessionId, room: RoomId, role: Role, now: Instant) -> Entered {
        let was = self.member(room, me).copied();
        if was.is_none() {
            self.add(me, room, now);
        }
        let last = was.map_or(0, |was| was.last);
        self.rooms
            .entry(room)
            .or_default()
            .insert(me, Member { role, last });
        let presence = RoomPresence {
            room,
            presence: Presence { session: me, role },
        };
        match was {
            None => self.tell_others(me, room, &Event::Arrived(presence), now),
            Some(was) if was.role != role => {
                self.tell_others(me, room, &Event::Role(presence), now)
            }
            Some(_) => {}
        }
        Entered {
            present: self.present(me, room),
            complete: self.settling.is_none(),
        }
    }

    /// Takes a session out of a room.
    pub fn leave(&mut self, me: SessionId, room: RoomId, now: Instant) {
        if let Some(session) = self.sessions.get_mut(&me) {
            session.rooms.retain(|other| *other != room);
            if let Some(away) = &mut session.away {
                away.leave(room);
            }
            if session.rooms.is_empty() {
                session.mailbox.close();
                self.sessions.remove(&me);
            }
        }
        self.remove_member(me, room, now);
    }

    /// A room is closed: everybody in it leaves, and whoever may yet come back has no place there
    /// any more. Gives those.
    pub fn close_room(&mut self, room: RoomId, now: Instant) -> Vec<SessionId> {
        let sessions = self.sessions.iter();
        let there: Vec<SessionId> = sessions
            .filter(|(_, session)| session.rooms.contains(&room))
            .map(|(id, _)| *id)
            .collect();
        for session in &there {
            self.leave(*session, room, now);
        }
        there
    }

    /// Hands sealed messages on, in this order; those that were handed on before are dropped. Gives
    /// recipients that are not there.
    ///
    /// # Errors
    /// `SessionUnknown` when the sender is not in the room, `Malformed` when one of the messages is
    /// not sealed; none is then handed on.
    pub fn signal(
        &mut self,
        from: SessionId,
        room: RoomId,
        signals: Vec<SendSignal>,
        now: Instant,
    ) -> Result<Vec<SessionId>, Refusal> {
        self.heard(from, now);
        let mut last = self.member(room, from).ok_or(Refusal::SessionUnknown)?.last;
        let numbers: Option<Vec<u64>> = signals
            .iter()
            .map(|signal| sequence_of(&signal.sealed))
            .collect();
        let numbers = numbers.ok_or(Refusal::Malformed)?;
        let mut unknown = Vec::new();
        for (number, SendSignal { to, sealed }) in numbers.into_iter().zip(signals) {
            if number > last {
                last = number;
                unknown.extend(self.hand_on(
                    SealedSignal {
                        room,
                        from,
                        to,
                        sealed,
                    },
                    now,
                ));
            }
        }
        if let Some(member) = self
            .rooms
            .get_mut(&room)
            .and_then(|members| members.get_mut(&from))
        {
            member.last = last;
        }
        Ok(unknown)
    }

    /// Starts the event stream of a session, after the event with this id.
    ///
    /// # Errors
    /// `SessionUnknown`.
    pub fn listen(
        &mut self,
        me: SessionId,
        last_id: Option<&str>,
        cut_off: CutOff,
        now: Instant,
    ) -> Result<Stream, Refusal> {
        self.heard(me, now);
        let session = self.sessions.get(&me).ok_or(Refusal::SessionUnknown)?;
        let (stream, lost) = session
            .mailbox
            .attach(last_id, cut_off, now)
            .ok_or(Refusal::SessionUnknown)?;
        if lost {
            for room in session.rooms.clone() {
                self.send_roster(me, room, now);
            }
        }
        Ok(stream)
    }

    /// A session says that it lives, and learns the id of its newest event, if its stream is here.
    ///
    /// # Errors
    /// `SessionUnknown`.
    pub fn alive(&mut self, me: SessionId, now: Instant) -> Result<Option<String>, Refusal> {
        self.heard(me, now);
        let session = self.sessions.get_mut(&me).ok_or(Refusal::SessionUnknown)?;
        session.says_so = true;
        let session = &self.sessions[&me];
        let here = !self.is_elsewhere(session);
        Ok(session.mailbox.newest_id().filter(|_| here))
    }

    /// What time brings.
    pub fn tick(&mut self, now: Instant) {
        if self
            .settling
            .as_ref()
            .is_some_and(|settling| now >= settling.until)
        {
            self.settle(now);
        }
        if self.among.is_some() {
            for session in self.sessions.values() {
                session.mailbox.tick(&self.limits, now);
            }
            // Who is gone is gone on all servers: see `overdue`.
            return;
        }
        let gone: Vec<SessionId> = self
            .sessions
            .iter()
            .inspect(|(_, session)| session.mailbox.tick(&self.limits, now))
            .filter(|(id, session)| session.away.is_none() && self.is_gone(**id, session, now))
            .map(|(id, _)| *id)
            .collect();
        for session in gone {
            tracing::info!("a session was not heard of and is gone");
            self.send_away(session, now);
        }
        self.forget_away(now);
    }

    /// The server stops: every stream ends.
    pub fn close(&mut self) {
        for session in self.sessions.values() {
            session.mailbox.close();
        }
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// A session that calls, or has once said that it lives, is gone when nothing was heard from it;
    /// one that only watches when its stream was away, for too long.
    fn is_gone(&self, id: SessionId, session: &Session, now: Instant) -> bool {
        let calls_in = |room: &RoomId| {
            self.member(*room, id)
                .is_some_and(|member| member.role == Role::Calling)
        };
        let speaks = session.says_so || session.rooms.iter().any(calls_in);
        let silent_since = if speaks {
            Some(session.heard)
        } else {
            session.mailbox.away_since()
        };
        silent_since.is_some_and(|since| now.saturating_duration_since(since) > self.limits.grace)
    }

    /// Hands one message on; gives the recipient when it is not there.
    fn hand_on(&mut self, signal: SealedSignal, now: Instant) -> Option<SessionId> {
        let SealedSignal { room, from, to, .. } = signal;
        let event = Event::Signal(signal);
        let Recipient::Session(recipient) = to else {
            self.tell_others(from, room, &event, now);
            return None;
        };
        if self.member(room, recipient).is_some() {
            self.tell(recipient, &self.numbered(Letter::new(&event)), now);
            return None;
        }
        match &mut self.settling {
            Some(settling) => {
                settling.parked.put(recipient, room, Letter::new(&event));
                None
            }
            None => Some(recipient),
        }
    }

    fn member(&self, room: RoomId, session: SessionId) -> Option<&Member> {
        self.rooms.get(&room)?.get(&session)
    }

    /// Whether there is a place for this session in this room; gives who gives up theirs for it.
    fn check_place(
        &self,
        me: SessionId,
        room: RoomId,
        returning: bool,
    ) -> Result<Option<SessionId>, Refusal> {
        if returning && self.settling.is_none() {
            return Err(Refusal::SessionOver);
        }
        let rooms = self.sessions.get(&me).map(|session| session.rooms.len());
        let gives_way = match rooms {
            Some(rooms) if rooms >= self.limits.max_session_rooms => {
                return Err(Refusal::RoomsFull);
            }
            None if self.sessions.len() >= self.limits.max_sessions => {
                Some(self.longest_away().ok_or(Refusal::ServerFull)?)
            }
            _ => None,
        };
        let members = self.rooms.get(&room).map_or(0, HashMap::len);
        if members >= self.limits.max_room_sessions {
            Err(Refusal::RoomFull)
        } else {
            Ok(gives_way)
        }
    }

    fn add(&mut self, me: SessionId, room: RoomId, now: Instant) {
        let numbers = self.numbers;
        let session = self.sessions.entry(me).or_insert_with(|| Session {
            mailbox: Arc::new(Mailbox::new(numbers, now)),
            rooms: Vec::new(),
            heard: now,
            says_so: false,
            away: None,
            host: ServerId::NONE,
            sign: 0,
        });
        session.rooms.push(room);
        let settling = self.settling.as_mut();
        let parked = settling.map(|settling| settling.parked.take(me, room));
        for letter in parked.into_iter().flatten() {
            self.tell(me, &self.numbered(letter), now);
        }
    }

    /// Notes that a session asked for something, and takes it back when it was away.
    fn heard(&mut self, me: SessionId, now: Instant) {
        if let Some(session) = self.sessions.get_mut(&me) {
            session.heard = now;
            if session.away.is_some() && self.may_bring_back() {
                self.bring_back(me, now);
            }
        }
    }

    fn remove_member(&mut self, me: SessionId, room: RoomId, now: Instant) {
        let Some(members) = self.rooms.get_mut(&room) else {
            return;
        };
        let was_there = members.remove(&me).is_some();
        if members.is_empty() {
            self.rooms.remove(&room);
        } else if was_there {
            self.tell_others(me, room, &Event::Left(Departure { room, session: me }), now);
        }
    }

    /// Nobody can return any more: everybody learns who is there now.
    fn settle(&mut self, now: Instant) {
        self.settling = None;
        let places: Vec<(SessionId, RoomId)> = self
            .sessions
            .iter()
            .flat_map(|(id, session)| session.rooms.iter().map(|room| (*id, *room)))
            .collect();
        tracing::info!(
            sessions = self.sessions.len(),
            "settled: sessions from before the restart are back, or gone"
        );
        for (session, room) in places {
            self.send_roster(session, room, now);
        }
    }

    /// A roster is the truth only when nobody may yet return.
    fn send_roster(&self, to: SessionId, room: RoomId, now: Instant) {
        if self.settling.is_none() {
            let present = self.present(to, room);
            let letter = Letter::new(&Event::Roster(Roster { room, present }));
            self.tell(to, &self.numbered(letter), now);
        }
    }

    fn present(&self, except: SessionId, room: RoomId) -> Vec<Presence> {
        let members = self.rooms.get(&room).into_iter().flatten();
        members
            .filter(|(session, _)| **session != except)
            .map(|(session, member)| Presence {
                session: *session,
                role: member.role,
            })
            .collect()
    }

    fn tell_others(&self, except: SessionId, room: RoomId, event: &Event, now: Instant) {
        if self.is_quiet() && !matches!(event, Event::Signal(_)) {
            return;
        }
        let letter = self.numbered(Letter::new(event));
        for session in self.rooms.get(&room).into_iter().flat_map(HashMap::keys) {
            if *session != except {
                self.tell(*session, &letter, now);
            }
        }
    }

    fn tell(&self, session: SessionId, letter: &Letter, now: Instant) {
        if let Some(session) = self.sessions.get(&session) {
            session.mailbox.push(letter, &self.limits, now);
        }
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
