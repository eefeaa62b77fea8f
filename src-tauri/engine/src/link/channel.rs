//! What the data channels have in common: reliable and in order, agreed on beforehand, read and written at the same time.
//!
//! One task each, which reads also while it waits to be let write. Outgoing messages are bounded in number by their queue, and in bytes by the
//! channel's own buffer.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{mpsc, watch};
use webrtc::data_channel::{DataChannel, DataChannelEvent};

use super::event::LinkEvent;

/// Nothing is said before. What comes right behind the handshake is taken for nobody's by the library (rtc 0.21.1: a channel has
/// its number only once the handshake's event was handled) and never comes again, since SCTP has confirmed it.
const SETTLES: Duration = Duration::from_millis(300);

/// Carries messages both ways until the channel ends. Tells `opened` when it opens, and what `hear` makes of each message.
pub(super) async fn carry(
    channel: Arc<dyn DataChannel>,
    mut outgoing: mpsc::Receiver<Bytes>,
    events: &mpsc::Sender<LinkEvent>,
    opened: LinkEvent,
    mut hear: impl FnMut(Bytes) -> Option<LinkEvent>,
) {
    let (tell_open, mut open) = watch::channel(false);
    let receiving = async {
        let mut opened = Some(opened);
        while let Some(event) = channel.poll().await {
            let told = match event {
                DataChannelEvent::OnOpen => {
                    tell_open.send_replace(true);
                    opened.take()
                }
                DataChannelEvent::OnMessage(message) => hear(message.data.freeze()),
                DataChannelEvent::OnClose => break,
                _ => None,
            };
            if let Some(told) = told {
                let _ = events.send(told).await;
            }
        }
    };
    let sending = async {
        let _ = open.wait_for(|open| *open).await;
        tokio::time::sleep(SETTLES).await;
        while let Some(message) = outgoing.recv().await {
            // Fails when the channel has closed, which the other half notices.
            let _ = channel.send(BytesMut::from(&message[..])).await;
        }
        // The owner has let go of the link: the channel is about to end.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = receiving => {}
        () = sending => {}
    }
}
