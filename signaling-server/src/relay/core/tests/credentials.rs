use super::world::*;
use crate::relay::credentials::RelaySecret;
use crate::relay::stun::{AttributeType, Class, Method, TransactionId, Writer};

fn unsigned(method: Method, fill: impl Fn(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, method, Class::Request, TransactionId([3; 12]));
    fill(&mut writer);
    writer.finish(None);
    bytes
}

#[test]
fn anybody_is_told_the_address_that_they_are_seen_at() {
    let mut world = World::new();
    let stranger = Person::new("anna", "192.0.2.1:1000");
    let answer = stranger.send(&mut world, &unsigned(Method::Binding, |_| {}));
    let seen = answer.addresses(AttributeType::XOR_MAPPED_ADDRESS);
    assert_eq!(seen, [stranger.client.address]);
}

#[test]
fn whoever_signs_nothing_is_told_how_to() {
    let mut world = World::new();
    let stranger = Person::new("anna", "192.0.2.1:1000");
    for method in [
        Method::Allocate,
        Method::Refresh,
        Method::CreatePermission,
        Method::ChannelBind,
    ] {
        let answer = stranger.send(&mut world, &unsigned(method, |_| {}));
        assert_eq!(answer.code, 401);
        assert_eq!(
            answer.value(AttributeType::REALM),
            Some(b"visio".as_slice())
        );
        assert!(answer.value(AttributeType::NONCE).is_some());
    }
}

#[test]
fn a_signature_without_its_name_is_malformed() {
    let mut world = World::new();
    let anna = Person::new("anna", "192.0.2.1:1000");
    let mut bytes = Vec::new();
    let writer = Writer::new(
        &mut bytes,
        Method::Allocate,
        Class::Request,
        TransactionId([3; 12]),
    );
    writer.finish(Some(&anna.key));
    assert_eq!(anna.send(&mut world, &bytes).code, 400);
}

#[test]
fn a_wrong_password_a_wrong_name_and_one_whose_time_is_over_are_refused() {
    let mut world = World::new();
    let mut wrong_password = Person::new("anna", "192.0.2.1:1000");
    wrong_password.key = RelaySecret::new("south").key(&wrong_password.username);
    let mut wrong_name = Person::new("anna", "192.0.2.1:1000");
    wrong_name.username.push('!');
    let over = Person::until("anna", "192.0.2.1:1000", TIME);
    let mut no_time = Person::new("anna", "192.0.2.1:1000");
    no_time.username = "anna".to_owned();
    no_time.key = RelaySecret::new("north").key("anna");
    for mut person in [wrong_password, wrong_name, over, no_time] {
        let answer = person.try_allocate(&mut world, |_| {});
        assert_eq!(answer.code, 401, "{}", person.username);
    }
    assert!(world.sockets.open.is_empty());
}

#[test]
fn a_nonce_is_good_for_an_hour_and_from_nowhere_else() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    let request = anna.request(Method::Refresh, |_| {});
    let mut elsewhere = anna.clone();
    elsewhere.client.address = at("192.0.2.1:1001");
    assert_eq!(elsewhere.send(&mut world, &request).code, 438);
    assert_eq!(anna.send(&mut world, &request).code, 0);
    for _ in 0..6 {
        world.pass(599);
        anna.refresh(&mut world, 600);
    }
    world.pass(10);
    let answer = anna.send(&mut world, &request);
    assert_eq!(answer.code, 438);
    assert!(answer.value(AttributeType::NONCE).is_some());
}

#[test]
fn what_was_begun_goes_on_when_the_time_of_the_password_is_over() {
    let mut world = World::new();
    let mut anna = Person::until("anna", "192.0.2.1:1000", TIME + 60);
    anna.allocate(&mut world);
    world.pass(300);
    assert_eq!(anna.refresh(&mut world, 600).code, 0);
    assert_eq!(anna.permit(&mut world, &[PEER]).code, 0);
    anna.refresh(&mut world, 0);
    assert_eq!(anna.try_allocate(&mut world, |_| {}).code, 401);
}

#[test]
fn an_allocation_is_its_makers_alone() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    anna.allocate(&mut world);
    let mut ben = Person::new("ben", "192.0.2.1:1000");
    assert_eq!(ben.refresh(&mut world, 0).code, 441);
    assert_eq!(ben.permit(&mut world, &[PEER]).code, 441);
    assert_eq!(ben.try_allocate(&mut world, |_| {}).code, 441);
    assert_eq!(world.core.allocations(), 1);
}

#[test]
fn what_must_be_understood_and_is_not_is_named() {
    let mut world = World::new();
    let mut anna = Person::new("anna", "192.0.2.1:1000");
    let answer = anna.try_allocate(&mut world, |writer| {
        writer.put(AttributeType::DONT_FRAGMENT, &[]);
        writer.put(AttributeType(0x7abc), &[1]);
        writer.put(AttributeType(0x8abc), &[1]);
    });
    assert_eq!(answer.code, 420);
    let named = answer.value(AttributeType::UNKNOWN_ATTRIBUTES);
    assert_eq!(named, Some([0x00, 0x1a, 0x7a, 0xbc].as_slice()));
    let answer = anna.send(
        &mut world,
        &unsigned(Method::Binding, |writer| {
            writer.put(AttributeType(0x0024), &[0; 4]);
        }),
    );
    assert_eq!(answer.code, 420);
}

#[test]
fn what_is_no_request_or_of_no_known_kind_is_not_answered() {
    use super::super::Outcome;
    let mut world = World::new();
    let anna = Person::new("anna", "192.0.2.1:1000");
    let mut answer = Vec::new();
    let transaction = TransactionId([3; 12]);
    for (method, class) in [
        (Method::Binding, Class::Success),
        (Method::Allocate, Class::Error),
        (Method::Binding, Class::Indication),
        (Method::Data, Class::Indication),
        (Method::Other(0x0a), Class::Request),
        (Method::Send, Class::Request),
    ] {
        Writer::new(&mut answer, method, class, transaction).finish(None);
        assert_eq!(world.hand(anna.client, &answer).0, Outcome::Nothing);
    }
    for bytes in [&b""[..], b"\0", b"GET / HTTP/1.1\r\n\r\n", &[0x80; 40]] {
        assert_eq!(world.hand(anna.client, bytes).0, Outcome::Nothing);
    }
}
