//! The relay's sockets.
//!
//! All of it runs on one thread of its own, on a runtime of its own: media waits for no request, no
//! lock is ever waited for, and a packet that has arrived is on its way before the thread does
//! anything else. It adds no delay but its own few microseconds. Packets are taken and given to the
//! system many at a time where the system can do that (Linux).
//!
//! ```text
//! relay        starting and stopping; what the rest of the server sees
//! listen       where it listens, and at which addresses it relays
//! exchange     hands packets to the core, and on to where it says
//! relayed      the sockets of relayed addresses
//! datagrams    many datagrams at a time: Linux, and everybody else
//! stream       one client's stream, of whatever kind
//! frame_queue  what waits for a slow reader of a stream
//! ```

mod exchange;
mod frame_queue;
mod listen;
mod relay;
mod relayed;
mod stream;

#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "datagrams_linux.rs"
)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "datagrams_other.rs"
)]
mod datagrams;

pub use listen::RelayError;
pub use relay::{Door, Relay};
