//! What was measured of one of the others.

use std::time::Duration;

use serde::Serialize;
use visio_protocol::PersonId;

use crate::audio::AudioInboundStats;
use crate::call::PathShown;
use crate::link::LinkStats;
use crate::video::{PatternStats, VideoInboundStats};

/// One of the others, in the report.
#[derive(Clone, Debug, Serialize)]
pub struct PeerReport {
    /// Whose report; for telling two of the same name apart.
    #[serde(skip)]
    pub person: PersonId,
    /// As they call themselves.
    pub name: String,
    /// Until their first picture was decoded, milliseconds.
    pub first_video_ms: Option<f64>,
    /// Until their first sound was decoded, milliseconds.
    pub first_audio_ms: Option<f64>,
    /// `direct` or `relay`.
    pub path: Option<&'static str>,
    /// `udp`, `tcp` or `tls`.
    pub transport: Option<&'static str>,
    /// Our end, `ip:port`.
    pub local: Option<String>,
    /// Their end, `ip:port`.
    pub remote: Option<String>,
    /// Round trip, milliseconds.
    pub rtt_ms: Option<f64>,
    /// What keeps their picture from being better, a word of [`LimitedBy`](crate::call::LimitedBy)'s; none while none is to be
    /// expected.
    pub limited_by: Option<&'static str>,
    /// What came of their camera.
    pub video: VideoReport,
    /// Until the first picture of a screen that they shared, milliseconds.
    pub first_screen_ms: Option<f64>,
    /// What came of the screen that they share, or shared last; none when nothing was.
    pub screen: Option<VideoReport>,
    /// What came of its sound.
    pub sound: Option<AudioReport>,
    /// What came of their microphone.
    pub audio: AudioReport,
    /// What they were sent.
    pub sent: SentReport,
    /// What the figures above were made from; for telling seconds apart.
    #[serde(skip)]
    pub counted: Counted,
}

/// Counts since the connection began. All of them only grow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    pub(super) frames: u64,
    pub(super) freezes_ms: f64,
    pub(super) packets_lost: u64,
    pub(super) video_bytes: u64,
    pub(super) audio_bytes: u64,
    pub(super) samples: u64,
    pub(super) concealed: u64,
    pub(super) sent_bytes: u64,
    pub(super) repaired_bytes: u64,
}

impl Counted {
    fn new(link: Option<&LinkStats>, video: &VideoInboundStats, audio: &AudioInboundStats) -> Self {
        let link = link.copied().unwrap_or_default();
        Self {
            frames: video.frames_decoded,
            freezes_ms: milliseconds(video.total_freezes_duration),
            packets_lost: video.packets_lost,
            video_bytes: link.video_received.bytes,
            audio_bytes: link.audio_received.bytes,
            samples: audio.total_samples,
            concealed: audio.concealed_samples,
            sent_bytes: link.video_sent.bytes + link.audio_sent.bytes,
            repaired_bytes: link.retransmitted.bytes,
        }
    }

    /// Whether these counts can have become the others by growing. (Lost packets may still arrive.)
    pub(super) fn precedes(&self, later: &Self) -> bool {
        self.frames <= later.frames
            && self.freezes_ms <= later.freezes_ms
            && self.video_bytes <= later.video_bytes
            && self.audio_bytes <= later.audio_bytes
            && self.samples <= later.samples
            && self.concealed <= later.concealed
            && self.sent_bytes <= later.sent_bytes
            && self.repaired_bytes <= later.repaired_bytes
    }
}

/// What came of a camera. W3C names.
#[derive(Clone, Debug, Serialize)]
pub struct VideoReport {
    frames_decoded: u64,
    fps: f64,
    pub(super) width: u32,
    pub(super) height: u32,
    freeze_count: u32,
    total_freezes_duration_ms: f64,
    key_frames_decoded: u64,
    packets_lost: u64,
    retransmitted_packets: u64,
    /// How much later than the voice the picture is shown; negative when it is earlier.
    av_offset_ms: Option<f64>,
    /// For how long pictures are held back because repairs are frequent.
    hold_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<PatternStats>,
}

