//! A look at a relay, as a call uses it: is anybody there, and does what one sends through it arrive?
//!
//! Two clients of the relay each get an address there, and one sends to the other's through it. That
//! is what two people behind strict routers do, and it needs nothing of the network but the one way to
//! the relay that is looked at.
//!
//! ```text
//! url       where a relay is, and by which way
//! client    pure: requests and what is made of their answers
//! carrier   messages over UDP, TCP or TLS
//! look      the look itself
//! ```

mod carrier;
mod client;
mod look;
mod url;

pub use look::{Answered, Mapped, RelayFault, Relayed, look, mapped};
pub use url::{RelayUrl, Way};
