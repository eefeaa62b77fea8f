//! Runs a call: the only place where all parts meet.
//!
//! [`Session`] is the engine's face for the window, the CLI and the tests. Behind it one task owns the [`CallState`] and carries out the
//! effects of each step; each person has a task of their own (`peer`), so that nobody's slow connection delays another's. Media never
//! passes through these tasks: packets go from the encoders' threads straight to the links (`fanout`) and from the links straight to the
//! receivers' threads.
//!
//! [`CallState`]: crate::call::CallState

mod actor;
mod ask;
mod chat;
mod fanout;
mod frames;
mod handle;
mod heard;
mod ice_servers;
mod inbound_screen;
mod limits;
mod load;
mod media;
mod options;
mod peer;
mod per_link;
mod receiving;
mod roster;
mod screen_sending;
mod sending;
mod shared_line;

pub use chat::{raise_hand, say};
pub use frames::{FrameHub, Tile};
pub use handle::Session;
pub use options::SessionOptions;
