use super::world::*;
use crate::relay::stun::{AttributeType, Method};

const V4: [u8; 4] = [1, 0, 0, 0];
const V6: [u8; 4] = [2, 0, 0, 0];

#[test]
fn a_client_gets_an_address_of_the_relay_and_is_told_its_own() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let answer = anna.try_allocate(&mut world, |_| {});
    assert_eq!(answer.code, 0);
    assert_eq!(answer.relayed().ip().to_string(), RELAY_V4);
    assert!((50_000..=50_099).contains(&answer.relayed().port()));
    assert_eq!(
        answer.addresses(AttributeType::XOR_MAPPED_ADDRESS),
        [anna.client.address]
    );
    assert_eq!(answer.lifetime(), 600);
    assert!(world.sockets.open.contains(&answer.relayed()));
}

#[test]
fn a_request_that_is_made_again_gets_the_same_answer_and_no_second_address() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let relayed = anna.allocate(&mut world);
    let again = anna.request(Method::Allocate, |writer| {
        writer.put(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
    });
    assert_eq!(anna.send(&mut world, &again).relayed(), relayed);
    assert_eq!(world.sockets.open.len(), 1);
    assert_eq!(anna.try_allocate(&mut world, |_| {}).code, 437);
}

#[test]
fn another_transport_or_none_is_refused() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    for (transport, code) in [(&[6, 0, 0, 0][..], 442), (&[17], 400), (&[], 400)] {
        let answer = anna.ask(&mut world, Method::Allocate, |writer| {
            writer.put(AttributeType::REQUESTED_TRANSPORT, transport);
        });
        assert_eq!(answer.code, code);
    }
    assert_eq!(anna.ask(&mut world, Method::Allocate, |_| {}).code, 400);
    assert!(world.sockets.open.is_empty());
}

#[test]
fn a_client_gets_the_family_that_it_asks_for() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let answer = anna.try_allocate(&mut world, |writer| {
        writer.put(AttributeType::REQUESTED_ADDRESS_FAMILY, &V6);
    });
    assert_eq!(answer.relayed().ip().to_string(), RELAY_V6);

    let mut ben = Person::new("ben", "192.0.2.2:1000");
    let mut world = World::with(|settings| settings.addresses.truncate(1));
    let answer = ben.try_allocate(&mut world, |writer| {
        writer.put(AttributeType::REQUESTED_ADDRESS_FAMILY, &V6);
    });
    assert_eq!(answer.code, 440);
}

#[test]
fn a_client_gets_both_families_or_is_told_which_is_missing() {
    let both = |writer: &mut crate::relay::stun::Writer<'_>| {
        writer.put(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &V6);
    };
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let answer = anna.try_allocate(&mut world, both);
    let ips = answer.addresses(AttributeType::XOR_RELAYED_ADDRESS);
    let ips: Vec<_> = ips.iter().map(|address| address.ip().to_string()).collect();
    assert_eq!(ips, [RELAY_V4, RELAY_V6]);
    assert_eq!(world.core.relayed_addresses(), 2);

    for (keep, missing) in [(0, 2), (1, 1)] {
        let mut world = World::with(|settings| {
            settings.addresses = vec![settings.addresses[keep]];
        });
        let mut ben = Person::new("ben", "192.0.2.2:1000");
        let answer = ben.try_allocate(&mut world, both);
        assert_eq!(answer.code, 0);
        assert_eq!(
            answer.addresses(AttributeType::XOR_RELAYED_ADDRESS).len(),
            1
        );
        let error = answer.value(AttributeType::ADDRESS_ERROR_CODE).unwrap();
        assert_eq!(error[..4], [missing, 0, 4, 40]);
        assert_eq!(world.core.relayed_addresses(), 1);
    }
}

#[test]
fn wishes_that_contradict_each_other_are_refused() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    type Wish = (AttributeType, &'static [u8]);
    let wishes: [&[Wish]; 6] = [
        &[(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &V4)],
        &[
            (AttributeType::ADDITIONAL_ADDRESS_FAMILY, &V6),
            (AttributeType::REQUESTED_ADDRESS_FAMILY, &V4),
        ],
        &[
            (AttributeType::ADDITIONAL_ADDRESS_FAMILY, &V6),
            (AttributeType::EVEN_PORT, &[0x80]),
        ],
        &[
            (AttributeType::RESERVATION_TOKEN, &[1; 8]),
            (AttributeType::EVEN_PORT, &[0]),
        ],
        &[(AttributeType::RESERVATION_TOKEN, &[1; 7])],
        &[(AttributeType::LIFETIME, &[0; 3])],
    ];
    for wish in wishes {
        let answer = anna.try_allocate(&mut world, |writer| {
            for (kind, value) in wish {
                writer.put(*kind, value);
            }
        });
        assert_eq!(answer.code, 400, "{wish:?}");
    }
    assert!(world.sockets.open.is_empty());
}

