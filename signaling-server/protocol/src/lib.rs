//! The Visio protocol: what the app, the guest page and the server agree on. `PROTOCOL.md` is the
//! contract, this is its Rust side.
//!
//! No clock, no socket, no thread: bytes and text in, values out. The only thing taken from the
//! system is randomness. Everything that reads foreign bytes is bounded, and has a fuzz target in
//! `fuzz/`.

#![forbid(unsafe_code)]

pub mod chat;
pub mod chat_text;
pub mod clock_time;
pub mod control;
pub mod event;
pub mod host_code;
pub mod id;
pub mod invite;
pub mod keys;
pub mod message;
pub mod name;
pub mod refusal;
pub mod relay;
pub mod request;
pub mod sealing;
pub mod secret;
pub mod server_url;
pub mod session;
pub mod sse;

mod crockford;
mod hex;
mod random;

pub use chat::{ChatMessage, Reaction};
pub use chat_text::ChatText;
pub use clock_time::ClockTime;
pub use control::Control;
pub use id::{MessageId, PersonId, RoomId, SessionId};
pub use invite::{Invite, InviteError};
pub use keys::RoomKeys;
pub use message::{MediaState, Signal};
pub use name::PersonName;
pub use server_url::ServerUrl;
pub use session::{Recipient, Role};

/// The version of the protocol spoken here: of invite codes, of sealed messages and of requests.
pub const PROTOCOL_VERSION: u8 = 1;
