//! Who is in the room, as far as we have heard. Pure.
//!
//! What says nothing new gives no event: after a restart of the server everybody arrives once more,
//! and nobody is to notice.

use super::{Role, SignalingEvent};
use std::collections::HashMap;
use visio_protocol::SessionId;
use visio_protocol::event::MAX_PRESENT;
use visio_protocol::session::Presence;

/// The others in the room. Bounded by [`MAX_PRESENT`]; further ones are not believed.
#[derive(Debug)]
pub(super) struct Roster {
    me: SessionId,
    present: HashMap<SessionId, Role>,
}

impl Roster {
    pub(super) fn new(me: SessionId) -> Self {
        Self {
            me,
            present: HashMap::new(),
        }
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.present.keys().copied()
    }

    /// Somebody is there, with this role.
    pub(super) fn see(&mut self, presence: Presence) -> Option<SignalingEvent> {
        let Presence { session, role } = presence;
        if session == self.me {
            return None;
        }
        let full = self.present.len() >= MAX_PRESENT;
        match self.present.get_mut(&session) {
            Some(known) if *known == role => None,
            Some(known) => {
                *known = role;
                Some(SignalingEvent::Role(session, role))
            }
            None if full => None,
            None => {
                self.present.insert(session, role);
                Some(SignalingEvent::Arrived(session, role))
            }
        }
    }

    /// Somebody is no longer there.
    pub(super) fn miss(&mut self, session: SessionId) -> Option<SignalingEvent> {
        self.present
            .remove(&session)
            .map(|_| SignalingEvent::Left(session))
    }

    /// These are there; when `complete`, nobody else is.
    pub(super) fn update(&mut self, present: &[Presence], complete: bool) -> Vec<SignalingEvent> {
        let mut events = Vec::new();
        if complete {
            let gone =
                |session: &SessionId| present.iter().all(|presence| presence.session != *session);
            let gone: Vec<_> = self.sessions().filter(gone).collect();
            events.extend(gone.into_iter().filter_map(|session| self.miss(session)));
        }
        events.extend(present.iter().filter_map(|presence| self.see(*presence)));
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> (Roster, Presence, Presence) {
        let there = |role| Presence {
            session: SessionId::random(),
            role,
        };
        (
            Roster::new(SessionId::random()),
            there(Role::Calling),
            there(Role::Watching),
        )
    }

    #[test]
    fn who_arrives_twice_arrives_once() {
        let (mut roster, anna, _) = roster();
        assert_eq!(
            roster.see(anna),
            Some(SignalingEvent::Arrived(anna.session, Role::Calling))
        );
        assert_eq!(roster.see(anna), None);
        assert_eq!(
            roster.miss(anna.session),
            Some(SignalingEvent::Left(anna.session))
        );
        assert_eq!(roster.miss(anna.session), None);
    }

    #[test]
    fn an_incomplete_list_makes_nobody_leave_and_a_complete_one_does() {
        let (mut roster, anna, ben) = roster();
        roster.update(&[anna, ben], true);
        assert_eq!(roster.update(&[anna], false), []);
        assert_eq!(
            roster.update(&[anna], true),
            [SignalingEvent::Left(ben.session)]
        );
    }

    #[test]
    fn a_list_tells_of_changed_roles_and_leaves_out_ourselves() {
        let (mut roster, anna, _) = roster();
        let me = Presence {
            session: roster.me,
            role: Role::Calling,
        };
        roster.update(&[anna, me], true);
        let watching = Presence {
            role: Role::Watching,
            ..anna
        };
        assert_eq!(
            roster.update(&[watching, me], true),
            [SignalingEvent::Role(anna.session, Role::Watching)]
        );
    }

    #[test]
    fn a_server_that_invents_people_is_not_believed_without_end() {
        let (mut roster, ..) = roster();
        for _ in 0..2 * MAX_PRESENT {
            roster.see(Presence {
                session: SessionId::random(),
                role: Role::Calling,
            });
        }
        assert_eq!(roster.sessions().count(), MAX_PRESENT);
    }
}
