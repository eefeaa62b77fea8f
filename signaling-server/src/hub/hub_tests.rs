//! Rooms in virtual time: who enters, who vanishes, who returns, and what the others hear of it.

use super::*;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use visio_protocol::sealing::Sealer;
use visio_protocol::secret::InviteSecret;
use visio_protocol::sse::StreamReader;
use visio_protocol::{RoomKeys, Signal};

const SECOND: Duration = Duration::from_secs(1);

struct World {
    hub: Hub,
    now: Instant,
    room: RoomId,
    sealers: HashMap<SessionId, Sealer>,
}

impl World {
    fn new() -> Self {
        Self::with(Limits::default(), false)
    }

    fn restarted() -> Self {
        Self::with(Limits::default(), true)
    }

    fn with(limits: Limits, restarted: bool) -> Self {
        let now = Instant::now();
        Self {
            hub: Hub::new(limits, 1, restarted, now),
            now,
            room: RoomId::random(),
            sealers: HashMap::new(),
        }
    }

    fn enter(&mut self, role: Role) -> (SessionId, Stream) {
        let me = SessionId::random();
        self.hub
            .enter(me, self.room, role, false, self.now)
            .unwrap();
        (me, self.listen(me))
    }

    /// What `from` says next.
    fn seal(&mut self, from: SessionId, to: Recipient) -> SendSignal {
        let keys = RoomKeys::derive(&InviteSecret::from_bytes([1; 16]));
        let new = || Sealer::new(&keys.sealing, keys.room, from);
        let sealer = self.sealers.entry(from).or_insert_with(new);
        SendSignal {
            to,
            sealed: sealer.seal(to, &Signal::Bye).unwrap(),
        }
    }

    fn say(&mut self, from: SessionId, to: Recipient) -> Result<Vec<SessionId>, Refusal> {
        let signal = self.seal(from, to);
        self.hub.signal(from, self.room, vec![signal], self.now)
    }

    fn listen(&mut self, me: SessionId) -> Stream {
        self.hub
            .listen(me, None, CutOff::default(), self.now)
            .unwrap()
    }

    /// Lets time pass, with a tick each half second and a sign of life from `alive`.
    fn pass(&mut self, time: Duration, alive: &[SessionId]) {
        let end = self.now + time;
        while self.now < end {
            self.now += SECOND / 2;
            for session in alive {
                self.hub.alive(*session, self.now).unwrap();
            }
            self.hub.tick(self.now);
        }
    }

    fn present(&self, except: SessionId) -> usize {
        self.hub.present(except, self.room).len()
    }
}

/// What a stream has ready.
fn heard(stream: &Stream) -> Vec<Event> {
    let mut context = Context::from_waker(Waker::noop());
    let mut reader = StreamReader::new();
    let mut events = Vec::new();
    while let Poll::Ready(Some(text)) = stream.poll_next(&mut context, Instant::now()) {
        reader
            .push(&text, |event| {
                events.extend(Event::parse(&event.name, &event.data).unwrap())
            })
            .unwrap();
    }
    events
}

#[test]
fn who_is_there_hears_of_arrivals_role_changes_and_departures() {
    let mut world = World::new();
    let (_anna, hears) = world.enter(Role::Calling);
    let (ben, _) = world.enter(Role::Watching);
    world
        .hub
        .enter(ben, world.room, Role::Calling, false, world.now)
        .unwrap();
    world
        .hub
        .enter(ben, world.room, Role::Calling, false, world.now)
        .unwrap();
    world.hub.leave(ben, world.room, world.now);
    let room = world.room;
    let at = |role| RoomPresence {
        room,
        presence: Presence { session: ben, role },
    };
    assert_eq!(
        heard(&hears),
        [
            Event::Arrived(at(Role::Watching)),
            Event::Role(at(Role::Calling)),
            Event::Left(Departure { room, session: ben }),
        ]
    );
}

