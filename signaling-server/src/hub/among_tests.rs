//! Several hubs on one log, in virtual time: who moves, who is lost with a server, and what a server
//! that comes later knows.

use super::*;
use crate::hub::mailbox::{CutOff, Stream};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use visio_protocol::RoomKeys;
use visio_protocol::message::Signal;
use visio_protocol::request::SendSignal;
use visio_protocol::sealing::Sealer;
use visio_protocol::secret::InviteSecret;
use visio_protocol::session::Recipient;
use visio_protocol::sse::{StreamEvent, StreamReader};

const SECOND: Duration = Duration::from_secs(1);

/// Some servers, and the log that they share.
struct Servers {
    hubs: Vec<Hub>,
    log: Vec<(Change, ServerId)>,
    now: Instant,
    room: RoomId,
    sealers: HashMap<SessionId, Sealer>,
}

impl Servers {
    fn new(count: u64) -> Self {
        let now = Instant::now();
        let hub = |id| Hub::among(Limits::default(), ServerId(id), now);
        Self {
            hubs: (1..=count).map(hub).collect(),
            log: Vec::new(),
            now,
            room: RoomId::random(),
            sealers: HashMap::new(),
        }
    }

    fn position(&self) -> u128 {
        (self.log.len() as u128) << 16
    }

    /// A server says something, and all that are there do it; gives what came of it there.
    fn say(&mut self, server: usize, change: Change) -> Result<Outcome, Refusal> {
        let from = ServerId(server as u64);
        self.log.push((change.clone(), from));
        let (position, now) = (self.position(), self.now);
        let outcomes: Vec<_> = self
            .hubs
            .iter_mut()
            .map(|hub| hub.apply(change.clone(), from, position, now))
            .collect();
        assert!(
            outcomes
                .windows(2)
                .all(|two| two[0].is_ok() == two[1].is_ok())
        );
        outcomes[server - 1].clone()
    }

    fn enter(&mut self, server: usize, role: Role) -> SessionId {
        let (session, room) = (SessionId::random(), self.room);
        let entered = self.say(
            server,
            Change::Enter {
                session,
                room,
                role,
            },
        );
        assert!(matches!(entered, Ok(Outcome::Entered(_))));
        session
    }

    fn listen(&mut self, server: usize, session: SessionId, last_id: Option<&str>) -> Stream {
        if self.hubs[server - 1].whereabouts(session) != Some((ServerId(server as u64), false)) {
            self.say(server, Change::Here { session }).unwrap();
        }
        let now = self.now;
        self.hubs[server - 1]
            .listen(session, last_id, CutOff::default(), now)
            .unwrap()
    }

    fn signal(&mut self, server: usize, session: SessionId, to: SessionId) {
        let keys = RoomKeys::derive(&InviteSecret::from_bytes([1; 16]));
        let new = || Sealer::new(&keys.sealing, keys.room, session);
        let sealer = self.sealers.entry(session).or_insert_with(new);
        let to = Recipient::Session(to);
        let sealed = sealer.seal(to, &Signal::Bye).unwrap();
        let signals = vec![SendSignal { to, sealed }];
        let room = self.room;
        let said = Change::Say {
            session,
            room,
            signals,
        };
        assert_eq!(self.say(server, said), Ok(Outcome::Unknown(Vec::new())));
    }

    /// Time passes; what is overdue is said by each.
    fn pass(&mut self, time: Duration) {
        self.now += time;
        for server in 1..=self.hubs.len() {
            let now = self.now;
            self.hubs[server - 1].tick(now);
            for change in self.hubs[server - 1].overdue(now) {
                self.say(server, change).unwrap();
            }
        }
    }

    /// What is still there.
    fn see(&mut self, servers: &[u64]) {
        let there = servers.iter().map(|id| ServerId(*id)).collect();
        let now = self.now;
        for hub in &mut self.hubs {
            hub.see_servers(&there, now);
        }
    }

    fn people(&self, server: usize) -> usize {
        self.hubs[server - 1].people(&self.room).calling
    }

