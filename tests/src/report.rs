//! The report that `visio-cli join --report` writes: the contract between the engine and everything that measures it.
//! Names and units are those of the W3C's webrtc-stats where it has one.

#![allow(
    missing_docs,
    reason = "the fields are named after the statistics they hold"
)]

use serde::Deserialize;

/// One participant's account of one call.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub peak_rss_mb: f64,
    pub video_sent: VideoSent,
    pub screen_sent: Option<Layer>,
    pub audio_sent: AudioSent,
    pub chat: Chat,
    pub peers: Vec<Peer>,
}

/// What was written, in order, and whose hands are raised, in order.
#[derive(Debug, Clone, Deserialize)]
pub struct Chat {
    pub messages: Vec<Message>,
    pub hands: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    pub from: String,
    pub text: String,
    pub own: bool,
    /// Who told it, when it was not its author.
    pub told_by: Option<String>,
    /// Who has not got it yet.
    pub waiting: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct VideoSent {
    pub encoders: u32,
    pub layers: Vec<Layer>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Layer {
    pub width: u32,
    pub height: u32,
    pub fps: f64,
    pub bitrate_bps: u64,
    pub frames: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct AudioSent {
    pub packets: u64,
    pub bitrate_bps: u64,
}

/// What was received from, sent to and learned about one other person.
#[derive(Debug, Clone, Deserialize)]
pub struct Peer {
    pub name: String,
    pub first_video_ms: Option<f64>,
    pub first_audio_ms: Option<f64>,
    pub path: Option<String>,
    pub transport: Option<String>,
    pub local: Option<String>,
    pub remote: Option<String>,
    pub rtt_ms: Option<f64>,
    /// What keeps their picture from being better: `nothing`, `their_uplink`, `your_downlink`, `path`, `relay`, `their_machine` or
    /// `this_machine`.
    pub limited_by: Option<String>,
    pub video: Option<Video>,
    pub first_screen_ms: Option<f64>,
    pub screen: Option<Video>,
    pub sound: Option<Audio>,
    pub audio: Option<Audio>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Video {
    pub frames_decoded: u64,
    pub fps: f64,
    pub width: u32,
    pub height: u32,
    pub freeze_count: u64,
    pub total_freezes_duration_ms: f64,
    pub key_frames_decoded: u64,
    pub packets_lost: i64,
    pub retransmitted_packets: u64,
    /// By how much the picture is shown later than the voice is heard.
    pub av_offset_ms: Option<f64>,
    pub pattern: Option<Pattern>,
}

/// What the test pattern's own number and time say about its way here.
#[derive(Debug, Clone, Deserialize)]
pub struct Pattern {
    pub latency_ms: Percentiles,
    pub psnr_db: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Audio {
    pub packets: u64,
    pub concealed_ratio: f64,
    pub fec_recovered: u64,
    pub redundant_recovered: u64,
    pub longest_gap_ms: f64,
    pub jitter_buffer_ms: Percentiles,
    pub level_dbfs: Option<f64>,
    pub tone_hz: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub max: Option<f64>,
}

/// A line of `visio-cli join --stats`: what happened in about a second.
#[derive(Debug, Clone, Deserialize)]
pub struct Moment {
    pub seconds: f64,
    pub cpu_percent: f64,
    pub encoders: u32,
    pub peers: Vec<PeerMoment>,
}

/// One of the others in that second.
#[derive(Debug, Clone, Deserialize)]
pub struct PeerMoment {
    pub name: String,
    pub path: Option<String>,
    pub rtt_ms: Option<f64>,
    pub limited_by: Option<String>,
    pub video: VideoMoment,
    pub audio: AudioMoment,
    pub sent: SentMoment,
}

#[derive(Debug, Clone, Deserialize)]
pub struct VideoMoment {
    pub fps: f64,
    pub width: u32,
    pub height: u32,
    pub bitrate_bps: u64,
    pub freezes_ms: f64,
    pub packets_lost: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct AudioMoment {
    pub bitrate_bps: u64,
    pub concealed_ratio: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct SentMoment {
    pub layer: Option<String>,
    pub bitrate_bps: u64,
    pub retransmitted_bps: u64,
    pub estimate_bps: Option<u64>,
}

impl Report {
    /// The account of the person called `name`, if they were ever met.
    pub fn peer(&self, name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == name)
    }
}
