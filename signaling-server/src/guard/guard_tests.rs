//! Who is let through, with a clock of the test's own.

use super::*;

fn network(number: u32) -> Network {
    Network::of(std::net::IpAddr::from(number.to_be_bytes()))
}

fn guard() -> (Guard, Instant) {
    (Guard::new(&GuardOptions::default()), Instant::now())
}

#[test]
fn two_hundred_people_behind_one_address_join_within_a_minute_and_stay() {
    let (mut guard, start) = guard();
    let school = network(1);
    let room = RoomId::from_bytes([1; 16]);
    for person in 0..200_u32 {
        let now = start + Duration::from_millis(u64::from(person) * 300);
        for _ in 0..3 {
            assert!(guard.connect(school));
        }
        for _ in 0..50 {
            guard.ask(school, Asked::Request, now).unwrap();
        }
        guard.ask(school, Asked::Stream, now).unwrap();
        // Those who are there already ask for more than they ever do.
        for _ in 0..person.div_ceil(2) {
            guard.ask(school, Asked::Request, now).unwrap();
        }
        if person < 100 {
            guard.say(room, person * 2, now).unwrap();
        }
    }
    // The server is restarted: everybody comes back within a second.
    let later = start + Duration::from_secs(90);
    for _ in 0..200 {
        guard.ask(school, Asked::Stream, later).unwrap();
        guard.ask(school, Asked::Request, later).unwrap();
    }
}

#[test]
fn one_address_that_asks_too_much_is_slowed_down_and_no_other() {
    let (mut guard, now) = guard();
    let wild = network(1);
    let allowed = (0..10_000).take_while(|_| guard.ask(wild, Asked::Request, now).is_ok());
    assert_eq!(allowed.count(), 4_000);
    let refused = guard.ask(wild, Asked::Request, now).unwrap_err();
    assert!(refused.wait <= Duration::from_millis(3), "{refused:?}");
    assert!(guard.ask(network(2), Asked::Request, now).is_ok());
    assert!(guard.ask(wild, Asked::Stream, now).is_ok(), "another limit");
}

#[test]
fn wrong_host_codes_are_counted_and_asking_whether_one_may_is_not() {
    let (mut guard, now) = guard();
    let guesser = network(1);
    for _ in 0..10 {
        for _ in 0..10 {
            assert!(guard.may(guesser, Asked::WrongHostCode, now).is_ok());
        }
        guard.ask(guesser, Asked::WrongHostCode, now).unwrap();
    }
    let refused = guard.may(guesser, Asked::WrongHostCode, now).unwrap_err();
    let over = now + refused.wait;
    assert!(guard.may(guesser, Asked::WrongHostCode, over).is_ok());
    assert!(refused.wait <= Duration::from_secs(10));
}

#[test]
fn connections_of_one_address_are_bounded_and_given_back() {
    let (mut guard, _) = guard();
    let flood = network(1);
    let opened = (0..5_000).filter(|_| guard.connect(flood)).count();
    assert_eq!(opened, 1_000);
    assert!(guard.connect(network(2)));
    guard.disconnect(flood);
    assert!(guard.connect(flood) && !guard.connect(flood));
}

#[test]
fn what_is_known_is_bounded_whoever_comes_and_forgotten_when_it_says_nothing() {
    let (mut guard, now) = guard();
    let here = network(u32::MAX);
    assert!(guard.connect(here));
    for number in 0..200_000 {
        guard.ask(network(number), Asked::Request, now).unwrap();
    }
    assert_eq!(guard.known(), MAX_KNOWN);
    guard.tick(now + Duration::from_secs(1));
    assert_eq!(guard.known(), 1, "the one with a connection");
    guard.disconnect(here);
    guard.tick(now + Duration::from_secs(1));
    assert_eq!(guard.known(), 0);
}

#[test]
fn an_address_costs_what_it_is_said_to_cost() {
    let address = size_of::<(Network, Address, bool)>() + size_of::<(Network, usize)>();
    let room = size_of::<(RoomId, Bucket, bool)>() + size_of::<(RoomId, usize)>();
    assert!(address <= 160 && room <= 80, "{address} {room}");
}

#[test]
fn no_limit_is_no_limit() {
    let options = GuardOptions {
        address_connections: 0,
        requests: "0".parse().unwrap(),
        ..GuardOptions::default()
    };
    let mut guard = Guard::new(&options);
    let now = Instant::now();
    let busy = network(1);
    assert!((0..10_000).all(|_| guard.connect(busy)));
    assert!((0..10_000).all(|_| guard.ask(busy, Asked::Request, now).is_ok()));
}
