//! What this machine's network is, and the moments at which it changes: a cable is pulled or
//! plugged in, another Wi-Fi is joined, an address runs out, the lid was closed for a while.
//!
//! A thread of its own waits for the system to say that something about interfaces, addresses or
//! routes has changed, lets that settle, and looks at what it came to: one report in place of the
//! dozen notices of a Wi-Fi that is joined. It wakes once a second, so that a machine that slept is
//! noticed too. Latency: `settle::QUIET` from the last notice.
//!
//! - [`NetworkWatch`]: the thread
//! - `view`: what there is, and what of a change matters: pure
//! - `settle`: when a flurry of notices is over: pure
//! - `addresses`: the addresses that others can dial
//! - `mdns`: asks who has a name of the local network
//! - `linux`, `macos`, `windows`: how the system tells, `unix` what two of them share
//!
//! Own code over the systems' calls, because the crates that do this (`if-watch`, `netwatch`) bring
//! a netlink stack, an executor or a watcher of every interface's details along, for what is here a
//! socket that is read and thrown away.

mod addresses;
pub mod fuzzing;
mod mdns;
mod settle;
mod view;
mod watch;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as system;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

#[cfg(unix)]
mod unix;

pub use addresses::{is_dialable, local_network_address, usable_addresses};
pub use mdns::{LocalName, resolve};
pub use view::NetworkChange;
pub use watch::NetworkWatch;
