//! The report of a call, as `visio-cli --report` writes it.

use serde::Serialize;

use super::chat::ChatReport;
use super::peer::PeerReport;
use crate::video::VideoOutboundStats;

/// What a call measured, from joining on.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Since joining.
    pub seconds: f64,
    /// Processor time of this process, user and system.
    pub cpu_seconds: f64,
    /// The most memory this process ever held, in 10⁶ bytes.
    pub peak_rss_mb: f64,
    /// The camera, as encoded once for all.
    pub video_sent: VideoSent,
    /// The screen that was shared, as encoded once for all; none when none was.
    pub screen_sent: Option<LayerReport>,
    /// The microphone, as encoded once for all.
    pub audio_sent: AudioSent,
    /// What was written.
    pub chat: ChatReport,
    /// Everybody who was met in the call.
    pub peers: Vec<PeerReport>,
}

/// What the video encoders made.
#[derive(Clone, Debug, Serialize)]
pub struct VideoSent {
    /// The most encoders that ran at once: one for each layer that somebody took, never one for each peer.
    pub encoders: u32,
    /// What each made, from the smallest layer up.
    pub layers: Vec<LayerReport>,
}

/// What one video encoder made.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Encoded frames per second, over the time the layer was taken.
    pub fps: f64,
    /// Bits per second, over the time the layer was taken.
    pub bitrate_bps: u64,
    /// Encoded frames.
    pub frames: u64,
}

impl VideoSent {
    /// From the most encoders that ran at once, and what each encoder made.
    pub fn new(encoders: u32, layers: &[VideoOutboundStats]) -> Self {
        Self {
            encoders,
            layers: layers.iter().map(LayerReport::from).collect(),
        }
    }
}

impl From<&VideoOutboundStats> for LayerReport {
    fn from(stats: &VideoOutboundStats) -> Self {
        Self {
            width: stats.width,
            height: stats.height,
            fps: stats.mean_fps,
            bitrate_bps: stats.mean_bitrate_bps as u64,
            frames: stats.frames,
        }
    }
}

/// What the audio encoder made.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AudioSent {
    /// Opus packets of 20 ms.
    pub packets: u64,
    /// Bits per second of payload, over the call.
    pub bitrate_bps: u64,
}
