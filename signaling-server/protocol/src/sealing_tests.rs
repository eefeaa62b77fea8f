//! What a hostile server might do with sealed messages, and what it gets.

use super::*;
use crate::invite::Invite;
use crate::keys::RoomKeys;
use crate::secret::InviteSecret;

/// Two people in one room, and what they seal and open with.
struct Pair {
    anna: SessionId,
    ben: SessionId,
    sealer: Sealer,
    opener: Opener,
}

fn keys() -> RoomKeys {
    Invite {
        server: "a.org".parse().unwrap(),
        secret: InviteSecret::from_bytes([1; 16]),
    }
    .keys()
}

fn pair() -> Pair {
    let keys = keys();
    let (anna, ben) = (SessionId::random(), SessionId::random());
    Pair {
        anna,
        ben,
        sealer: Sealer::new(&keys.sealing, keys.room, anna),
        opener: Opener::new(&keys.sealing, keys.room, ben),
    }
}

const ASK: Signal = Signal::AskOffer { restart: false };

#[test]
fn what_is_sealed_for_somebody_is_opened_by_them() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    let sealed = pair.sealer.seal(to, &ASK).unwrap();
    assert_eq!(pair.opener.open(pair.anna, to, &sealed), Ok(ASK));
}

#[test]
fn a_change_of_any_single_bit_is_noticed() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    let sealed = URL_SAFE_NO_PAD
        .decode(pair.sealer.seal(to, &ASK).unwrap())
        .unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = URL_SAFE_NO_PAD.encode(changed);
        let opened = pair.opener.open(pair.anna, to, &changed);
        assert!(
            matches!(opened, Err(OpenError::Altered | OpenError::Malformed)),
            "bit {bit}: {opened:?}"
        );
    }
    // Nothing of that has spoilt the original.
    let sealed = URL_SAFE_NO_PAD.encode(sealed);
    assert_eq!(pair.opener.open(pair.anna, to, &sealed), Ok(ASK));
}

#[test]
fn a_message_under_another_sender_recipient_or_room_does_not_open() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    let carla = SessionId::random();
    let sealed = pair.sealer.seal(to, &ASK).unwrap();
    assert_eq!(
        pair.opener.open(carla, to, &sealed),
        Err(OpenError::Altered)
    );
    assert_eq!(
        pair.opener.open(pair.anna, Recipient::Room, &sealed),
        Err(OpenError::Altered)
    );
    let for_carla = pair.sealer.seal(carla.into(), &ASK).unwrap();
    assert_eq!(
        pair.opener.open(pair.anna, to, &for_carla),
        Err(OpenError::Altered)
    );
    assert_eq!(
        pair.opener.open(pair.anna, carla.into(), &for_carla),
        Err(OpenError::Altered)
    );
    let mut elsewhere = Opener::new(&keys().sealing, RoomId::random(), pair.ben);
    assert_eq!(
        elsewhere.open(pair.anna, to, &sealed),
        Err(OpenError::Altered)
    );
}

#[test]
fn a_message_sealed_with_another_key_does_not_open() {
    let pair = &mut pair();
    let other = RoomKeys::derive(&InviteSecret::from_bytes([2; 16]));
    let to = Recipient::Session(pair.ben);
    let sealed = Sealer::new(&other.sealing, keys().room, pair.anna)
        .seal(to, &ASK)
        .unwrap();
    assert_eq!(
        pair.opener.open(pair.anna, to, &sealed),
        Err(OpenError::Altered)
    );
}

#[test]
fn a_replayed_or_reordered_message_is_refused() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    let first = pair.sealer.seal(to, &ASK).unwrap();
    let second = pair.sealer.seal(to, &Signal::Bye).unwrap();
    assert_eq!(pair.opener.open(pair.anna, to, &second), Ok(Signal::Bye));
    assert_eq!(
        pair.opener.open(pair.anna, to, &second),
        Err(OpenError::Replayed)
    );
    assert_eq!(
        pair.opener.open(pair.anna, to, &first),
        Err(OpenError::Replayed)
    );
}