#[test]
fn a_message_reaches_its_recipient_alone_and_one_to_the_room_everybody_else() {
    let mut world = World::new();
    let (anna, anna_hears) = world.enter(Role::Calling);
    let (ben, ben_hears) = world.enter(Role::Calling);
    let (_carla, carla_hears) = world.enter(Role::Calling);
    heard(&anna_hears);
    heard(&ben_hears);
    world.say(anna, ben.into()).unwrap();
    assert_eq!(heard(&ben_hears).len(), 1);
    assert_eq!(heard(&carla_hears).len(), 0);
    world.say(anna, Recipient::Room).unwrap();
    assert_eq!(heard(&anna_hears).len(), 0);
    assert_eq!(heard(&ben_hears).len(), 1);
    assert_eq!(heard(&carla_hears).len(), 1);
}

#[test]
fn somebody_who_calls_and_falls_silent_is_gone_within_nine_seconds_though_their_stream_hangs_on() {
    let mut world = World::new();
    let (anna, anna_hears) = world.enter(Role::Calling);
    let (ben, _ben_hears) = world.enter(Role::Calling);
    heard(&anna_hears);
    world.pass(SECOND * 8, &[anna]);
    assert_eq!(world.present(anna), 1);
    world.pass(SECOND, &[anna]);
    assert_eq!(
        heard(&anna_hears),
        [Event::Left(Departure {
            room: world.room,
            session: ben
        })]
    );
    world.pass(SECOND * 61, &[anna]);
    assert_eq!(
        world.hub.alive(ben, world.now),
        Err(Refusal::SessionUnknown)
    );
}

#[test]
fn somebody_who_was_gone_for_twenty_seconds_is_back_with_the_first_word() {
    let mut world = World::new();
    let (anna, anna_hears) = world.enter(Role::Calling);
    let (ben, ben_hears) = world.enter(Role::Calling);
    world.pass(SECOND * 20, &[anna]);
    let (carla, _) = world.enter(Role::Calling);
    heard(&anna_hears);
    heard(&ben_hears);
    world.hub.alive(ben, world.now).unwrap();
    let (room, role) = (world.room, Role::Calling);
    let presence = Presence { session: ben, role };
    let arrived = Event::Arrived(RoomPresence { room, presence });
    assert_eq!(heard(&anna_hears), [arrived]);
    // And is told who is there now.
    let ben_hears = world.listen(ben);
    let Some(Event::Roster(roster)) = heard(&ben_hears).pop() else {
        panic!("a roster");
    };
    let there = |session| roster.present.iter().any(|at| at.session == session);
    assert!(roster.present.len() == 2 && there(anna) && there(carla));
    assert_eq!(world.say(anna, ben.into()), Ok(vec![]));
    world.pass(SECOND * 60, &[anna, ben, carla]);
    assert_eq!(heard(&anna_hears), []);
}

#[test]
fn somebody_who_is_away_keeps_nobody_out() {
    let limits = Limits {
        max_sessions: 2,
        max_room_sessions: 2,
        ..Limits::default()
    };
    let mut world = World::with(limits, false);
    let (anna, _anna_hears) = world.enter(Role::Calling);
    let (ben, _ben_hears) = world.enter(Role::Calling);
    world.pass(SECOND * 20, &[anna]);
    world.enter(Role::Calling);
    assert_eq!(world.present(anna), 1);
    assert_eq!(
        world.hub.alive(ben, world.now),
        Err(Refusal::SessionUnknown),
        "the server has forgotten them for it"
    );
}

#[test]
fn somebody_who_leaves_while_they_are_away_does_not_come_back() {
    let mut world = World::new();
    let (anna, anna_hears) = world.enter(Role::Calling);
    let (ben, _ben_hears) = world.enter(Role::Calling);
    world.pass(SECOND * 20, &[anna]);
    heard(&anna_hears);
    world.hub.leave(ben, world.room, world.now);
    assert_eq!(heard(&anna_hears), []);
    assert_eq!(world.hub.session_count(), 1);
}

