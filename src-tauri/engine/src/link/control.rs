//! The data channel `control`, reliable and in order, for what the two sides have to say to each other
//! about the call.
//!
//! One task. Incoming messages wait for the owner, and by SCTP's window the sender with
//! them; outgoing ones are bounded in number, and in bytes by the channel's own buffer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::sync::{mpsc, watch};
use webrtc::data_channel::{DataChannel, DataChannelEvent};

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
    mut outgoing: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<LinkEvent>,
    closed: watch::Sender<bool>,
) {
    let mut open = false;
    loop {
        tokio::select! {
            event = channel.poll() => match event {
                Some(DataChannelEvent::OnOpen) => {
                    open = true;
                    let _ = events.send(LinkEvent::ControlOpen).await;
                }
                Some(DataChannelEvent::OnMessage(message)) => {
                    if message.data.len() > MAX_CONTROL_BYTES {
                        tracing::warn!(bytes = message.data.len(), "control message too long");
                        continue;
                    }
                    let message = LinkEvent::Control(message.data.freeze());
                    let _ = events.send(message).await;
                }
                Some(DataChannelEvent::OnClose) | None => break,
                Some(_) => {}
            },
            Some(message) = outgoing.recv(), if open => {
                // Fails when the channel has closed, which the next poll tells.
                let _ = channel.send(BytesMut::from(&message[..])).await;
            }
        }
    }
    closed.send_replace(true);
}