    fn events(&self, stream: &Stream) -> Vec<StreamEvent> {
        let mut context = Context::from_waker(Waker::noop());
        let mut reader = StreamReader::new();
        let mut events = Vec::new();
        while let Poll::Ready(Some(piece)) = stream.poll_next(&mut context, self.now) {
            reader.push(&piece, |event| events.push(event)).unwrap();
        }
        events
    }

    fn names(&self, stream: &Stream) -> Vec<String> {
        let events = self.events(stream).into_iter();
        events.map(|event| event.name).collect()
    }
}

#[test]
fn what_is_said_on_one_server_is_heard_on_all() {
    let mut servers = Servers::new(3);
    let anna = servers.enter(1, Role::Calling);
    let stream = servers.listen(1, anna, None);
    let ben = servers.enter(2, Role::Calling);
    servers.signal(3, ben, anna);
    assert_eq!(servers.names(&stream), ["arrived", "signal"]);
    assert!((1..=3).all(|server| servers.people(server) == 2));
}

#[test]
fn a_stream_goes_on_at_another_server_without_loss_and_without_repetition() {
    let mut servers = Servers::new(3);
    let anna = servers.enter(1, Role::Calling);
    let stream = servers.listen(1, anna, None);
    let ben = servers.enter(2, Role::Calling);
    for _ in 0..3 {
        servers.signal(2, ben, anna);
    }
    let heard = servers.events(&stream);
    for _ in 0..2 {
        servers.signal(2, ben, anna);
    }
    let last = heard[1].id.as_deref();
    let stream = servers.listen(3, anna, last);
    assert_eq!(servers.names(&stream), ["signal"; 4]);
    // Where it was before, it no longer is.
    let Some((host, false)) = servers.hubs[0].whereabouts(anna) else {
        panic!("she is there");
    };
    assert_eq!(host, ServerId(3));
    let now = servers.now;
    assert_eq!(
        servers.hubs[0].alive(anna, now),
        Ok(None),
        "her newest event is another server's to tell"
    );
}

#[test]
fn the_stream_on_the_old_server_ends() {
    let mut servers = Servers::new(2);
    let anna = servers.enter(1, Role::Calling);
    let old = servers.listen(1, anna, None);
    let _new = servers.listen(2, anna, None);
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(
        old.poll_next(&mut context, servers.now),
        Poll::Ready(None)
    ));
}

#[test]
fn who_comes_to_another_server_in_time_is_not_seen_to_leave() {
    let mut servers = Servers::new(3);
    let [anna, ben] = [1, 2].map(|server| servers.enter(server, Role::Calling));
    let stream = servers.listen(2, ben, None);
    servers.see(&[2, 3]);
    for second in 0..12 {
        if second == 6 {
            servers.listen(3, anna, None);
        }
        servers.pass(SECOND);
        let now = servers.now;
        servers.hubs[1].alive(ben, now).unwrap();
    }
    assert_eq!(servers.names(&stream), [""; 0]);
    assert_eq!(servers.people(2), 2);
}

#[test]
fn who_was_lost_with_a_server_is_gone_after_the_grace_and_may_come_back() {
    let mut servers = Servers::new(3);
    let [anna, ben] = [1, 2].map(|server| servers.enter(server, Role::Calling));
    let stream = servers.listen(2, ben, None);
    servers.see(&[2, 3]);
    for _ in 0..9 {
        servers.pass(SECOND);
        let now = servers.now;
        servers.hubs[1].alive(ben, now).unwrap();
    }
    assert_eq!(servers.names(&stream), ["left"]);
    assert_eq!(servers.people(3), 1);
    servers
        .say(
            3,
            Change::Heard {
                sessions: vec![anna],
            },
        )
        .unwrap();
    assert_eq!(servers.names(&stream), ["arrived"]);
    // And is forgotten when they stay away.
    servers.pass(9 * SECOND);
    servers.pass(61 * SECOND);
    assert!(
        servers
            .hubs
            .iter()
            .all(|hub| hub.whereabouts(anna).is_none())
    );
}