#[test]
fn a_port_that_was_kept_goes_to_whoever_has_its_token_within_half_a_minute() {
    let mut world = World::new();
    let mut rtp = Person::new("anna", "192.0.2.1:1000");
    let pair = |person: &mut Person, world: &mut World| {
        person.try_allocate(world, |writer| {
            writer.put(AttributeType::EVEN_PORT, &[0x80]);
        })
    };
    let answer = pair(&mut rtp, &mut world);
    let token = answer
        .value(AttributeType::RESERVATION_TOKEN)
        .unwrap()
        .to_vec();
    assert_eq!(answer.relayed().port() % 2, 0);
    assert_eq!(world.sockets.open.len(), 2);

    let claim = |person: &mut Person, world: &mut World, token: &[u8]| {
        person.try_allocate(world, |writer| {
            writer.put(AttributeType::RESERVATION_TOKEN, token);
        })
    };
    let mut rtcp = Person::new("anna", "192.0.2.1:1001");
    let second = claim(&mut rtcp, &mut world, &token);
    assert_eq!(second.relayed().port(), answer.relayed().port() + 1);
    let mut third = Person::new("anna", "192.0.2.1:1002");
    assert_eq!(claim(&mut third, &mut world, &token).code, 508);

    let answer = pair(&mut third, &mut world);
    let token = answer
        .value(AttributeType::RESERVATION_TOKEN)
        .unwrap()
        .to_vec();
    world.pass(30);
    assert_eq!(world.sockets.open.len(), 3);
    let mut late = Person::new("anna", "192.0.2.1:1003");
    assert_eq!(claim(&mut late, &mut world, &token).code, 508);
}

#[test]
fn ports_of_other_programs_are_passed_over_and_when_none_is_left_it_is_said() {
    let mut world = World::with(|settings| settings.ports = 50_000..=50_003);
    world.sockets.taken = [50_000, 50_002].into();
    let mut ports = Vec::new();
    for number in 0..2 {
        let mut person = Person::new("anna", &format!("192.0.2.1:{}", 1000 + number));
        ports.push(person.allocate(&mut world).port());
    }
    ports.sort_unstable();
    assert_eq!(ports, [50_001, 50_003]);
    let mut third = Person::new("anna", "192.0.2.1:1002");
    let answer = third.try_allocate(&mut world, |_| {});
    assert_eq!(answer.code, 508);
    assert!(answer.reason.contains("free port"), "{}", answer.reason);
    assert_eq!(world.core.relayed_addresses(), 2);
}

#[test]
fn an_allocation_lasts_for_as_long_as_it_is_refreshed() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    world.pass(599);
    assert_eq!(anna.refresh(&mut world, 3600).lifetime(), 3600);
    world.pass(3599);
    assert_eq!(world.core.allocations(), 1);
    world.pass(1);
    assert_eq!(world.core.allocations(), 0);
    assert!(world.sockets.open.is_empty());
    assert_eq!(anna.refresh(&mut world, 600).code, 437);
}

#[test]
fn a_lifetime_is_neither_shorter_than_ten_minutes_nor_longer_than_an_hour() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    assert_eq!(anna.refresh(&mut world, 1).lifetime(), 600);
    assert_eq!(anna.refresh(&mut world, u32::MAX).lifetime(), 3600);
}

#[test]
fn a_lifetime_of_nothing_ends_it_or_one_of_its_families() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.try_allocate(&mut world, |writer| {
        writer.put(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &V6);
    });
    let end = |person: &mut Person, world: &mut World, family: &[u8]| {
        person.ask(world, Method::Refresh, |writer| {
            writer.put(AttributeType::LIFETIME, &[0; 4]);
            writer.put(AttributeType::REQUESTED_ADDRESS_FAMILY, family);
        })
    };
    assert_eq!(end(&mut anna, &mut world, &V6).lifetime(), 0);
    assert_eq!(world.sockets.open.len(), 1);
    assert_eq!(end(&mut anna, &mut world, &V6).code, 443);
    assert_eq!(anna.refresh(&mut world, 0).lifetime(), 0);
    assert!(world.sockets.open.is_empty());
    assert_eq!(world.core.allocations(), 0);
}

#[test]
fn a_stream_that_ends_takes_its_allocation_with_it() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000").over_stream();
    anna.allocate(&mut world);
    assert!(world.core.serves(anna.client));
    world.core.gone(anna.client, &mut world.sockets);
    assert!(!world.core.serves(anna.client));
    assert!(world.sockets.open.is_empty());
}
