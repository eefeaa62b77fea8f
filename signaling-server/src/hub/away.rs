//! Sessions that are gone for the others and may yet come back: a network that was away for longer
//! than the grace period. They keep their id, and with it the connections that they have to others.

use super::{Hub, Member};
use std::time::Instant;
use visio_protocol::event::{Event, RoomPresence};
use visio_protocol::session::Presence;
use visio_protocol::{RoomId, SessionId};

/// Where a session was before it was gone.
#[derive(Debug)]
pub(super) struct Away {
    pub(super) since: Instant,
    /// At most as many as a session may have rooms.
    pub(super) places: Vec<(RoomId, Member)>,
}

impl Away {
    /// It leaves this room on purpose.
    pub(super) fn leave(&mut self, room: RoomId) {
        self.places.retain(|(other, _)| *other != room);
    }
}

impl Hub {
    /// The others are told that the session left; its place is remembered.
    pub(super) fn send_away(&mut self, me: SessionId, now: Instant) {
        let Some(session) = self.sessions.get(&me) else {
            return;
        };
        session.mailbox.cut(now);
        let mut places = Vec::new();
        for room in session.rooms.clone() {
            places.extend(self.member(room, me).map(|member| (room, *member)));
            self.remove_member(me, room, now);
        }
        if let Some(session) = self.sessions.get_mut(&me) {
            session.away = Some(Away { since: now, places });
        }
    }

    /// It is back: the others are told that it arrived, and it, who is there now.
    pub(super) fn bring_back(&mut self, me: SessionId, now: Instant) {
        let Some(session) = self.sessions.get_mut(&me) else {
            return;
        };
        let Some(away) = session.away.take() else {
            return;
        };
        tracing::info!("a session that was gone is back");
        for (room, member) in away.places {
            let members = self.rooms.entry(room).or_default();
            if members.len() >= self.limits.max_room_sessions {
                self.lose_place(me, room);
                continue;
            }
            members.insert(me, member);
            let presence = Presence {
                session: me,
                role: member.role,
            };
            let arrived = Event::Arrived(RoomPresence { room, presence });
            self.tell_others(me, room, &arrived, now);
            self.send_roster(me, room, now);
        }
    }

    /// Its place was taken by somebody else meanwhile.
    fn lose_place(&mut self, me: SessionId, room: RoomId) {
        if let Some(session) = self.sessions.get_mut(&me) {
            session.rooms.retain(|other| *other != room);
        }
    }

    /// Forgets those who have been away for too long.
    pub(super) fn forget_away(&mut self, now: Instant) {
        let patience = self.limits.return_time;
        self.sessions.retain(|_, session| {
            let over = session
                .away
                .as_ref()
                .is_some_and(|away| now.saturating_duration_since(away.since) >= patience);
            if over {
                session.mailbox.close();
            }
            !over
        });
    }

    /// Whoever has been away for longest: the first to give up their place when somebody wants to come
    /// in and there is none.
    pub(super) fn longest_away(&self) -> Option<SessionId> {
        let away = self.sessions.iter();
        let longest = away
            .filter_map(|(id, session)| Some((session.away.as_ref()?.since, *id)))
            .min();
        longest.map(|(_, id)| id)
    }

    /// Nobody waits any more for one that is away.
    pub(super) fn forget(&mut self, me: SessionId) {
        if self.sessions.get(&me).is_some_and(|it| it.away.is_some())
            && let Some(session) = self.sessions.remove(&me)
        {
            session.mailbox.close();
        }
    }
}
