//! What a message is for, and which part of the exchange it is: both in one 14-bit number whose
//! bits are interleaved (RFC 8489, section 5).

/// Which part of an exchange a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// The answer that it was done.
    Success,
    /// The answer that it was not.
    Error,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Tells a client the address that it is seen from.
    Binding,
    /// Wants a relayed address.
    Allocate,
    /// Keeps an allocation, or ends it.
    Refresh,
    /// Data from a client for a peer.
    Send,
    /// Data from a peer for a client.
    Data,
    /// Lets a peer send to a relayed address.
    CreatePermission,
    /// Agrees on a short number for a peer.
    ChannelBind,
    /// Something else.
    Other(u16),
}

/// The two bits of the class within the type.
const CLASS_BITS: u16 = 0x0110;

impl Class {
    const fn bits(self) -> u16 {
        match self {
            Self::Request => 0x0000,
            Self::Indication => 0x0010,
            Self::Success => 0x0100,
            Self::Error => 0x0110,
        }
    }

    pub(super) const fn of(message_type: u16) -> Self {
        match message_type & CLASS_BITS {
            0x0000 => Self::Request,
            0x0010 => Self::Indication,
            0x0100 => Self::Success,
            _ => Self::Error,
        }
    }
}

impl Method {
    const fn number(self) -> u16 {
        match self {
            Self::Binding => 0x001,
            Self::Allocate => 0x003,
            Self::Refresh => 0x004,
            Self::Send => 0x006,
            Self::Data => 0x007,
            Self::CreatePermission => 0x008,
            Self::ChannelBind => 0x009,
            Self::Other(number) => number,
        }
    }

    pub(super) const fn of(message_type: u16) -> Self {
        let low = message_type & 0x000f;
        let middle = (message_type & 0x00e0) >> 1;
        let high = (message_type & 0x3e00) >> 2;
        match high | middle | low {
            0x001 => Self::Binding,
            0x003 => Self::Allocate,
            0x004 => Self::Refresh,
            0x006 => Self::Send,
            0x007 => Self::Data,
            0x008 => Self::CreatePermission,
            0x009 => Self::ChannelBind,
            number => Self::Other(number),
        }
    }

    /// The message type of this method in this class.
    pub const fn message_type(self, class: Class) -> u16 {
        let number = self.number();
        let spread = (number & 0x000f) | (number & 0x0070) << 1 | (number & 0x0f80) << 2;
        spread | class.bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_a_method_and_a_class_and_they_are_that_type() {
        for message_type in 0..0x4000 {
            let (method, class) = (Method::of(message_type), Class::of(message_type));
            assert_eq!(method.message_type(class), message_type);
        }
    }
}