#[test]
fn somebody_who_watches_stays_for_as_long_as_their_stream() {
    let mut world = World::new();
    let (anna, _anna_hears) = world.enter(Role::Watching);
    let (_ben, ben_hears) = world.enter(Role::Watching);
    world.pass(SECOND * 60, &[]);
    assert_eq!(world.present(anna), 1);
    drop(ben_hears);
    world.now = Instant::now();
    world.pass(SECOND * 9, &[]);
    assert_eq!(world.present(anna), 0);
}

#[test]
fn somebody_who_watches_and_says_that_they_live_is_missed_as_soon_as_a_caller() {
    let mut world = World::new();
    let (anna, _anna_hears) = world.enter(Role::Watching);
    let (ben, _ben_hears) = world.enter(Role::Watching);
    world.pass(SECOND * 30, &[anna, ben]);
    assert_eq!(world.present(anna), 1);
    world.pass(SECOND * 9, &[anna]);
    assert_eq!(world.present(anna), 0, "though their stream hangs on");
}

#[test]
fn a_stream_that_is_back_in_time_was_a_pause_and_not_a_departure() {
    let mut world = World::new();
    let (anna, anna_hears) = world.enter(Role::Calling);
    let (ben, ben_hears) = world.enter(Role::Calling);
    heard(&anna_hears);
    drop(ben_hears);
    world.pass(SECOND * 6, &[anna]);
    let _ben_hears = world.listen(ben);
    world.pass(SECOND * 6, &[anna, ben]);
    assert_eq!(heard(&anna_hears), []);
}

#[test]
fn after_a_restart_sessions_come_back_and_nobody_leaves() {
    let mut world = World::restarted();
    let (anna, ben) = (SessionId::random(), SessionId::random());
    let entered = world
        .hub
        .enter(anna, world.room, Role::Calling, true, world.now)
        .unwrap();
    assert!(!entered.complete);
    let anna_hears = world.listen(anna);
    world.pass(SECOND * 3, &[anna]);
    world
        .hub
        .enter(ben, world.room, Role::Calling, true, world.now)
        .unwrap();
    let _ben_hears = world.listen(ben);
    world.pass(SECOND * 6, &[anna, ben]);
    let presence = Presence {
        session: ben,
        role: Role::Calling,
    };
    assert_eq!(
        heard(&anna_hears),
        [
            Event::Arrived(RoomPresence {
                room: world.room,
                presence
            }),
            Event::Roster(Roster {
                room: world.room,
                present: vec![presence]
            }),
        ]
    );
}

#[test]
fn a_message_to_somebody_who_is_not_back_yet_waits_for_them() {
    let mut world = World::restarted();
    let (anna, ben) = (SessionId::random(), SessionId::random());
    world
        .hub
        .enter(anna, world.room, Role::Calling, true, world.now)
        .unwrap();
    world.say(anna, ben.into()).unwrap();
    world
        .hub
        .enter(ben, world.room, Role::Calling, true, world.now)
        .unwrap();
    let ben_hears = world.listen(ben);
    assert!(matches!(&heard(&ben_hears)[..], [Event::Signal(signal)] if signal.from == anna));
}

#[test]
fn who_returns_after_the_others_were_told_enters_under_a_new_name() {
    let mut world = World::restarted();
    let late = SessionId::random();
    world.pass(SECOND * 9, &[]);
    let room = world.room;
    assert_eq!(
        world.hub.enter(late, room, Role::Calling, true, world.now),
        Err(Refusal::SessionOver)
    );
    assert!(
        world
            .hub
            .enter(late, room, Role::Calling, false, world.now)
            .unwrap()
            .complete
    );
}

#[test]
fn a_message_to_nobody_and_one_from_nobody_are_refused() {
    let mut world = World::new();
    let (anna, _hears) = world.enter(Role::Calling);
    let nobody = SessionId::random();
    let to_nobody = world.say(anna, nobody.into());
    assert_eq!(to_nobody, Ok(vec![nobody]));
    let from_nobody = world.say(nobody, anna.into());
    assert_eq!(from_nobody, Err(Refusal::SessionUnknown));
}