/// A distribution, milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Percentiles {
    p50: f64,
    p95: f64,
}

/// What came of a microphone. W3C names.
#[derive(Clone, Debug, Serialize)]
pub struct AudioReport {
    packets: u64,
    packets_lost: u64,
    concealed_ratio: f64,
    fec_recovered: u64,
    redundant_recovered: u64,
    /// The longest time for which nothing was heard of somebody who spoke.
    longest_gap_ms: f64,
    jitter_buffer_ms: Percentiles,
    level_dbfs: Option<f32>,
    tone_hz: Option<f32>,
}

/// What a person was sent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SentReport {
    pub(super) layer: Option<String>,
    bitrate_bps: u64,
    pub(super) estimate_bps: Option<u64>,
}

impl PeerReport {
    /// Puts together what link, video and audio measured; `over` is how long the person could have been sent something.
    /// The times of the first frames, and what limits the picture, are the caller's to fill in.
    pub fn new(
        person: PersonId,
        name: String,
        over: Duration,
        link: Option<LinkStats>,
        video: VideoInboundStats,
        audio: AudioInboundStats,
    ) -> Self {
        let PathShown {
            path,
            transport,
            local,
            remote,
            rtt_ms,
        } = link.as_ref().map(PathShown::from).unwrap_or_default();
        Self {
            counted: Counted::new(link.as_ref(), &video, &audio),
            person,
            name,
            first_video_ms: None,
            first_audio_ms: None,
            path,
            transport,
            local,
            remote,
            rtt_ms,
            limited_by: None,
            first_screen_ms: None,
            screen: None,
            sound: None,
            video: VideoReport::from(video),
            audio: AudioReport::from(audio),
            sent: link
                .map(|link| SentReport::new(&link, over))
                .unwrap_or_default(),
        }
    }
}

impl SentReport {
    fn new(link: &LinkStats, over: Duration) -> Self {
        let audio = link.audio_sent.bytes + link.audio_copies_sent.bytes;
        let bits = (link.video_sent.bytes + audio) as f64 * 8.0;
        Self {
            layer: link
                .layer
                .map(|(width, height)| format!("{width}x{height}")),
            bitrate_bps: (bits / over.as_secs_f64().max(1.0)) as u64,
            estimate_bps: link.estimate.map(|estimate| estimate.bps()),
        }
    }
}

impl From<AudioInboundStats> for AudioReport {
    fn from(stats: AudioInboundStats) -> Self {
        let waits = stats.jitter_buffer_ms.map_or((0.0, 0.0), |waits| {
            (f64::from(waits.p50), f64::from(waits.p95))
        });
        Self {
            packets: stats.packets_received,
            packets_lost: stats.packets_lost,
            concealed_ratio: stats.concealed_ratio(),
            fec_recovered: stats.fec_recovered,
            redundant_recovered: stats.redundant_recovered,
            longest_gap_ms: milliseconds(stats.longest_gap),
            jitter_buffer_ms: Percentiles {
                p50: waits.0,
                p95: waits.1,
            },
            level_dbfs: stats.level_dbfs.is_finite().then_some(stats.level_dbfs),
            tone_hz: stats.tone_hz,
        }
    }
}

/// A duration as the report counts it.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl From<VideoInboundStats> for VideoReport {
    fn from(stats: VideoInboundStats) -> Self {
        Self {
            frames_decoded: stats.frames_decoded,
            fps: stats.mean_fps,
            width: stats.width,
            height: stats.height,
            freeze_count: stats.freeze_count,
            total_freezes_duration_ms: milliseconds(stats.total_freezes_duration),
            key_frames_decoded: stats.key_frames_decoded,
            packets_lost: stats.packets_lost,
            retransmitted_packets: stats.retransmitted_packets,
            hold_ms: stats.hold_ms.round(),
            av_offset_ms: stats.av_offset_ms.map(|ms| (ms * 10.0).round() / 10.0),
            pattern: stats.pattern,
        }
    }
}
