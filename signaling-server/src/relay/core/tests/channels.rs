use super::super::Outcome;
use super::world::*;
use crate::relay::frame::channel_header;

fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
    [&channel_header(number, data.len())[..], data].concat()
}

#[test]
fn a_channel_carries_data_both_ways_with_four_bytes_of_header() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    assert_eq!(anna.bind(&mut world, 0x4001, PEER).code, 0);

    let (outcome, packet) = world.hand(anna.client, &channel_data(0x4001, b"hello"));
    let peer = at(PEER);
    assert_eq!(outcome, Outcome::ToPeer { relayed, peer });
    assert_eq!(packet.as_bytes(), b"hello");

    let (outcome, packet) = world.arrive(relayed, PEER, b"hi");
    assert_eq!(outcome, Outcome::ToClient(anna.client));
    assert_eq!(packet.as_bytes(), channel_data(0x4001, b"hi"));
    // From another port of the same peer it is no channel's.
    let (_, packet) = world.arrive(relayed, "198.51.100.7:9", b"hi");
    assert_eq!(read_data(&packet), (at("198.51.100.7:9"), b"hi".to_vec()));
}

#[test]
fn over_a_stream_what_comes_over_a_channel_is_padded() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000").over_stream();
    let relayed = anna.allocate(&mut world);
    anna.bind(&mut world, 0x4001, PEER);
    let (_, packet) = world.arrive(relayed, PEER, b"hello");
    let padded = [&channel_data(0x4001, b"hello")[..], &[0; 3]].concat();
    assert_eq!(packet.as_bytes(), padded);
}

#[test]
fn a_channel_is_one_peers_and_a_peer_has_one_channel() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    anna.bind(&mut world, 0x4001, PEER);
    assert_eq!(anna.bind(&mut world, 0x4001, PEER).code, 0);
    assert_eq!(anna.bind(&mut world, 0x4001, "198.51.100.7:9").code, 400);
    assert_eq!(anna.bind(&mut world, 0x4002, PEER).code, 400);
    assert_eq!(anna.bind(&mut world, 0x4002, "198.51.100.7:9").code, 0);
    for number in [0, 0x3fff, 0x8000, 0xffff] {
        assert_eq!(anna.bind(&mut world, number, "198.51.100.9:1").code, 400);
    }
}

#[test]
fn a_channel_lasts_ten_minutes_and_its_permission_five() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    anna.refresh(&mut world, 3600);
    anna.bind(&mut world, 0x4001, PEER);
    world.pass(300);
    assert_eq!(world.arrive(relayed, PEER, b"hi").0, Outcome::Nothing);
    let peer = at(PEER);
    let to_peer = Outcome::ToPeer { relayed, peer };
    let data = channel_data(0x4001, b"hi");
    assert_eq!(world.hand(anna.client, &data).0, to_peer);
    world.pass(299);
    assert_eq!(world.hand(anna.client, &data).0, to_peer);
    world.pass(1);
    assert_eq!(world.hand(anna.client, &data).0, Outcome::Nothing);
    assert_eq!(anna.bind(&mut world, 0x4001, "198.51.100.7:9").code, 0);
}

#[test]
fn an_allocation_has_so_many_channels() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    for number in 0..128 {
        let peer = format!("198.51.100.7:{}", 1000 + number);
        assert_eq!(anna.bind(&mut world, 0x4000 + number, &peer).code, 0);
    }
    let refused = anna.bind(&mut world, 0x4fff, "198.51.100.7:9");
    assert_eq!(refused.code, 508);
    assert!(refused.reason.contains("channels"), "{}", refused.reason);
    assert_eq!(anna.bind(&mut world, 0x4000, "198.51.100.7:1000").code, 0);
}

#[test]
fn data_for_a_channel_that_is_not_there_or_longer_than_it_says_is_dropped() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    anna.bind(&mut world, 0x4001, PEER);
    for data in [
        channel_data(0x4002, b"hello"),
        channel_data(0x4001, b"hello")[..8].to_vec(),
        channel_data(0x8001, b"hello"),
        vec![0x40],
    ] {
        assert_eq!(world.hand(anna.client, &data).0, Outcome::Nothing);
    }
    let stranger = Person::new("ben", "192.0.2.9:1");
    let data = channel_data(0x4001, b"hello");
    assert_eq!(world.hand(stranger.client, &data).0, Outcome::Nothing);
}
