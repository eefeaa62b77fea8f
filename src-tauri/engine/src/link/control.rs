//! The data channel `control`, for what the two sides have to say to each other about the call.
//!
//! Incoming messages wait for the owner, and by SCTP's window the sender with them.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use webrtc::data_channel::DataChannel;

use super::channel::carry;
use super::event::LinkEvent;

/// The longest control message in either direction. They are lists of a few names and numbers.
pub const MAX_CONTROL_BYTES: usize = 16 * 1024;

/// Control messages that may wait to be sent; the newest is refused.
pub(super) const CONTROL_CAPACITY: usize = 64;

/// The channel's stream number, agreed on beforehand: both sides open it without asking.
pub(super) const CONTROL_STREAM: u16 = 0;

/// Carries control messages both ways until the channel ends, which is when the other side closes
/// the connection. Says so by `closed`.
pub(super) async fn carry_control(
    channel: Arc<dyn DataChannel>,
    outgoing: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<LinkEvent>,
    closed: watch::Sender<bool>,
) {
    let hear = |message: Bytes| {
        if message.len() > MAX_CONTROL_BYTES {
            tracing::warn!(bytes = message.len(), "control message too long");
            return None;
        }
        Some(LinkEvent::Control(message))
    };
    carry(channel, outgoing, &events, LinkEvent::ControlOpen, hear).await;
    closed.send_replace(true);
}
