//! What is asked of one of the other side's pictures: packets once more, and keyframes.

use std::sync::Arc;
use std::time::Instant;

use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use tokio::sync::watch;
use webrtc::media_stream::track_remote::TrackRemote;

use super::shared::Requests;
use super::stats::{Counters, count};
use crate::transport::keyframe::KeyframeGate;

/// A picture of the other side's, once its first packet has come.
#[derive(Clone)]
pub(super) struct RemotePicture {
    pub track: Arc<dyn TrackRemote>,
    pub ssrc: u32,
}

/// The requests that concern one picture.
pub(super) struct IncomingPicture {
    remote: watch::Receiver<Option<RemotePicture>>,
    /// Keyframes that we ask for.
    asking: KeyframeGate,
}

impl IncomingPicture {
    /// Nothing has come yet.
    pub fn new(remote: watch::Receiver<Option<RemotePicture>>) -> Self {
        Self {
            remote,
            asking: KeyframeGate::default(),
        }
    }

    /// Waits until the picture begins, or begins as another stream: from then on something can be asked of it. It begins with a
    /// keyframe; whoever misses that one asks.
    pub async fn begins(&mut self) {
        if self.remote.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// When something waits to be asked for.
    pub fn deadline(&self) -> Option<Instant> {
        self.asking.deadline()
    }

    /// The picture, once it has begun.
    pub fn remote(&self) -> Option<RemotePicture> {
        self.remote.borrow().clone()
    }

    /// Adds to two datagrams what is to be said now of the picture `media_ssrc`, in the name of `sender_ssrc`. A request for a
    /// keyframe goes into both: whoever asks in vain stands still for half a second, until the gates let the next one pass.
    /// The other side's gate takes the two for one.
    pub fn ask(
        &mut self,
        wanted: &Requests,
        (sender_ssrc, media_ssrc): (u32, u32),
        counters: &Counters,
        now: Instant,
        datagrams: &mut [Vec<Box<dyn rtcp::Packet>>; 2],
    ) {
        if !wanted.nacks.is_empty() {
            count(&counters.nacks_sent);
            datagrams[0].push(Box::new(TransportLayerNack {
                sender_ssrc,
                media_ssrc,
                nacks: nack_pairs_from_sequence_numbers(&wanted.nacks),
            }));
        }
        if self.asking.poll(now) {
            count(&counters.keyframe_requests_sent);
            for datagram in datagrams {
                datagram.push(Box::new(PictureLossIndication {
                    sender_ssrc,
                    media_ssrc,
                }));
            }
        }
    }

    /// A keyframe is needed, as soon as it may be asked for.
    pub fn need_keyframe(&mut self) {
        self.asking.request();
    }
}
