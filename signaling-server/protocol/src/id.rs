//! Who, where and what: rooms, sessions, persons and messages, 16 bytes each, written as hex.

use crate::{hex, random};
use std::fmt;
use std::str::FromStr;

/// Why a text is not an id: it is not exactly 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 hexadecimal digits")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id with these bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// An id that nobody else has.
            pub fn random() -> Self {
                Self(random::bytes())
            }

            /// Its 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex::encode(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                hex::decode(text).map(Self).ok_or(IdError)
            }
        }

        hex::serde_as_text!($name, "an id of 32 hexadecimal digits");
    };
}

id! {
    /// A room, as the server knows it: derived from the invite, see [`crate::RoomKeys`].
    RoomId
}

id! {
    /// One client's presence on one server: derived from its [`crate::secret::SessionSecret`].
    ///
    /// Of two sessions the smaller one makes the offers.
    SessionId
}

id! {
    /// A person in one call, chosen by their client. Travels only sealed, and outlives a lost
    /// session.
    PersonId
}

id! {
    /// A message of the chat, chosen by its author: told by several, it is still one.
    MessageId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_from_text_and_from_json() {
        let id = SessionId::random();
        assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<SessionId>(&json).unwrap(), id);
    }

    #[test]
    fn of_two_sessions_the_smaller_bytes_come_first() {
        let smaller = SessionId::from_bytes([1; 16]);
        let greater = SessionId::from_bytes([2; 16]);
        assert!(smaller < greater);
    }

    #[test]
    fn a_text_of_another_length_is_no_id() {
        assert_eq!("1234".parse::<RoomId>(), Err(IdError));
        assert!(serde_json::from_str::<PersonId>("\"xyz\"").is_err());
        assert!(serde_json::from_str::<PersonId>("17").is_err());
    }
}
