//! The rig: what the scenarios and `cargo xtask` stand on. It starts Visio's real programs, listens to what they say and
//! ends exactly those it started.
//!
//! Everything here is blocking and runs on the caller's thread, apart from one thread per stream of a child's output.
//! Dependencies are few on purpose: `cargo xtask setup` is built from this crate on a machine that has nothing yet.

pub mod balancer;
pub mod binaries;
pub mod booted;
pub mod bus;
pub mod canned;
pub mod chromium;
pub mod clean_debian;
pub mod display;
pub mod endurance;
pub mod guest;
pub mod hostile;
pub mod need;
pub mod net;
pub mod participant;
pub mod picture;
pub mod ports;
pub mod process;
pub mod redis;
pub mod report;
pub mod rooms;
pub mod rows;
pub mod server;
pub mod server_package;
pub mod stranger;
pub mod trouble;
pub mod usage;
pub mod voice;
pub mod window;
pub mod words;
pub mod workspace;

pub use balancer::{Balancer, Choice};
pub use binaries::Binaries;
pub use booted::Booted;
pub use bus::Bus;
pub use clean_debian::CleanDebian;
pub use display::Display;
pub use guest::Guest;
pub use need::Need;
pub use participant::{Joined, Participant};
pub use picture::Picture;
pub use process::Process;
pub use redis::Redis;
pub use report::Report;
pub use rooms::Rooms;
pub use server::Server;
pub use trouble::{Result, Trouble};
pub use window::Window;
