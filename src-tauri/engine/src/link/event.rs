//! What a link tells its owner.

use bytes::Bytes;

use super::error::LinkFailure;
use crate::transport::clock::SenderClock;
use crate::transport::layer::Layer;
use crate::transport::packet::RtpPacket;

/// Takes what arrives. Called on the link's tasks: it must not block.
pub trait MediaSink: Send + Sync {
    /// A packet of the other side's microphone.
    fn audio(&self, packet: RtpPacket);
    /// A copy of a packet of the other side's microphone, which came along with the packet that is numbered `behind`
    /// later and was handed over just before.
    fn audio_copy(&self, _copy: RtpPacket, _behind: u16) {}
    /// A packet of the other side's camera.
    fn video(&self, packet: RtpPacket);
    /// A packet of the screen that the other side shares.
    fn screen(&self, _packet: RtpPacket) {}
    /// A packet of the sound of what the other side shares.
    fn sound(&self, _packet: RtpPacket) {}
    /// What the other side says about its microphone's timestamps and its clock, from the next packet on.
    fn audio_clock(&self, _clock: SenderClock) {}
    /// The same about its camera's.
    fn video_clock(&self, _clock: SenderClock) {}
}

/// What happened on a link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkEvent {
    /// An address of ours to send to the other side, after the description it belongs to.
    Candidate {
        /// As in an `a=candidate` line, without the `a=`.
        candidate: String,
        /// The media section it belongs to; all share one path.
        mid: Option<String>,
        /// The index of that section.
        line: Option<u16>,
    },
    /// Media flows, for the first time, again, or by a new path.
    Connected,
    /// No sign of life for two seconds. It may come back by itself; a restart is worth asking for.
    Disconnected,
    /// There is no connection. After [`Lost`](LinkFailure::Lost) a restart may bring it back.
    Failed(LinkFailure),
    /// The other side can decode nothing of this layer until it gets a keyframe. At most two a second,
    /// and one whenever another layer is taken.
    KeyframeRequested(Layer),
    /// The same of the screen that we share.
    ScreenKeyframeRequested,
    /// Control messages can be sent. Those sent before have been kept.
    ControlOpen,
    /// A control message from the other side, at most
    /// [`MAX_CONTROL_BYTES`](super::MAX_CONTROL_BYTES).
    Control(Bytes),
    /// Chat messages can be sent.
    ChatOpen,
    /// A chat message from the other side, at most [`MAX_CHAT`](visio_protocol::chat::MAX_CHAT) bytes, and no more of them than
    /// people write.
    Chat(Bytes),
    /// The share of our packets, 0 to 1, that the other side missed in the last second.
    RemoteLoss(f32),
}