#[test]
fn a_message_to_the_room_counts_only_from_somebody_who_has_introduced_themselves() {
    let mut pair = pair();
    let early = pair.sealer.seal(Recipient::Room, &ASK).unwrap();
    assert_eq!(
        pair.opener.open(pair.anna, Recipient::Room, &early),
        Err(OpenError::NotIntroduced)
    );
    let to = Recipient::Session(pair.ben);
    let hello = pair.sealer.seal(to, &ASK).unwrap();
    assert_eq!(pair.opener.open(pair.anna, to, &hello), Ok(ASK));
    assert_eq!(
        pair.opener.open(pair.anna, Recipient::Room, &early),
        Err(OpenError::Replayed)
    );
    let fresh = pair.sealer.seal(Recipient::Room, &ASK).unwrap();
    assert_eq!(
        pair.opener.open(pair.anna, Recipient::Room, &fresh),
        Ok(ASK)
    );
}

#[test]
fn what_is_no_sealed_message_is_malformed() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    for text in [
        "",
        "AQ",
        "****",
        &"A".repeat(MAX_SEALED + 1),
        &"A".repeat(48),
    ] {
        assert_eq!(
            pair.opener.open(pair.anna, to, text),
            Err(OpenError::Malformed)
        );
    }
}

#[test]
fn a_well_sealed_text_that_is_no_message_is_malformed() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    let sealed = pair.sealer.seal_with_nonce(to, b"hello?", [0; 12]).unwrap();
    assert_eq!(
        pair.opener.open(pair.anna, to, &sealed),
        Err(OpenError::Malformed)
    );
}

#[test]
fn the_longest_message_fits_and_a_longer_one_is_not_sealed() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    let longest = pair
        .sealer
        .seal_with_nonce(to, &vec![b' '; MAX_MESSAGE], [0; 12])
        .unwrap();
    assert!(longest.len() <= MAX_SEALED);
    let offer = Signal::Offer {
        link: 1,

        sdp: "a".repeat(MAX_MESSAGE),
    };
    assert_eq!(pair.sealer.seal(to, &offer), Err(MessageError::TooLong));
}

#[test]
fn the_number_of_senders_is_bounded_and_none_is_forgotten() {
    let keys = keys();
    let ben = SessionId::random();
    let mut opener = Opener::new(&keys.sealing, keys.room, ben);
    let mut first = None;
    for _ in 0..MAX_SENDERS {
        let from = SessionId::random();
        let sealed = Sealer::new(&keys.sealing, keys.room, from)
            .seal(ben.into(), &ASK)
            .unwrap();
        assert_eq!(opener.open(from, ben.into(), &sealed), Ok(ASK));
        first.get_or_insert((from, sealed));
    }
    let late = SessionId::random();
    let sealed = Sealer::new(&keys.sealing, keys.room, late)
        .seal(ben.into(), &ASK)
        .unwrap();
    assert_eq!(
        opener.open(late, ben.into(), &sealed),
        Err(OpenError::TooManySenders)
    );
    let (from, sealed) = first.unwrap();
    assert_eq!(
        opener.open(from, ben.into(), &sealed),
        Err(OpenError::Replayed)
    );
}

#[test]
fn the_number_of_a_sealed_message_can_be_read_without_the_key() {
    let mut pair = pair();
    let to = Recipient::Session(pair.ben);
    pair.sealer.seal(to, &ASK).unwrap();
    let second = pair.sealer.seal(to, &ASK).unwrap();
    assert_eq!(sequence_of(&second), Some(2));
    for text in [
        "",
        "AQAAAAAAAAA",
        "AgAAAAAAAAAB",
        "éééééééééééé",
        "************",
    ] {
        assert_eq!(sequence_of(text), None, "{text}");
    }
}