#[test]
fn who_is_said_to_be_gone_and_was_heard_of_since_stays() {
    let mut servers = Servers::new(2);
    let anna = servers.enter(1, Role::Calling);
    servers.now += 9 * SECOND;
    let gone = servers.hubs[0].overdue(servers.now);
    assert_eq!(gone.len(), 1);
    servers.say(2, Change::Here { session: anna }).unwrap();
    for change in gone {
        servers.say(1, change).unwrap();
    }
    assert!((1..=2).all(|server| servers.people(server) == 1));
}

#[test]
fn one_server_alone_says_who_is_gone() {
    let mut servers = Servers::new(2);
    servers.enter(1, Role::Calling);
    servers.now += 9 * SECOND;
    assert_eq!(servers.hubs[1].overdue(servers.now), []);
    assert_eq!(servers.hubs[0].overdue(servers.now).len(), 1);
}

#[test]
fn a_server_that_comes_later_reads_what_the_others_wrote_and_then_the_log() {
    let mut servers = Servers::new(2);
    let [anna, ben] = [1, 2].map(|server| servers.enter(server, Role::Calling));
    let stream = servers.listen(1, anna, None);
    let last = servers.events(&stream)[0].id.clone();
    let (seats, _) = servers.hubs[0].changed_seats();
    servers.signal(2, ben, anna);

    let now = servers.now;
    let mut late = Hub::among(Limits::default(), ServerId(3), now);
    late.adopt(ServerId(1), &seats, now);
    late.quietly(true);
    for (number, (change, from)) in servers.log.iter().enumerate() {
        let position = (number as u128 + 1) << 16;
        late.apply(change.clone(), *from, position, now).unwrap();
    }
    late.quietly(false);
    late.know_from(servers.position(), now);
    servers.hubs.push(late);

    assert_eq!(servers.people(3), 2);
    let stream = servers.listen(3, anna, last.as_deref());
    assert_eq!(servers.names(&stream), ["signal", "roster"]);
}

#[test]
fn when_the_log_begins_anew_each_server_says_whom_it_has_and_the_others_go() {
    let mut servers = Servers::new(2);
    let [anna, ben] = [1, 2].map(|server| servers.enter(server, Role::Calling));
    // One that only the second server knew: what it said of her was lost.
    let room = servers.room;
    let carol = SessionId::random();
    let enter = Change::Enter {
        session: carol,
        room,
        role: Role::Calling,
    };
    let (position, now) = (servers.position() + 1, servers.now);
    servers.hubs[1]
        .apply(enter, ServerId(2), position, now)
        .unwrap();
    for hub in &mut servers.hubs {
        hub.doubt_others();
    }
    for server in 1..=2 {
        for change in servers.hubs[server - 1].all_mine() {
            servers.say(server, change).unwrap();
        }
    }
    assert!((1..=2).all(|server| servers.people(server) == 3));
    assert_eq!(servers.hubs[0].whereabouts(ben), Some((ServerId(2), false)));
    assert_eq!(
        servers.hubs[1].whereabouts(anna),
        Some((ServerId(1), false))
    );

    // Whoever nobody says they have is gone after the grace.
    for hub in &mut servers.hubs {
        hub.doubt_others();
    }
    servers.see(&[1, 2]);
    servers.pass(9 * SECOND);
    assert!((1..=2).all(|server| servers.people(server) == 0));
}

#[test]
fn a_room_that_is_closed_is_closed_on_all_servers() {
    let mut servers = Servers::new(2);
    let anna = servers.enter(1, Role::Calling);
    let _ = servers.hubs[0].changed_seats();
    let room = servers.room;
    servers.say(2, Change::Close { room }).unwrap();
    assert!(
        servers
            .hubs
            .iter()
            .all(|hub| hub.whereabouts(anna).is_none())
    );
    assert_eq!(servers.hubs[0].changed_seats(), (vec![], vec![anna]));
}
