//! visio-server as a library: the one binary for the VPS, and what tests start in their own
//! process.
//!
//! It introduces people to one another and learns nothing: rooms have ids derived from a secret it
//! never sees, and what people say is sealed. `protocol/PROTOCOL.md` is the contract.
//!
//! ```text
//! config       what can be set; defaults, what follows from the domain
//! certificate  from an authority, or from files
//! listening    sockets that are listened on
//! connection   accepting, HTTP/1, cutting off
//! encrypted    TLS: HTTPS and the relay at one port
//! client_address   who asks, also through a reverse proxy
//! http         requests and answers
//! hub          pure: sessions, rooms, events. No clock and no socket
//! control      the owner's commands to a running server
//! doctor       can people get here, and does the relay relay?
//! relay        STUN and TURN, for those who find no direct way; on a thread of its own
//! guard        pure: how much one address, and one room, may ask for
//! metrics      numbers for whoever watches over the server
//! data         what outlives a restart: the folder, the rooms, the host codes
//! shared       several servers that share their rooms over Redis
//! seam         where one server alone and one of several differ
//! ```

pub mod certificate;
pub mod client_address;
pub mod config;
pub mod control;
pub mod data;
pub mod doctor;
pub mod guard;
pub mod hub;
pub mod metrics;
pub mod relay;
pub mod shared;

mod connection;
mod defaults;
mod encrypted;
#[cfg_attr(unix, path = "files_unix.rs")]
#[cfg_attr(not(unix), path = "files_other.rs")]
mod files;
mod firewall;
mod http;
mod listening;
mod seam;
mod server;
mod stall;

pub use config::{Config, Limits};
pub use firewall::Firewall;
pub use server::{Server, StartError};
