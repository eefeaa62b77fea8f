//! A session's place in a room: who it is, whom it knows, what it seals and opens with. Pure: times
//! are given to it.

use super::roster::Roster;
use super::{Entered, Recipient, Role, SignalingEvent};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use visio_protocol::event::{Event, SealedSignal};
use visio_protocol::message::Signal;
use visio_protocol::relay::RelayAccess;
use visio_protocol::request::{EnterRoom, RoomEntered, SendSignal};
use visio_protocol::sealing::{OpenError, Opener, Sealer};
use visio_protocol::secret::SessionSecret;
use visio_protocol::{RoomKeys, SessionId};

/// After a return to a restarted server, others may say once more what they said before: it is a
/// repetition, and no attack.
const REPETITIONS: Duration = Duration::from_secs(30);

/// Credentials for the relay are not renewed more often, however short-lived they are.
const RENEWAL: Duration = Duration::from_secs(30);

/// One session's place in one room.
pub(super) struct Place {
    pub(super) keys: RoomKeys,
    pub(super) secret: SessionSecret,
    pub(super) role: Role,
    /// Counts the sessions: what was sealed for an earlier one is of no use.
    pub(super) generation: u32,
    /// Where the event stream goes on.
    pub(super) last_id: Option<String>,
    /// When the event stream was lost last.
    pub(super) lost: Option<Instant>,
    /// When a server that had forgotten us took us back.
    returned: Option<Instant>,
    roster: Roster,
    sealer: Sealer,
    opener: Opener,
    /// How to reach the others where there is no direct way, and when that was told.
    relay: Option<(RelayAccess, Instant)>,
    /// The relay may be another by now.
    relay_doubted: bool,
    /// To whom a message of its own has been sent, so that they believe those to the room.
    greeted: HashSet<SessionId>,
}

impl Place {
    pub(super) fn new(keys: RoomKeys, secret: SessionSecret, role: Role) -> Self {
        let me = secret.session_id();
        Self {
            roster: Roster::new(me),
            sealer: Sealer::new(&keys.sealing, keys.room, me),
            opener: Opener::new(&keys.sealing, keys.room, me),
            greeted: HashSet::new(),
            relay: None,
            relay_doubted: false,
            keys,
            secret,
            role,
            generation: 0,
            last_id: None,
            lost: None,
            returned: None,
        }
    }

    /// A new session in the same room, because the others take the old one for gone.
    pub(super) fn replace(&mut self, secret: SessionSecret) {
        let generation = self.generation + 1;
        *self = Self {
            generation,
            ..Self::new(self.keys.clone(), secret, self.role)
        };
    }

    /// The request by which this place is taken.
    pub(super) fn entrance(&self, returning: bool) -> EnterRoom {
        EnterRoom {
            admission: self.keys.admission.clone(),
            role: self.role,
            returning,
        }
    }

    /// A session is in.
    pub(super) fn entered(&mut self, answer: &RoomEntered) -> Entered {
        self.roster.update(&answer.present, false);
        let others = answer
            .present
            .iter()
            .filter(|presence| presence.session != answer.me);
        Entered {
            me: answer.me,
            present: others
                .map(|presence| (presence.session, presence.role))
                .collect(),
        }
    }

    /// The server told of its relay, or that it has none.
    pub(super) fn learn_relay(&mut self, relay: Option<&RelayAccess>, now: Instant) {
        self.relay = relay.map(|access| (access.clone(), now));
        self.relay_doubted = false;
    }

    /// The relay that the server told of may be another by now.
    pub(super) fn doubt_relay(&mut self) {
        self.relay_doubted = self.relay.is_some();
    }

    /// The relay that the server told of last.
    pub(super) fn relay(&self) -> Option<&RelayAccess> {
        self.relay.as_ref().map(|(access, _)| access)
    }

    /// Whether the relay's credentials have lived for half of their time: then new ones are asked for, so that those at hand
    /// are always good for a while. So are they when the relay is in doubt.
    pub(super) fn relay_ages(&self, now: Instant) -> bool {
        self.relay_doubted
            || self.relay.as_ref().is_some_and(|(access, told)| {
                let half = Duration::from_secs(access.seconds / 2);
                now.saturating_duration_since(*told) >= half.max(RENEWAL)
            })
    }

