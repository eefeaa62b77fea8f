//! What server and client share of the network, below any call: STUN's messages, whom an encrypted
//! connection trusts, and a look at what of a server can be reached from here.
//!
//! ```text
//! stun     pure: messages of STUN and TURN
//! trust    whose certificates are believed
//! place    a host and a port, and the addresses that they have
//! web      a look at a server: name, connection, certificate, answer, clock
//! turn     a look at a relay: does it answer, and does it relay
//! ```

pub mod stun;

pub mod trust;

pub mod place;

pub mod web;

pub mod turn;
