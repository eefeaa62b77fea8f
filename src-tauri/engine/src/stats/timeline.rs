//! The call over time: from reports that count since the beginning, what happened in each second.
//!
//! Pure: whoever writes the lines brings the reports, `visio-cli join --stats FILE` once a second.

use serde::Serialize;
use visio_protocol::PersonId;

use super::peer::{Counted, PeerReport};
use super::report::Report;

/// Turns successive reports into one entry each.
#[derive(Default)]
pub struct Timeline {
    seconds: f64,
    cpu_seconds: f64,
    /// Size of each layer, and frames of it.
    layers: Vec<((u32, u32), u64)>,
    peers: Vec<(PersonId, Counted)>,
}

/// What happened since the entry before; one JSON object a line.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// Since joining.
    pub seconds: f64,
    /// Processor time used since the entry before, in percent of one core.
    pub cpu_percent: f64,
    /// Video encoders that made anything since then: one for each size that somebody takes.
    pub encoders: usize,
    /// Everybody who was met in the call.
    pub peers: Vec<PeerMoment>,
}

/// One of the others in that time.
#[derive(Clone, Debug, Serialize)]
pub struct PeerMoment {
    /// As they call themselves.
    pub name: String,
    /// `direct` or `relay`.
    pub path: Option<&'static str>,
    /// Round trip, milliseconds.
    pub rtt_ms: Option<f64>,
    /// What keeps their picture from being better, at its end; none while none is to be expected.
    pub limited_by: Option<&'static str>,
    /// What came of their camera.
    pub video: VideoMoment,
    /// What came of their microphone.
    pub audio: AudioMoment,
    /// What they were sent.
    pub sent: SentMoment,
}

/// Their picture in that time.
#[derive(Clone, Debug, Serialize)]
pub struct VideoMoment {
    /// Pictures decoded per second.
    pub fps: f64,
    /// Of the newest, pixels.
    pub width: u32,
    /// Of the newest, pixels.
    pub height: u32,
    /// Payload received.
    pub bitrate_bps: u64,
    /// Time spent frozen, by freezes that ended in it.
    pub freezes_ms: f64,
    /// Packets given up.
    pub packets_lost: u64,
}

/// Their voice in that time.
#[derive(Clone, Debug, Serialize)]
pub struct AudioMoment {
    /// Payload received.
    pub bitrate_bps: u64,
    /// The share of what was heard that was invented, 0 to 1.
    pub concealed_ratio: f64,
}

/// What went to them in that time.
#[derive(Clone, Debug, Serialize)]
pub struct SentMoment {
    /// Size of the newest picture sent.
    pub layer: Option<String>,
    /// Payload sent for the first time, sound and picture.
    pub bitrate_bps: u64,
    /// Payload sent once more.
    pub retransmitted_bps: u64,
    /// What the path is thought to carry.
    pub estimate_bps: Option<u64>,
}

impl Timeline {
    /// What happened between the report before and this one; the first counts from the beginning.
    pub fn next(&mut self, report: &Report) -> Moment {
        let span = report.seconds - self.seconds;
        let moment = Moment {
            seconds: round(report.seconds),
            cpu_percent: round(per(report.cpu_seconds - self.cpu_seconds, span) * 100.0),
            encoders: self.encoders(report),
            peers: report
                .peers
                .iter()
                .map(|peer| self.peer(peer, span))
                .collect(),
        };
        self.seconds = report.seconds;
        self.cpu_seconds = report.cpu_seconds;
        self.layers = layers(report).collect();
        self.peers = report
            .peers
            .iter()
            .map(|peer| (peer.person, peer.counted))
            .collect();
        moment
    }

    fn encoders(&self, report: &Report) -> usize {
        let before = |size| {
            let known = self.layers.iter().find(|(known, _)| *known == size);
            known.map_or(0, |(_, frames)| *frames)
        };
        layers(report)
            .filter(|(size, frames)| *frames > before(*size))
            .count()
    }

    fn peer(&self, peer: &PeerReport, span: f64) -> PeerMoment {
        let known = self
            .peers
            .iter()
            .find(|(person, _)| *person == peer.person)
            .map(|(_, counted)| *counted)
            // A new connection to the same person counts from nothing again.
            .filter(|counted| counted.precedes(&peer.counted))
            .unwrap_or_default();
        let now = &peer.counted;
        let bits = |now: u64, before: u64| (per((now - before) as f64, span) * 8.0) as u64;
        let played = now.samples - known.samples;
        let concealed = (now.concealed - known.concealed) as f64;
        PeerMoment {
            name: peer.name.clone(),
            path: peer.path,
            rtt_ms: peer.rtt_ms,
            limited_by: peer.limited_by,
            video: VideoMoment {
                fps: round(per((now.frames - known.frames) as f64, span)),
                width: peer.video.width,
                height: peer.video.height,
                bitrate_bps: bits(now.video_bytes, known.video_bytes),
                freezes_ms: now.freezes_ms - known.freezes_ms,
                packets_lost: now.packets_lost.saturating_sub(known.packets_lost),
            },
            audio: AudioMoment {
                bitrate_bps: bits(now.audio_bytes, known.audio_bytes),
                concealed_ratio: per(concealed, played as f64),
            },
            sent: SentMoment {
                layer: peer.sent.layer.clone(),
                bitrate_bps: bits(now.sent_bytes, known.sent_bytes),
                retransmitted_bps: bits(now.repaired_bytes, known.repaired_bytes),
                estimate_bps: peer.sent.estimate_bps,
            },
        }
    }
}

