//! The system's microphones and speakers.
//!
//! - [`catalog`] lists them;
//! - [`stream`] opens one through cpal and connects its callback to a ring;
//! - [`session`] is the thread on which an open device lives, because a hung sound server blocks whoever talks to it;
//! - [`supervisor`] decides, purely, when to open, close and open again, and what to tell;
//! - [`keeper`] is the thread that carries that out;
//! - `linux` and `other` choose among cpal's hosts, one file for each kind of system;
//! - `pulseaudio` keeps Linux's connections to that server.
//!
//! Adds 10 ms on either side, the size of the device buffer that is asked for.

mod catalog;
mod keeper;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod pulseaudio;
mod session;
mod stream;
mod supervisor;

#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(not(target_os = "linux"))]
use self::other as system;

pub use self::catalog::{microphones, speakers};
pub(crate) use self::keeper::Keeper;
pub(crate) use self::stream::{open_microphone, open_speaker};

use std::sync::Arc;

use super::ring::Gauge;
use crate::device::DeviceProblem;

/// Which way sound flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Capture,
    Playback,
}

/// Which device to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The system's default, whichever that is.
    Default,
    /// The one with this id.
    Named(String),
    /// The system's default, until the one with this id is back.
    InsteadOf(String),
}

/// A device that runs until it is dropped.
pub(crate) trait OpenDevice {
    /// The system's words for it.
    fn name(&self) -> &str;

    /// Whether it is still the one to have open.
    fn standing(&self) -> Standing;
}

/// How an open device stands to what was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is what was wanted.
    Right,
    /// What was wanted is another device now: the default has changed, or the named one is back.
    Superseded,
    /// It is gone, though sound may still flow: PulseAudio moves the streams of a device that was unplugged elsewhere.
    Gone,
}

/// An open device, and the media thread's end of its ring.
pub(crate) struct Opened<End> {
    pub(crate) device: Box<dyn OpenDevice>,
    pub(crate) end: End,
}

/// Opens a device, and starts it. May block for as long as the system likes.
pub(crate) type Open<End> =
    Arc<dyn Fn(&Wanted, &Arc<Gauge>) -> Result<Opened<End>, DeviceProblem> + Send + Sync>;
