use super::super::Outcome;
use super::world::*;
use crate::relay::destinations::Reach;
use crate::relay::packet::MAX_DATAGRAM;
use crate::relay::stun::{AttributeType, Class, Method, TransactionId, Writer};

#[test]
fn two_clients_of_one_relay_reach_each_other_without_leaving_it() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let mut ben = Person::new("ben", "192.0.2.2:1000");
    let (annas, bens) = (anna.allocate(&mut world), ben.allocate(&mut world));
    anna.permit(&mut world, &[&bens.to_string()]);
    let message = send_indication(&bens.to_string(), b"hello");
    // Ben has not permitted anna yet.
    assert_eq!(world.hand(anna.client, &message).0, Outcome::Nothing);
    ben.bind(&mut world, 0x4000, &annas.to_string());
    let (outcome, packet) = world.hand(anna.client, &message);
    assert_eq!(outcome, Outcome::ToClient(ben.client));
    assert_eq!(packet.as_bytes(), b"\x40\x00\x00\x05hello");
    let (outcome, packet) = world.hand(ben.client, b"\x40\x00\x00\x02hi");
    assert_eq!(outcome, Outcome::ToClient(anna.client));
    assert_eq!(read_data(&packet), (bens, b"hi".to_vec()));
}

#[test]
fn at_the_relays_own_address_nothing_else_is_reached() {
    for reach in [Reach::Public, Reach::Lan] {
        let mut world = World::with(|settings| settings.reach = reach);
        let mut anna = Person::new("anna", "192.0.2.1:1000");
        let relayed = anna.allocate(&mut world);
        // Every port that is not a relayed address: the relay's listener, SSH, other programs.
        let free = (50_000..50_100).find(|port| *port != relayed.port());
        for port in [22, 3478, 8080, free.unwrap()] {
            let own = format!("{RELAY_V4}:{port}");
            assert_eq!(anna.permit(&mut world, &[&own]).code, 0);
            assert_eq!(anna.bind(&mut world, 0x4000 + port % 4096, &own).code, 0);
            let sent = world.hand(anna.client, &send_indication(&own, b"hello"));
            assert_eq!(sent.0, Outcome::Nothing, "{own}");
        }
    }
}

#[test]
fn a_relayed_address_that_is_closed_is_no_longer_reached() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let mut ben = Person::new("ben", "192.0.2.2:1000");
    let (annas, bens) = (anna.allocate(&mut world), ben.allocate(&mut world));
    anna.permit(&mut world, &[&bens.to_string()]);
    ben.permit(&mut world, &[&annas.to_string()]);
    let message = send_indication(&bens.to_string(), b"hello");
    assert_ne!(world.hand(anna.client, &message).0, Outcome::Nothing);
    ben.refresh(&mut world, 0);
    assert_eq!(world.hand(anna.client, &message).0, Outcome::Nothing);
}

#[test]
fn data_of_every_length_survives_both_ways() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    anna.permit(&mut world, &[PEER]);
    let all: Vec<u8> = (0..MAX_DATAGRAM).map(|place| place as u8).collect();
    for length in (0..64).chain([1199, 1200, MAX_DATAGRAM - 60]) {
        let message = send_indication(PEER, &all[..length]);
        let (outcome, packet) = world.hand(anna.client, &message);
        let peer = at(PEER);
        assert_eq!(outcome, Outcome::ToPeer { relayed, peer });
        assert_eq!(packet.as_bytes(), &all[..length]);
    }
    for length in (0..64).chain([1199, MAX_DATAGRAM]) {
        let (_, packet) = world.arrive(relayed, PEER, &all[..length]);
        assert_eq!(read_data(&packet), (at(PEER), all[..length].to_vec()));
    }
}

#[test]
fn ipv6_is_relayed_as_ipv4_is() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "[2001:db8:1::5]:1000");
    let answer = anna.try_allocate(&mut world, |writer| {
        writer.put(AttributeType::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0]);
    });
    anna.permit(&mut world, &[PEER_V6]);
    let (outcome, packet) = world.arrive(answer.relayed(), PEER_V6, b"hello");
    assert_eq!(outcome, Outcome::ToClient(anna.client));
    assert_eq!(read_data(&packet), (at(PEER_V6), b"hello".to_vec()));
}

#[test]
fn an_indication_that_lacks_something_or_wants_what_is_not_done_is_dropped() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    anna.permit(&mut world, &[PEER]);
    let send = |world: &mut World, fill: &dyn Fn(&mut Writer<'_>)| {
        let mut bytes = Vec::new();
        let transaction = TransactionId([9; 12]);
        let mut writer = Writer::new(&mut bytes, Method::Send, Class::Indication, transaction);
        fill(&mut writer);
        writer.finish(None);
        world.hand(anna.client, &bytes).0
    };
    let peer = |writer: &mut Writer<'_>| {
        writer.put_address(AttributeType::XOR_PEER_ADDRESS, at(PEER));
    };
    let data = |writer: &mut Writer<'_>| writer.put(AttributeType::DATA, b"hello");
    assert_eq!(send(&mut world, &peer), Outcome::Nothing);
    assert_eq!(send(&mut world, &data), Outcome::Nothing);
    let fragment = |writer: &mut Writer<'_>| {
        peer(writer);
        writer.put(AttributeType::DONT_FRAGMENT, &[]);
        data(writer);
    };
    assert_eq!(send(&mut world, &fragment), Outcome::Nothing);
    let optional = |writer: &mut Writer<'_>| {
        peer(writer);
        writer.put(AttributeType(0x8abc), &[]);
        data(writer);
    };
    assert_ne!(send(&mut world, &optional), Outcome::Nothing);
}

#[test]
fn what_is_over_relays_nothing_even_before_it_is_put_away() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    world.pass(400);
    anna.permit(&mut world, &[PEER]);
    world.now += std::time::Duration::from_secs(200);
    assert_eq!(world.arrive(relayed, PEER, b"hello").0, Outcome::Nothing);
    let sent = world.hand(anna.client, &send_indication(PEER, b"hello"));
    assert_eq!(sent.0, Outcome::Nothing);
    anna.allocate(&mut world);
    assert_eq!(world.core.relayed_addresses(), 1);
}