    /// A server that had forgotten us took us back.
    pub(super) fn returned(&mut self, answer: &RoomEntered, now: Instant) -> Vec<SignalingEvent> {
        self.returned = Some(now);
        self.roster.update(&answer.present, answer.complete)
    }

    /// Seals something. What is for the room is sealed for each one alone until they have all heard
    /// from us once.
    pub(super) fn seal(&mut self, to: Recipient, signal: &Signal) -> Vec<SendSignal> {
        let present: Vec<_> = self.roster.sessions().collect();
        let recipients: Vec<Recipient> = match to {
            Recipient::Room if present.is_empty() => Vec::new(),
            Recipient::Room
                if present
                    .iter()
                    .any(|session| !self.greeted.contains(session)) =>
            {
                present.into_iter().map(Recipient::Session).collect()
            }
            to => vec![to],
        };
        let mut sealed = Vec::with_capacity(recipients.len());
        for to in recipients {
            match self.sealer.seal(to, signal) {
                Ok(text) => sealed.push(SendSignal { to, sealed: text }),
                Err(error) => tracing::warn!(%error, "a message can't be sent"),
            }
            if let Recipient::Session(session) = to {
                self.greeted.insert(session);
            }
        }
        sealed
    }

    /// What an event of the stream means for us.
    pub(super) fn hear(&mut self, event: Event, now: Instant) -> Vec<SignalingEvent> {
        let room = self.keys.room;
        match event {
            Event::Arrived(at) | Event::Role(at) if at.room == room => {
                self.roster.see(at.presence).into_iter().collect()
            }
            Event::Left(departure) if departure.room == room => {
                self.greeted.remove(&departure.session);
                self.roster.miss(departure.session).into_iter().collect()
            }
            Event::Roster(roster) if roster.room == room => {
                self.roster.update(&roster.present, true)
            }
            Event::Signal(signal) if signal.room == room => {
                self.open(&signal, now).into_iter().collect()
            }
            // Of another room, where this session is not.
            _ => Vec::new(),
        }
    }

    fn open(&mut self, message: &SealedSignal, now: Instant) -> Option<SignalingEvent> {
        let from = message.from;
        let repetitions = self
            .returned
            .is_some_and(|at| now.saturating_duration_since(at) < REPETITIONS);
        match self.opener.open(from, message.to, &message.sealed) {
            Ok(Signal::Unknown) => None,
            Ok(signal) => Some(SignalingEvent::Signal { from, signal }),
            Err(OpenError::NotIntroduced) => None,
            Err(OpenError::Replayed) if repetitions => None,
            Err(why) => Some(SignalingEvent::Refused {
                from: Some(from),
                why,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use visio_protocol::Invite;

    #[test]
    fn credentials_for_the_relay_are_renewed_at_half_of_their_time_and_not_all_the_time() {
        let invite = Invite::generate("127.0.0.1:8080".parse().unwrap());
        let mut place = Place::new(invite.keys(), SessionSecret::random(), Role::Calling);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(!place.relay_ages(after(9_999)), "there is none");
        for (seconds, renewed) in [(600, 300), (10, 30), (0, 30)] {
            let access = RelayAccess {
                urls: Vec::new(),
                username: String::new(),
                password: String::new(),
                seconds,
            };
            place.learn_relay(Some(&access), start);
            assert!(!place.relay_ages(after(renewed - 1)), "{seconds}");
            assert!(place.relay_ages(after(renewed)), "{seconds}");
        }
        place.learn_relay(None, start);
        assert_eq!(place.relay(), None);
        place.doubt_relay();
        assert!(!place.relay_ages(start), "there was none");
    }

    #[test]
    fn a_relay_in_doubt_is_asked_for_once() {
        let invite = Invite::generate("127.0.0.1:8080".parse().unwrap());
        let mut place = Place::new(invite.keys(), SessionSecret::random(), Role::Calling);
        let access = RelayAccess {
            urls: Vec::new(),
            username: String::new(),
            password: String::new(),
            seconds: 600,
        };
        let now = Instant::now();
        place.learn_relay(Some(&access), now);
        place.doubt_relay();
        assert!(place.relay_ages(now));
        place.learn_relay(Some(&access), now);
        assert!(!place.relay_ages(now));
    }
}
