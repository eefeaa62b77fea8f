//! From the camera to packets, and from packets to pictures.
//!
//! Sending: capture thread → [`slot::FrameSlot`] → a thread for each layer that is taken ([`layers`],
//! [`encoder`]: scale, encode, packetise once for everybody). Receiving: packets → media thread ([`receiver`]: reorder, assemble, decode) →
//! [`slot::FrameSlot`]. At 720p a picture is some 10 ms old when it is out on the other side of a
//! loopback; nothing queues but what waits for a missing packet, for its voice (`playout`), or because repairs are frequent
//! (`hold`).

pub mod assembler;
pub mod camera;
pub mod content;
pub mod encoder;
pub mod frame;
mod frame_rate;
mod freeze;
#[doc(hidden)]
pub mod fuzzing;
pub mod h264;
pub(crate) mod hold;
mod keyframe_requests;
pub mod layers;
mod media_thread;
pub mod packetizer;
pub mod pattern;
pub(crate) mod playout;
pub mod receiver;
pub mod scale;
pub mod screen;
pub mod slot;
pub mod source;
pub mod stats;
pub mod strain;
mod transit;

pub use camera::{Camera, ScreenGrabber};
pub use content::Content;
pub use encoder::{EncodedVideo, LayerConfig, VideoEncoder};
pub(crate) use encoder::{RTP_EPOCH, RTP_HZ};
pub use frame::Frame;
pub use layers::LayerEncoders;
pub use pattern::PatternStats;
pub use receiver::{Feedback, VideoReceiver};
pub use scale::scale;
pub use screen::ScreenEncoder;
pub use slot::FrameSlot;
pub use source::{CameraSpec, CameraSpecError, ScreenInfo, ScreenSpec, cameras, screens};
pub use stats::{VideoInboundStats, VideoOutboundStats};
pub use strain::{Effort, Strain};

#[cfg(test)]
mod tests;
