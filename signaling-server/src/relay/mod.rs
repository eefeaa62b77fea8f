//! The relay: STUN and TURN (RFC 8489, RFC 8656), for calls that find no direct way.
//!
//! A client gets a relayed address and names the peers that may use it; what they send there comes
//! to the client, and the other way round. What passes is sealed from end to end, and looked at no
//! further than its length. Who may have an address, how many, how much may pass and where to is
//! bounded: a relay that leads everywhere for everybody is a hole in somebody's firewall.
//!
//! It has one thread of its own, takes a few microseconds of it per packet, and adds no other delay.
//! About 500 bytes are kept for each allocation, and nothing for whoever has none.
//!
//! ```text
//! //! packet, frame pure: a packet in its buffer; what follows what on a stream
//! core          pure: requests, what is relayed. Its parts: allocation, addresses, wish, refusal,
//!               credentials, nonce, destinations, quota, bucket, client
//! sockets       UDP and TCP, on the relay's thread
//! options       what can be set
//! counts        what is counted
//! access        what sessions are told
//! fuzzing       what is fuzzed
//! ```

mod access;
mod addresses;
mod allocation;
mod bucket;
mod client;
mod core;
mod counts;
mod credentials;
mod destinations;
mod frame;
mod nonce;
mod options;
mod packet;
mod quota;
mod refusal;
mod sockets;
mod wish;

pub mod fuzzing;

use visio_reach::stun;

pub use access::Relays;
pub use counts::{Counted, RelayCounts};
pub use credentials::RelaySecret;
pub use options::{Ports, RelayOptions};
pub use sockets::{Door, Relay, RelayError};