#[test]
fn who_missed_more_than_is_kept_is_told_who_is_there() {
    let limits = Limits {
        history_events: 4,
        ..Limits::default()
    };
    let mut world = World::with(limits, false);
    let (anna, hears) = world.enter(Role::Watching);
    drop(hears);
    for _ in 0..6 {
        world.enter(Role::Watching);
    }
    let hears = world.listen(anna);
    let events = heard(&hears);
    assert!(
        matches!(events.last(), Some(Event::Roster(roster)) if roster.present.len() == 6),
        "{events:?}"
    );
}

#[test]
fn the_number_of_sessions_is_bounded_in_a_room_and_in_all() {
    let limits = Limits {
        max_sessions: 3,
        max_room_sessions: 2,
        max_session_rooms: 2,
        ..Limits::default()
    };
    let mut world = World::with(limits, false);
    let (anna, _hears) = world.enter(Role::Calling);
    world.enter(Role::Calling);
    let (now, room) = (world.now, world.room);
    let mut enter = |session, room| {
        world
            .hub
            .enter(session, room, Role::Calling, false, now)
            .map(|_| ())
    };
    assert_eq!(enter(SessionId::random(), room), Err(Refusal::RoomFull));
    assert_eq!(enter(SessionId::random(), RoomId::random()), Ok(()));
    assert_eq!(
        enter(SessionId::random(), RoomId::random()),
        Err(Refusal::ServerFull)
    );
    assert_eq!(enter(anna, RoomId::random()), Ok(()));
    assert_eq!(enter(anna, RoomId::random()), Err(Refusal::RoomsFull));
}

#[test]
fn nothing_is_left_of_a_room_that_everybody_has_left() {
    let mut world = World::new();
    let (anna, hears) = world.enter(Role::Calling);
    world.hub.leave(anna, world.room, world.now);
    assert_eq!(world.hub.session_count(), 0);
    assert!(world.hub.rooms.is_empty());
    assert_eq!(heard(&hears), []);
}

#[test]
fn a_request_that_is_made_twice_is_carried_out_once() {
    let mut world = World::new();
    let (anna, _anna_hears) = world.enter(Role::Calling);
    let (ben, ben_hears) = world.enter(Role::Calling);
    let batch = vec![world.seal(anna, ben.into()), world.seal(anna, ben.into())];
    for _ in 0..2 {
        assert_eq!(
            world.hub.signal(anna, world.room, batch.clone(), world.now),
            Ok(vec![])
        );
    }
    assert_eq!(heard(&ben_hears).len(), 2);
}

#[test]
fn a_message_that_is_not_sealed_is_refused() {
    let mut world = World::new();
    let (anna, _hears) = world.enter(Role::Calling);
    let plain = SendSignal {
        to: Recipient::Room,
        sealed: "hello".into(),
    };
    assert_eq!(
        world.hub.signal(anna, world.room, vec![plain], world.now),
        Err(Refusal::Malformed)
    );
}

#[test]
fn a_room_that_is_closed_is_left_by_all_and_those_who_are_away_do_not_come_back_to_it() {
    let mut world = World::new();
    let (anna, anna_hears) = world.enter(Role::Calling);
    let (ben, _ben_hears) = world.enter(Role::Calling);
    let elsewhere = RoomId::random();
    world
        .hub
        .enter(anna, elsewhere, Role::Watching, false, world.now)
        .unwrap();
    world.pass(SECOND * 12, &[anna]);
    heard(&anna_hears);
    assert_eq!(world.hub.people(&world.room).calling, 1, "Ben is away");
    world.hub.close_room(world.room, world.now);
    assert_eq!(world.hub.people(&world.room), People::default());
    assert_eq!(world.hub.people(&elsewhere).watching, 1);
    assert!(world.say(anna, Recipient::Room).is_err());
    assert_eq!(
        world.hub.alive(ben, world.now),
        Err(Refusal::SessionUnknown)
    );
    assert_eq!(world.hub.census().sessions, 1);
}
