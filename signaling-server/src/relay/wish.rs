//! What an Allocate request asks for (RFC 8656, section 7.2, in the order of its checks).

use super::refusal::Refusal;
use super::stun::{AttributeType, Family, Message};

/// The protocol number of UDP, the only transport that is relayed.
const UDP: u8 = 17;

/// Bytes of a reservation token (RFC 8656, section 18.10).
pub(super) const TOKEN: usize = 8;

/// A port that was kept for later.
pub(super) type Token = [u8; TOKEN];

/// Which relayed addresses a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// New ones.
    New {
        /// Of this family.
        family: Family,
        /// And of this one as well, if it is to be had.
        additional: Option<Family>,
        /// With this kind of port.
        port: Port,
    },
    /// The one that was kept under this token.
    Reserved(Token),
}

/// Which port a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// Whichever.
    Any,
    /// An even one, as old RTP wants it.
    Even,
    /// An even one, and the next kept for later.
    EvenAndNext,
}

impl Wish {
    pub(super) fn read(message: &Message<'_>) -> Result<Self, Refusal> {
        match message.value(AttributeType::REQUESTED_TRANSPORT) {
            Some([UDP, _, _, _]) => {}
            Some([_, _, _, _]) => return Err(Refusal::TransportUnsupported),
            _ => return Err(Refusal::BadRequest("The transport is missing or malformed")),
        }
        let family = family(message, AttributeType::REQUESTED_ADDRESS_FAMILY)?;
        let additional = family_v6(message)?;
        let port = port(message)?;
        if let Some(token) = message.value(AttributeType::RESERVATION_TOKEN) {
            if family.is_some() || additional || port != Port::Any {
                return Err(Refusal::BadRequest(
                    "A kept port comes as it is: nothing else can be asked of it",
                ));
            }
            let token = token.try_into();
            let token = token.map_err(|_| Refusal::BadRequest("The token is malformed"))?;
            return Ok(Self::Reserved(token));
        }
        if additional && (family.is_some() || port == Port::EvenAndNext) {
            return Err(Refusal::BadRequest(
                "Both families can't be asked for together with one, or with a second port",
            ));
        }
        Ok(Self::New {
            family: family.unwrap_or(Family::V4),
            additional: additional.then_some(Family::V6),
            port,
        })
    }
}

/// The family that an attribute names; an unknown one is refused as one that is not to be had.
pub(super) fn family(
    message: &Message<'_>,
    kind: AttributeType,
) -> Result<Option<Family>, Refusal> {
    match message.value(kind) {
        None => Ok(None),
        Some([number, _, _, _]) => Family::from_number(*number)
            .map(Some)
            .ok_or(Refusal::FamilyUnsupported),
        Some(_) => Err(Refusal::BadRequest("The family is malformed")),
    }
}

/// Whether IPv6 is wanted as well: nothing else may be (RFC 8656, section 7.2).
fn family_v6(message: &Message<'_>) -> Result<bool, Refusal> {
    match family(message, AttributeType::ADDITIONAL_ADDRESS_FAMILY)? {
        None => Ok(false),
        Some(Family::V6) => Ok(true),
        Some(Family::V4) => Err(Refusal::BadRequest(
            "The additional family can only be IPv6",
        )),
    }
}

fn port(message: &Message<'_>) -> Result<Port, Refusal> {
    match message.value(AttributeType::EVEN_PORT) {
        None => Ok(Port::Any),
        // The first bit asks for the next port too (RFC 8656, section 18.7).
        Some([flags]) if flags & 0x80 != 0 => Ok(Port::EvenAndNext),
        Some([_]) => Ok(Port::Even),
        Some(_) => Err(Refusal::BadRequest(
            "The wish for an even port is malformed",
        )),
    }
}
