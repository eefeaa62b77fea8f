use super::super::Outcome;
use super::world::*;
use crate::relay::destinations::Reach;
use crate::relay::stun::Method;

#[test]
fn only_peers_that_the_client_has_named_get_through() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    assert_eq!(world.arrive(relayed, PEER, b"hello").0, Outcome::Nothing);
    let sent = world.hand(anna.client, &send_indication(PEER, b"hello"));
    assert_eq!(sent.0, Outcome::Nothing);

    assert_eq!(anna.permit(&mut world, &[PEER]).code, 0);
    // A permission is for an address, whatever the port.
    let (outcome, packet) = world.arrive(relayed, "198.51.100.7:9", b"hello");
    assert_eq!(outcome, Outcome::ToClient(anna.client));
    assert_eq!(
        read_data(&packet),
        (at("198.51.100.7:9"), b"hello".to_vec())
    );
    let stranger = world.arrive(relayed, "198.51.100.8:5000", b"hello");
    assert_eq!(stranger.0, Outcome::Nothing);
}

#[test]
fn a_permission_lasts_five_minutes_unless_it_is_given_again() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    anna.permit(&mut world, &[PEER]);
    world.pass(299);
    anna.permit(&mut world, &[PEER]);
    world.pass(299);
    assert_ne!(world.arrive(relayed, PEER, b"hello").0, Outcome::Nothing);
    world.pass(1);
    assert_eq!(world.arrive(relayed, PEER, b"hello").0, Outcome::Nothing);
}

#[test]
fn the_relay_leads_neither_inwards_nor_to_its_own_machine() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    for inward in [
        "10.0.0.1:80",
        "127.0.0.1:6379",
        "169.254.169.254:80",
        "203.0.113.2:22",
    ] {
        let answer = anna.permit(&mut world, &[PEER, inward]);
        assert_eq!(answer.code, 403, "{inward}");
        assert_eq!(anna.bind(&mut world, 0x4000, inward).code, 403, "{inward}");
    }
    // All or none: the peer that would have been good was not permitted either.
    let sent = world.hand(anna.client, &send_indication(PEER, b"hello"));
    assert_eq!(sent.0, Outcome::Nothing);
}

#[test]
fn on_a_lan_the_relay_leads_to_private_addresses_but_its_own() {
    let mut world = World::with(|settings| settings.reach = Reach::Lan);
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    assert_eq!(anna.permit(&mut world, &["10.0.0.1:80"]).code, 0);
    assert_eq!(anna.permit(&mut world, &["203.0.113.2:80"]).code, 403);
    assert_eq!(anna.permit(&mut world, &["127.0.0.1:80"]).code, 403);
}

#[test]
fn a_peer_of_the_other_family_is_refused() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    assert_eq!(anna.permit(&mut world, &[PEER_V6]).code, 443);
    assert_eq!(anna.bind(&mut world, 0x4000, PEER_V6).code, 443);
}

#[test]
fn no_peer_is_no_request_and_without_an_allocation_there_is_nothing_to_permit() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    assert_eq!(anna.permit(&mut world, &[PEER]).code, 437);
    assert_eq!(anna.bind(&mut world, 0x4000, PEER).code, 437);
    anna.allocate(&mut world);
    assert_eq!(anna.permit(&mut world, &[]).code, 400);
    assert_eq!(anna.ask(&mut world, Method::ChannelBind, |_| {}).code, 400);
}

#[test]
fn an_allocation_permits_so_many_peers_and_those_that_are_over_make_room() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    let peer = |number: u32| format!("198.51.{}.{}:1", number / 256, number % 256);
    for number in 0..128 {
        assert_eq!(anna.permit(&mut world, &[&peer(number)]).code, 0);
    }
    assert_eq!(anna.permit(&mut world, &[&peer(128)]).code, 508);
    assert_eq!(anna.permit(&mut world, &[&peer(5)]).code, 0);
    world.pass(300);
    assert_eq!(anna.permit(&mut world, &[&peer(128)]).code, 0);

    let many: Vec<_> = (0..33).map(peer).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(anna.permit(&mut world, &many[..32]).code, 0);
    assert_eq!(anna.permit(&mut world, &many).code, 508);
}
