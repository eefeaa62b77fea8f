use super::super::Outcome;
use super::world::*;
use crate::relay::bucket::Rate;

#[test]
fn a_session_has_so_many_addresses_whatever_names_it_was_given() {
    let mut world = World::new();
    let person = |number: u64| {
        let address = format!("192.0.2.1:{}", 1000 + number);
        Person::until("anna", &address, TIME + 600 + number)
    };
    for number in 0..8 {
        person(number).allocate(&mut world);
    }
    let refused = person(8).try_allocate(&mut world, |_| {});
    assert_eq!(refused.code, 486);
    assert!(refused.reason.contains("as many"), "{}", refused.reason);
    Person::new("ben", "192.0.2.2:1").allocate(&mut world);
    world.pass(600);
    person(9).allocate(&mut world);
}

#[test]
fn all_sessions_together_have_so_many_addresses() {
    let mut world = World::new();
    for number in 0..20 {
        let mut person = Person::new(
            &format!("{number}"),
            &format!("192.0.2.1:{}", 1000 + number),
        );
        person.allocate(&mut world);
    }
    let refused = Person::new("late", "192.0.2.2:1").try_allocate(&mut world, |_| {});
    assert_eq!(refused.code, 508);
    assert_eq!(world.sockets.open.len(), 20);
}

#[test]
fn what_a_session_sends_beyond_its_rate_is_held_back_and_counted() {
    let mut world = World::with(|settings| {
        settings.bounds.session_rate = Rate { kbps: 800 };
    });
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    anna.permit(&mut world, &[PEER]);
    // Half a second at 800 kbit/s: 50 packets of 1,000 bytes, of both directions together.
    let message = send_indication(PEER, &[0; 1000]);
    let passed = (0..100).filter(|number| {
        let outcome = match number % 2 {
            0 => world.hand(anna.client, &message).0,
            _ => world.arrive(relayed, PEER, &[0; 1000]).0,
        };
        outcome != Outcome::Nothing
    });
    assert_eq!(passed.count(), 50);
    let held_back = world.core.tick(world.now, world.time, &mut world.sockets);
    assert_eq!(held_back, 50);
    let counted = world.core.counted();
    assert_eq!((counted.allocations, counted.made), (1, 1));
    assert!((50_000..60_000).contains(&counted.bytes), "{counted:?}");
    world.pass(1);
    assert_ne!(world.hand(anna.client, &message).0, Outcome::Nothing);
}
