//! Why a request is refused: the code for the program, the reason for the person who reads its log.

use super::credentials::REALM;
use super::stun::{AttributeType, Writer};

/// Why a request is refused (RFC 8489, section 14.8; RFC 8656, section 19).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not as the RFC wants it.
    #[error("{0}")]
    BadRequest(&'static str),
    /// No signature, or one that does not fit.
    #[error("The username or the password is wrong, or its time is over")]
    Unauthenticated,
    /// The peer must not be reached through this relay.
    #[error("This relay does not lead to that address")]
    Forbidden,
    /// Attributes that must be understood and are not.
    #[error("There is something in the request that this server does not know")]
    UnknownAttributes(Vec<AttributeType>),
    /// There is no allocation, or there is one already.
    #[error("{0}")]
    Mismatch(&'static str),
    /// The nonce is too old, or was not given to this address.
    #[error("The nonce is no longer good, here is a new one")]
    StaleNonce,
    /// There is no relayed address of this family.
    #[error("This relay has no address of that family")]
    FamilyUnsupported,
    /// The allocation belongs to somebody else.
    #[error("The allocation was made with other credentials")]
    WrongCredentials,
    /// Only UDP is relayed.
    #[error("This relay speaks UDP to peers, and nothing else")]
    TransportUnsupported,
    /// The peer's family is not that of the relayed address.
    #[error("The peer's address is of another family than the relayed one")]
    FamilyMismatch,
    /// The session has what it may have.
    #[error("This session has as many relayed addresses as it may have")]
    SessionFull,
    /// The server has what it may have.
    #[error("{0}")]
    ServerFull(&'static str),
}

impl Refusal {
    /// Its number.
    pub const fn code(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::UnknownAttributes(_) => 420,
            Self::Mismatch(_) => 437,
            Self::StaleNonce => 438,
            Self::FamilyUnsupported => 440,
            Self::WrongCredentials => 441,
            Self::TransportUnsupported => 442,
            Self::FamilyMismatch => 443,
            Self::SessionFull => 486,
            Self::ServerFull(_) => 508,
        }
    }

    /// Writes the attributes of the answer; `nonce` makes one where the client is to try again.
    pub(super) fn write(&self, answer: &mut Writer<'_>, nonce: impl FnOnce() -> String) {
        let reason = self.to_string();
        answer.put_error(AttributeType::ERROR_CODE, 0, self.code(), &reason);
        match self {
            Self::Unauthenticated | Self::StaleNonce => {
                answer.put(AttributeType::REALM, REALM.as_bytes());
                answer.put(AttributeType::NONCE, nonce().as_bytes());
            }
            Self::UnknownAttributes(kinds) => {
                let numbers = kinds.iter().flat_map(|kind| kind.0.to_be_bytes());
                let numbers: Vec<u8> = numbers.collect();
                answer.put(AttributeType::UNKNOWN_ATTRIBUTES, &numbers);
            }
            _ => {}
        }
    }
}
