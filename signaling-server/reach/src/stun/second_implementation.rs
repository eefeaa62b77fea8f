//! Messages compared with another implementation of the same RFC, the one in the engine's WebRTC
//! stack: what it writes is read here, and what is written here it reads.

use super::*;
use rtc_crypto::RTCCryptoProvider;
use rtc_stun::attributes as theirs;
use rtc_stun::error_code::ErrorCodeAttribute;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{self, Getter as _, MessageType, Setter};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;
use std::sync::Arc;

const USER: &str = "1700000000:anna";
const REALM: &str = "visio";
const PASSWORD: &str = "cGFzc3dvcmQ=";
const TRANSACTION: TransactionId = TransactionId(*b"twelve bytes");
const ADDRESSES: [&str; 3] = ["203.0.113.5:1", "[2001:db8::77]:65535", "10.0.0.1:443"];

fn provider() -> Arc<dyn RTCCryptoProvider> {
    rtc_crypto::default_provider().unwrap()
}

fn key() -> Key {
    Key::long_term(USER, REALM, PASSWORD)
}

fn their_integrity(provider: &dyn RTCCryptoProvider) -> MessageIntegrity<'_> {
    let [user, realm, password] = [USER, REALM, PASSWORD].map(str::to_owned);
    let crypto = provider.crypto();
    MessageIntegrity::new_long_term_integrity_with_provider(user, realm, password, crypto).unwrap()
}

#[test]
fn what_the_other_one_writes_is_read_here() {
    let provider = provider();
    for address in ADDRESSES {
        let address: SocketAddr = address.parse().unwrap();
        let mut theirs = message::Message::new();
        let setters: Vec<Box<dyn Setter + '_>> = vec![
            Box::new(message::TransactionId(TRANSACTION.0)),
            Box::new(MessageType::new(
                message::METHOD_CREATE_PERMISSION,
                message::CLASS_REQUEST,
            )),
            Box::new(TextAttribute::new(theirs::ATTR_USERNAME, USER.to_owned())),
            Box::new(TextAttribute::new(theirs::ATTR_REALM, REALM.to_owned())),
        ];
        theirs.build(&setters).unwrap();
        let peer = XorMappedAddress {
            ip: address.ip(),
            port: address.port(),
        };
        peer.add_to_as(&mut theirs, theirs::ATTR_XOR_PEER_ADDRESS)
            .unwrap();
        their_integrity(&*provider).add_to(&mut theirs).unwrap();
        FINGERPRINT.add_to(&mut theirs).unwrap();

        let ours = Message::read(&theirs.raw).unwrap();
        assert_eq!(
            (ours.class(), ours.method()),
            (Class::Request, Method::CreatePermission)
        );
        assert_eq!(ours.transaction(), TRANSACTION);
        assert_eq!(ours.value(AttributeType::USERNAME), Some(USER.as_bytes()));
        let peer = ours.find(AttributeType::XOR_PEER_ADDRESS).unwrap();
        assert_eq!(ours.read_address(&peer), Some(address));
        assert!(key().signed(&ours));
    }
}

#[test]
fn what_is_written_here_the_other_one_reads() {
    let provider = provider();
    let their_key = {
        let [user, realm, password] = [USER, REALM, PASSWORD].map(str::to_owned);
        let crypto = provider.crypto();
        MessageIntegrity::long_term_integrity_key(user, realm, password, crypto).unwrap()
    };
    for address in ADDRESSES {
        let address: SocketAddr = address.parse().unwrap();
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, Method::Allocate, Class::Error, TRANSACTION);
        writer.put_error(AttributeType::ERROR_CODE, 0, 486, "enough");
        writer.put_address(AttributeType::XOR_RELAYED_ADDRESS, address);
        writer.put(AttributeType::NONCE, b"odd");
        writer.finish(Some(&key()));

        let mut theirs = message::Message::new();
        theirs.unmarshal_binary(&bytes).unwrap();
        assert_eq!(theirs.typ.method, message::METHOD_ALLOCATE);
        assert_eq!(theirs.typ.class, message::CLASS_ERROR_RESPONSE);
        assert_eq!(theirs.transaction_id.0, TRANSACTION.0);
        let mut error = ErrorCodeAttribute::default();
        error.get_from(&theirs).unwrap();
        assert_eq!((error.code.0, &error.reason[..]), (486, &b"enough"[..]));
        let mut relayed = XorMappedAddress::default();
        relayed
            .get_from_as(&theirs, theirs::ATTR_XOR_RELAYED_ADDRESS)
            .unwrap();
        assert_eq!(SocketAddr::new(relayed.ip, relayed.port), address);
        let nonce = TextAttribute::get_from_as(&theirs, theirs::ATTR_NONCE).unwrap();
        assert_eq!(nonce.text, "odd");
        FINGERPRINT.check(&theirs).unwrap();
        MessageIntegrity::check(&mut theirs, &their_key, provider.crypto()).unwrap();
    }
}
