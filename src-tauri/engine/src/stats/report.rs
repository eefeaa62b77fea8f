//! The report of a call, as `visio-cli --report` writes it.

use serde::Serialize;

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
    /// The microphone, as encoded once for all.
    pub audio_sent: AudioSent,
    /// Everybody who was met in the call.
    pub peers: Vec<PeerReport>,
}

/// What the video encoders made.
#[derive(Clone, Debug, Serialize)]
pub struct VideoSent {
    /// Encoders that ran: one for each layer, never one for each peer.
    pub encoders: u32,
    /// What each made.
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

impl From<VideoOutboundStats> for VideoSent {
    fn from(stats: VideoOutboundStats) -> Self {
        let layer = LayerReport {
            width: stats.width,
            height: stats.height,
            fps: stats.mean_fps,
            bitrate_bps: stats.mean_bitrate_bps as u64,
            frames: stats.frames,
        };
        let encoders = u32::from(stats.frames > 0);
        Self {
            encoders,
            layers: if stats.frames > 0 {
                vec![layer]
            } else {
                Vec::new()
            },
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
