//! Requests: who asks, and the form of answers.

use super::super::credentials::Username;
use super::super::refusal::Refusal;
use super::super::stun::{AttributeType, Class, Key, Message, Method, Writer};
use super::grant::Granted;
use super::{Client, Core, Instant, Sockets};

/// What is understood in a request. DONT-FRAGMENT is not: not every system lets a program ask for
/// it packet by packet, and ICE does without.
const UNDERSTOOD: [AttributeType; 12] = [
    AttributeType::USERNAME,
    AttributeType::CHANNEL_NUMBER,
    AttributeType::LIFETIME,
    AttributeType::XOR_PEER_ADDRESS,
    AttributeType::DATA,
    AttributeType::REALM,
    AttributeType::NONCE,
    AttributeType::REQUESTED_ADDRESS_FAMILY,
    AttributeType::EVEN_PORT,
    AttributeType::REQUESTED_TRANSPORT,
    AttributeType::XOR_MAPPED_ADDRESS,
    AttributeType::RESERVATION_TOKEN,
];

/// Attributes that an answer names as not understood, at most: it has to fit a datagram.
const MAX_NAMED: usize = 16;

/// Who has signed a request.
pub(super) struct User<'a> {
    pub(super) username: &'a str,
    /// For whom quotas count.
    pub(super) id: &'a str,
    pub(super) key: Key,
}

impl Core {
    /// Writes the answer to a request.
    pub(super) fn respond(
        &mut self,
        client: Client,
        message: &Message<'_>,
        answer: &mut Vec<u8>,
        now: Instant,
        sockets: &mut dyn Sockets,
    ) {
        let (result, key) = if message.method() == Method::Binding {
            (understood(message).map(|()| Granted::Seen), None)
        } else {
            match self.authenticate(client, message, now) {
                Ok(user) => (
                    self.grant(client, message, &user, now, sockets),
                    Some(user.key),
                ),
                Err(refusal) => (Err(refusal), None),
            }
        };
        let class = match result {
            Ok(_) => Class::Success,
            Err(_) => Class::Error,
        };
        let mut writer = Writer::new(answer, message.method(), class, message.transaction());
        match result {
            Ok(granted) => granted.write(&mut writer, client),
            Err(refusal) => refusal.write(&mut writer, || {
                self.nonces.make(client.address, self.time(now))
            }),
        }
        writer.finish(key.as_ref());
    }

    /// Who has signed this request (RFC 8489, section 9.2.4).
    fn authenticate<'a>(
        &self,
        client: Client,
        message: &Message<'a>,
        now: Instant,
    ) -> Result<User<'a>, Refusal> {
        if !message.has_integrity() {
            return Err(Refusal::Unauthenticated);
        }
        let (Some(username), Some(_realm), Some(nonce)) = (
            message.value(AttributeType::USERNAME),
            message.value(AttributeType::REALM),
            message.value(AttributeType::NONCE),
        ) else {
            return Err(Refusal::BadRequest(
                "A signed request needs a username, a realm and a nonce",
            ));
        };
        let time = self.time(now);
        if !self.nonces.accepts(nonce, client.address, time) {
            return Err(Refusal::StaleNonce);
        }
        let username = std::str::from_utf8(username).map_err(|_| Refusal::Unauthenticated)?;
        let Username { expires, id } = Username::read(username).ok_or(Refusal::Unauthenticated)?;
        let allocation = self.allocations.get(&client);
        let key = match allocation.filter(|allocation| *allocation.username == *username) {
            Some(allocation) => allocation.key.clone(),
            None if time < expires => self.secret.key(username),
            None => return Err(Refusal::Unauthenticated),
        };
        if key.signed(message) {
            Ok(User { username, id, key })
        } else {
            Err(Refusal::Unauthenticated)
        }
    }
}

/// Whether all is understood that must be (RFC 8489, section 6.3.1).
pub(super) fn understood(message: &Message<'_>) -> Result<(), Refusal> {
    let kinds = message.attributes().map(|attribute| attribute.kind);
    let unknown: Vec<_> = kinds
        .filter(|kind| kind.must_be_understood() && !UNDERSTOOD.contains(kind))
        .take(MAX_NAMED)
        .collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(Refusal::UnknownAttributes(unknown))
    }
}
