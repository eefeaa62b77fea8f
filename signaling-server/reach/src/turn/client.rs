//! A client of a relay, as far as a look needs one: what it asks, and what it makes of answers. Pure.
//!
//! A request is refused first, with the realm and the nonce that the next must be signed with
//! (RFC 8489, section 9.2); a nonce that has become stale is exchanged the same way.

use crate::stun::{AttributeType, Class, Key, Message, Method, TransactionId, Writer};
use std::net::SocketAddr;

/// REQUESTED-TRANSPORT: UDP (RFC 8656, section 18.7).
const UDP: [u8; 4] = [17, 0, 0, 0];

/// Refused for want of a signature (RFC 8489, section 14.8).
const UNAUTHENTICATED: u16 = 401;

/// Refused for a nonce that is too old (RFC 8489, section 14.8).
const STALE_NONCE: u16 = 438;

/// Who one says one is.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: String,
}

/// What is asked of a relay.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    /// From which address do I come?
    Binding,
    /// A relayed address, please.
    Allocate,
    /// Let this one send to it.
    Permit(SocketAddr),
    /// I need it no longer.
    End,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// It is done; with the address, where one was asked for.
    Done(Option<SocketAddr>),
    /// Ask again: it will be signed with what the relay wants.
    Again,
    /// No, with the number of the reason.
    Refused(u16),
}

/// One client.
pub(super) struct Client {
    credentials: Option<Credentials>,
    /// What to sign with, once the relay has said for which realm: key, realm, nonce.
    signing: Option<(Key, Vec<u8>, Vec<u8>)>,
    transaction: TransactionId,
}

impl Client {
    pub(super) fn new(credentials: Option<Credentials>) -> Self {
        Self {
            credentials,
            signing: None,
            transaction: TransactionId([0; 12]),
        }
    }

    /// The message that asks this. `transaction` tells its answer from others.
    pub(super) fn ask(&mut self, ask: Ask, transaction: TransactionId) -> Vec<u8> {
        self.transaction = transaction;
        let mut bytes = Vec::new();
        let method = match ask {
            Ask::Binding => Method::Binding,
            Ask::Allocate => Method::Allocate,
            Ask::Permit(_) => Method::CreatePermission,
            Ask::End => Method::Refresh,
        };
        let mut writer = Writer::new(&mut bytes, method, Class::Request, transaction);
        match ask {
            Ask::Binding => {}
            Ask::Allocate => writer.put(AttributeType::REQUESTED_TRANSPORT, &UDP),
            Ask::Permit(peer) => writer.put_address(AttributeType::XOR_PEER_ADDRESS, peer),
            Ask::End => writer.put(AttributeType::LIFETIME, &[0; 4]),
        }
        let key = match (&self.signing, &self.credentials) {
            (Some((key, realm, nonce)), Some(credentials)) => {
                writer.put(AttributeType::USERNAME, credentials.username.as_bytes());
                writer.put(AttributeType::REALM, realm);
                writer.put(AttributeType::NONCE, nonce);
                Some(key)
            }
            _ => None,
        };
        writer.finish(key);
        bytes
    }

    /// What to make of a message; `None` when it is no answer to what was asked last.
    pub(super) fn reply(&mut self, bytes: &[u8]) -> Option<Reply> {
        let message = Message::read(bytes).ok()?;
        if message.transaction() != self.transaction {
            return None;
        }
        match message.class() {
            Class::Success => {
                let kinds = [
                    AttributeType::XOR_RELAYED_ADDRESS,
                    AttributeType::XOR_MAPPED_ADDRESS,
                ];
                let attribute = kinds.iter().find_map(|kind| message.find(*kind));
                Some(Reply::Done(
                    attribute.and_then(|attribute| message.read_address(&attribute)),
                ))
            }
            Class::Error => {
                let code = code(&message)?;
                let wants_signature = match code {
                    UNAUTHENTICATED => self.signing.is_none(),
                    STALE_NONCE => true,
                    _ => false,
                };
                let signs = wants_signature && self.sign_from_now_on(&message);
                Some(if signs {
                    Reply::Again
                } else {
                    Reply::Refused(code)
                })
            }
            Class::Request | Class::Indication => None,
        }
    }

    /// Whether it can.
    fn sign_from_now_on(&mut self, message: &Message<'_>) -> bool {
        let values = (
            message.value(AttributeType::REALM),
            message.value(AttributeType::NONCE),
            &self.credentials,
        );
        let (Some(realm), Some(nonce), Some(credentials)) = values else {
            return false;
        };
        let Ok(name) = std::str::from_utf8(realm) else {
            return false;
        };
        let key = Key::long_term(&credentials.username, name, &credentials.password);
        self.signing = Some((key, realm.to_vec(), nonce.to_vec()));
        true
    }
}

