//! What a media stream needs to survive a network, as plain values.
//!
//! Pure: bytes and times in, decisions out. No socket, no clock, no thread of its own; the link
//! drives these from its tasks, the tests from a virtual clock.

pub mod packet;
