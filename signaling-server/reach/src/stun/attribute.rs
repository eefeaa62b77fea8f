//! Attributes: what a message says, each with a number, a length and a value.

/// The number of a kind of attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeType(pub u16);

impl AttributeType {
    /// Who is asking.
    pub const USERNAME: Self = Self(0x0006);
    /// Proves that the sender knows the password.
    pub const MESSAGE_INTEGRITY: Self = Self(0x0008);
    /// Why a request was refused.
    pub const ERROR_CODE: Self = Self(0x0009);
    /// Which attributes the server did not understand.
    pub const UNKNOWN_ATTRIBUTES: Self = Self(0x000a);
    /// The number of a channel.
    pub const CHANNEL_NUMBER: Self = Self(0x000c);
    /// How many seconds an allocation lasts.
    pub const LIFETIME: Self = Self(0x000d);
    /// The peer that a request or a piece of data is about.
    pub const XOR_PEER_ADDRESS: Self = Self(0x0012);
    /// What is to be handed on.
    pub const DATA: Self = Self(0x0013);
    /// Whose passwords these are.
    pub const REALM: Self = Self(0x0014);
    /// What keeps a request from being made again later, by somebody else.
    pub const NONCE: Self = Self(0x0015);
    /// The address at which peers reach the client.
    pub const XOR_RELAYED_ADDRESS: Self = Self(0x0016);
    /// IPv4 or IPv6.
    pub const REQUESTED_ADDRESS_FAMILY: Self = Self(0x0017);
    /// The relayed port shall be even, and the next one kept for later if wished.
    pub const EVEN_PORT: Self = Self(0x0018);
    /// How the relay is to speak to peers.
    pub const REQUESTED_TRANSPORT: Self = Self(0x0019);
    /// Packets to peers must not be fragmented.
    pub const DONT_FRAGMENT: Self = Self(0x001a);
    /// The address that the server sees the client at.
    pub const XOR_MAPPED_ADDRESS: Self = Self(0x0020);
    /// The port that was kept by an earlier `EVEN_PORT`.
    pub const RESERVATION_TOKEN: Self = Self(0x0022);
    /// The other family too, please.
    pub const ADDITIONAL_ADDRESS_FAMILY: Self = Self(0x8000);
    /// Why the other family was not to be had.
    pub const ADDRESS_ERROR_CODE: Self = Self(0x8001);
    /// A checksum that other protocols' packets lack.
    pub const FINGERPRINT: Self = Self(0x8028);

    /// Whether a receiver who does not know this kind must not go on (RFC 8489, section 14).
    pub const fn must_be_understood(self) -> bool {
        self.0 < 0x8000
    }
}

/// One attribute of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its kind.
    pub kind: AttributeType,
    /// Its value, without the padding.
    pub value: &'a [u8],
    /// Where the value begins in the message.
    pub start: usize,
}