/// The message that hands `data` to a peer by way of the relay.
pub(super) fn send(peer: SocketAddr, data: &[u8], transaction: TransactionId) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, Method::Send, Class::Indication, transaction);
    writer.put_address(AttributeType::XOR_PEER_ADDRESS, peer);
    writer.put(AttributeType::DATA, data);
    writer.finish(None);
    bytes
}

/// What a peer has sent by way of the relay; `None` for any other message.
pub(super) fn data(bytes: &[u8]) -> Option<&[u8]> {
    let message = Message::read(bytes).ok()?;
    let is_data = message.method() == Method::Data && message.class() == Class::Indication;
    is_data.then(|| message.value(AttributeType::DATA))?
}

/// The number of an error (RFC 8489, section 14.8).
fn code(message: &Message<'_>) -> Option<u16> {
    let value = message.value(AttributeType::ERROR_CODE)?;
    let [_, _, hundreds, rest, ..] = value else {
        return None;
    };
    Some(u16::from(hundreds & 7) * 100 + u16::from(*rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: TransactionId = TransactionId([1; 12]);
    const SECOND: TransactionId = TransactionId([2; 12]);

    fn anna() -> Client {
        Client::new(Some(Credentials {
            username: "1700000000:anna".to_owned(),
            password: "secret".to_owned(),
        }))
    }

    fn refusal(transaction: TransactionId, code: u16, nonce: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, Method::Allocate, Class::Error, transaction);
        writer.put_error(AttributeType::ERROR_CODE, 0, code, "no");
        writer.put(AttributeType::REALM, b"visio");
        writer.put(AttributeType::NONCE, nonce);
        writer.finish(None);
        bytes
    }

    #[test]
    fn who_is_asked_for_a_signature_signs() {
        let mut client = anna();
        let unsigned = client.ask(Ask::Allocate, FIRST);
        assert!(!Message::read(&unsigned).unwrap().has_integrity());
        assert_eq!(
            client.reply(&refusal(FIRST, 401, b"n1")),
            Some(Reply::Again)
        );
        let signed = client.ask(Ask::Allocate, SECOND);
        let message = Message::read(&signed).unwrap();
        let key = Key::long_term("1700000000:anna", "visio", "secret");
        assert!(key.signed(&message));
        assert_eq!(message.value(AttributeType::NONCE), Some(b"n1".as_slice()));
    }

    #[test]
    fn a_password_that_is_refused_is_not_tried_for_ever() {
        let mut client = anna();
        client.ask(Ask::Allocate, FIRST);
        client.reply(&refusal(FIRST, 401, b"n1"));
        client.ask(Ask::Allocate, SECOND);
        assert_eq!(
            client.reply(&refusal(SECOND, 401, b"n2")),
            Some(Reply::Refused(401))
        );
    }

    #[test]
    fn a_nonce_that_is_stale_is_exchanged() {
        let mut client = anna();
        client.ask(Ask::Allocate, FIRST);
        client.reply(&refusal(FIRST, 401, b"n1"));
        client.ask(Ask::Allocate, SECOND);
        assert_eq!(
            client.reply(&refusal(SECOND, 438, b"n2")),
            Some(Reply::Again)
        );
        let again = client.ask(Ask::Allocate, FIRST);
        let message = Message::read(&again).unwrap();
        assert_eq!(message.value(AttributeType::NONCE), Some(b"n2".as_slice()));
    }

    #[test]
    fn whoever_has_no_credentials_hears_that_they_are_wanted() {
        let mut client = Client::new(None);
        client.ask(Ask::Allocate, FIRST);
        assert_eq!(
            client.reply(&refusal(FIRST, 401, b"n1")),
            Some(Reply::Refused(401))
        );
    }

    #[test]
    fn what_answers_another_question_is_passed_over() {
        let mut client = anna();
        client.ask(Ask::Allocate, FIRST);
        assert_eq!(client.reply(&refusal(SECOND, 401, b"n1")), None);
        assert_eq!(client.reply(b"something else"), None);
        let own = client.ask(Ask::Binding, FIRST);
        assert_eq!(client.reply(&own), None, "a request is no answer");
    }

    #[test]
    fn what_is_sent_through_a_relay_can_be_read_where_it_arrives() {
        let peer = "203.0.113.7:50000".parse().unwrap();
        let sent = send(peer, b"hello", FIRST);
        assert_eq!(data(&sent), None, "on its way to the relay");
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, Method::Data, Class::Indication, FIRST);
        writer.put_address(AttributeType::XOR_PEER_ADDRESS, peer);
        writer.put(AttributeType::DATA, b"hello");
        writer.finish(None);
        assert_eq!(data(&bytes), Some(b"hello".as_slice()));
    }
}
