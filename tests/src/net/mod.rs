//! Networks made on this machine: hosts as network namespaces, and between them a cable whose delay, loss, rate and queue
//! a test changes while a call runs over it.
//!
//! ```text
//!  A 10.1.0.2 ──cable── router A 203.0.113.2 ──┐
//!  B 10.2.0.2 ──cable── router B 203.0.113.3 ──┼── S 203.0.113.10, the public server
//!  C 10.3.0.2 ──cable── router C 203.0.113.4 ──┘
//! ```
//!
//! - [`Meeting`]: a lab with Visio's server in it, and people who join from its hosts
//! - [`Lab`]: all of the above, with what each link is like
//! - [`Namespace`]: one host, and programs that run on it
//! - [`Cable`]: carries frames between two hosts, in threads of this process
//! - [`Impairment`], `lane`, `garble`: what a link is like, and what it does to each frame; pure
//! - [`Nat`]: what a router does to those behind it
//! - [`Gauge`]: what a cable carried, over time
//! - [`Download`]: somebody else's traffic
//! - `system`: the few system calls that the standard library lacks
//!
//! Needs Linux, root, `/dev/net/tun`, `iproute2` and, for NATs, `iptables`. All of it is gone when the lab is dropped, also
//! after a panic; what a killed run left behind is removed by the next. Costs: a frame waits in the cable for as long as
//! the link says, and some ten microseconds more.

mod cable;
mod download;
mod garble;
mod gauge;
mod impairment;
mod lab;
mod lane;
mod namespace;
mod nat;
mod system;

pub use cable::{Cable, Reading, Way};
pub use download::Download;
pub use gauge::{Gauge, Sample};
pub use impairment::Impairment;
pub use lab::{Lab, Meeting, Place, SERVER, Site};
pub use lane::Counters;
pub use namespace::{Namespace, command};
pub use nat::Nat;

use crate::Need;

/// What a lab needs from the machine.
pub const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Root,
    Need::File("/dev/net/tun", "none: the kernel's tun module makes it"),
    Need::Program("ip", "iproute2"),
    Need::Program("iptables", "iptables"),
];
