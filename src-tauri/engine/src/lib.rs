//! The engine: a call without a window.
//!
//! Rooms from the leaves up; a room may use only those above it in this list.

#[cfg(test)]
mod corpus;
pub mod device;
pub mod network;
pub mod transport;

pub mod audio;
pub mod video;

pub mod codec;

pub mod signaling;

pub mod link;

pub mod call;

pub mod stats;

pub mod session;

pub mod doctor;