fn layers(report: &Report) -> impl Iterator<Item = ((u32, u32), u64)> {
    let layers = report.video_sent.layers.iter();
    layers.map(|layer| ((layer.width, layer.height), layer.frames))
}

fn per(amount: f64, span: f64) -> f64 {
    if span > 0.0 { amount / span } else { 0.0 }
}

/// To hundredths: more would only pretend.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::AudioInboundStats;
    use crate::link::{KindStats, LinkStats};
    use crate::stats::{AudioSent, ChatReport, LayerReport, VideoSent};
    use crate::video::VideoInboundStats;
    use std::time::Duration;

    fn report(person: PersonId, seconds: f64, frames: u64) -> Report {
        let bytes = |bytes| KindStats { packets: 1, bytes };
        let link = LinkStats {
            video_received: bytes(frames * 5_000),
            audio_sent: bytes(frames * 100),
            ..LinkStats::default()
        };
        let video = VideoInboundStats {
            frames_decoded: frames,
            ..VideoInboundStats::default()
        };
        let audio = AudioInboundStats {
            packets_received: 0,
            packets_lost: 0,
            packets_discarded: 0,
            total_samples: frames * 1_600,
            concealed_samples: frames * 16,
            redundant_recovered: 0,
            fec_recovered: 0,
            longest_gap: Duration::ZERO,
            jitter_buffer_ms: None,
            level_dbfs: -20.0,
            tone_hz: None,
        };
        let peer = PeerReport::new(
            person,
            "Léa".into(),
            Duration::from_secs(1),
            Some(link),
            video,
            audio,
        );
        Report {
            seconds,
            cpu_seconds: seconds / 2.0,
            peak_rss_mb: 40.0,
            video_sent: VideoSent {
                encoders: 0,
                layers: Vec::new(),
            },
            screen_sent: None,
            audio_sent: AudioSent {
                packets: 0,
                bitrate_bps: 0,
            },
            chat: ChatReport::default(),
            peers: vec![peer],
        }
    }

    #[test]
    fn each_entry_tells_what_happened_since_the_one_before() {
        let (mut timeline, lea) = (Timeline::default(), PersonId::random());
        timeline.next(&report(lea, 1.0, 30));
        let moment = timeline.next(&report(lea, 2.0, 55));
        assert_eq!((moment.seconds, moment.cpu_percent), (2.0, 50.0));
        let peer = &moment.peers[0];
        assert_eq!(peer.video.fps, 25.0);
        assert_eq!(peer.video.bitrate_bps, 25 * 5_000 * 8);
        assert_eq!(peer.sent.bitrate_bps, 25 * 100 * 8);
        assert!((peer.audio.concealed_ratio - 0.01).abs() < 1e-9);
    }

    #[test]
    fn an_encoder_that_made_nothing_since_does_not_count() {
        let layer = |height, frames| LayerReport {
            width: 16 * height / 9,
            height,
            fps: 30.0,
            bitrate_bps: 0,
            frames,
        };
        let (mut timeline, lea) = (Timeline::default(), PersonId::random());
        let mut report = report(lea, 1.0, 30);
        report.video_sent.layers = vec![layer(180, 20), layer(720, 10)];
        assert_eq!(timeline.next(&report).encoders, 2);
        report.video_sent.layers[1].frames = 40;
        assert_eq!(timeline.next(&report).encoders, 1);
    }

    #[test]
    fn what_limits_a_picture_stands_in_each_entry() {
        let mut report = report(PersonId::random(), 1.0, 30);
        report.peers[0].limited_by = Some("their_uplink");
        let moment = serde_json::to_value(Timeline::default().next(&report)).unwrap();
        assert_eq!(moment["peers"][0]["limited_by"], "their_uplink");
    }

    #[test]
    fn a_connection_that_was_made_anew_counts_from_nothing() {
        let (mut timeline, lea) = (Timeline::default(), PersonId::random());
        timeline.next(&report(lea, 1.0, 300));
        let moment = timeline.next(&report(lea, 2.0, 20));
        assert_eq!(moment.peers[0].video.fps, 20.0);
    }

    #[test]
    fn two_reports_of_the_same_moment_divide_by_nothing() {
        let (mut timeline, lea) = (Timeline::default(), PersonId::random());
        timeline.next(&report(lea, 1.0, 30));
        let moment = timeline.next(&report(lea, 1.0, 30));
        assert_eq!(moment.peers[0].video.fps, 0.0);
        assert_eq!(moment.cpu_percent, 0.0);
    }
}
