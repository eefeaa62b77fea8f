//! The encrypted port: TLS, and behind it two services at once, HTTPS and the relay. So a network
//! that lets only the web through carries calls, too.
//!
//! ```text
//! handshakes   how many may be under way
//! service      pure: which of the two somebody wants
//! port         taking somebody in
//! ```

mod handshakes;
mod port;
mod service;

pub(crate) use port::{Port, Visitor};
