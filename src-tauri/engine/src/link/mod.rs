//! One connection to one person: negotiation, paths, data channels, RTP in and out.
//!
//! Built on webrtc-rs. Of two people one alone offers, restarts included, and the first offer holds
//! everything there will ever be: microphone, camera, screen, shared sound and the data channels. A
//! track that has nothing to send stays silent and starts without a new offer.
//!
//! Threads: everything here runs as tasks of the tokio runtime that [`Link::open`] was called on.
//! [`Link::send_audio`] and [`Link::send_video`] are called from media threads: they put a reference
//! into a bounded queue and return. Latency: a packet waits for two task switches (the pump, the
//! connection's driver), some ten microseconds on an idle machine; pictures are spread out by the pacer,
//! and when the network can't keep up the queue is cut at 200 ms (see `outbox`).
//!
//! - [`Link`]: the face
//! - `config`, `event`, `error`, `stats`: what goes in and what comes out
//! - `description`, `candidate`: foreign text, checked before anything is done with it
//! - `lines`, `peer`, `addresses`, `relay_stream`: what a connection is made of
//! - `keeper`, `observer`: the task that watches a connection and tells of it
//! - `selector`, `outbox`, `repairs`: what is to be sent, and in which order
//! - `pump`, `voice`, `outgoing_picture`, `filler`, `stream`, `feedback`: packets out, and what the other side says about them
//! - `incoming_picture`: what is asked of the other side's pictures
//! - `arrival_tap`, `transport_cc`: when packets arrived, said and heard
//! - `clocks`: when things were captured, as the two sides report it
//! - `channel`, `control`, `chat`: messages, both ways
//! - `receive`: packets in

mod addresses;
mod arrival_tap;
mod candidate;
mod channel;
mod chat;
mod clocks;
mod config;
mod connection;
mod control;
mod description;
mod error;
mod event;
mod feedback;
mod filler;
mod incoming_picture;
mod keeper;
mod lines;
mod observer;
mod outbox;
mod outgoing_picture;
mod peer;
mod picture;
mod pump;
mod receive;
mod relay_stream;
mod repairs;
mod selector;
mod shared;
mod stats;
mod stream;
mod transport_cc;
mod voice;

#[cfg(test)]
mod tests;

pub use crate::transport::take::Take;
pub use config::{IceServer, LinkConfig};
pub use connection::Link;
pub use control::MAX_CONTROL_BYTES;
pub use error::{LinkError, LinkFailure};
pub use event::{LinkEvent, MediaSink};
pub use picture::Picture;
pub use stats::{KindStats, LinkState, LinkStats, Path, Route, Transport};
