//! What was sent and received, under the names that W3C webrtc-stats gives it.
//!
//! Plain values: copied out under a short lock, written by the media threads.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::pattern::PatternStats;

/// One outgoing layer, as in `RTCOutboundRtpStreamStats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VideoOutboundStats {
    /// Width of the last encoded frame, pixels.
    pub width: u32,
    /// Height of the last encoded frame, pixels.
    pub height: u32,
    /// Frames encoded per second, over the last [`RATE_WINDOW`].
    pub fps: f64,
    /// Frames encoded per second, from the first to the last.
    pub mean_fps: f64,
    /// Payload bits encoded per second, over the last [`RATE_WINDOW`].
    pub bitrate_bps: f64,
    /// Payload bits encoded per second, from the first to the last frame.
    pub mean_bitrate_bps: f64,
    /// Frames encoded (`framesEncoded`).
    pub frames: u64,
    /// Keyframes among them (`keyFramesEncoded`).
    pub keyframes: u64,
    /// Frames that the encoder left out to hold its bitrate.
    pub frames_skipped: u64,
    /// Encoders at work for this layer: 1, or 0 while nobody takes it. Never one per peer.
    pub encoders: u32,
}

impl VideoOutboundStats {
    /// Whether an encoder runs and has made something.
    pub fn at_work(&self) -> bool {
        self.encoders > 0 && self.frames > 0
    }
}

/// One incoming stream, as in `RTCInboundRtpStreamStats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VideoInboundStats {
    /// Complete pictures that arrived (`framesReceived`).
    pub frames_received: u64,
    /// Pictures decoded (`framesDecoded`).
    pub frames_decoded: u64,
    /// Pictures that were incomplete, broken, or referred to one that was (`framesDropped`).
    pub frames_dropped: u64,
    /// Keyframes decoded (`keyFramesDecoded`).
    pub key_frames_decoded: u64,
    /// Width of the last decoded frame, pixels (`frameWidth`).
    pub width: u32,
    /// Height of the last decoded frame, pixels (`frameHeight`).
    pub height: u32,
    /// Frames decoded per second, over the last [`RATE_WINDOW`] (`framesPerSecond`).
    pub fps: f64,
    /// Frames decoded per second, from the first to the last, without the time that the camera was off.
    pub mean_fps: f64,
    /// Freezes (`freezeCount`).
    pub freeze_count: u32,
    /// Time spent frozen (`totalFreezesDuration`).
    pub total_freezes_duration: Duration,
    /// Packets that arrived, each counted once (`packetsReceived`).
    pub packets_received: u64,
    /// Packets that did not arrive, or too late (`packetsLost`).
    pub packets_lost: u64,
    /// Packets that arrived after they had been asked for (`retransmittedPacketsReceived`).
    pub retransmitted_packets: u64,
    /// Requests for retransmission sent (`nackCount`).
    pub nacks: u64,
    /// Requests for a keyframe sent (`pliCount`).
    pub plis: u64,
    /// Access units and parameter sets that the decoder refused.
    pub decode_errors: u64,
    /// Lately, pictures waited so long for the decoder that they were not worth decoding any more: this machine does not keep up.
    pub behind: bool,
    /// By how much a picture is shown later than the voice captured with it is heard, lately, milliseconds; negative when it
    /// is earlier. `None` while there is no voice, or its sender's clock is not known.
    pub av_offset_ms: Option<f64>,
    /// For how long pictures are held back beyond the usual way, because repairs are frequent, lately, milliseconds; 0 where they
    /// are not.
    pub hold_ms: f64,
    /// What the test pattern told, when the sender shows it.
    pub pattern: Option<PatternStats>,
}

/// What "now" means for a rate: long enough not to flicker, short enough to show a change.
pub const RATE_WINDOW: Duration = Duration::from_secs(2);

/// Most events remembered for a rate: 120 a second.
const MAX_EVENTS: usize = 240;

/// Events per second and amount per second, lately and over all.
#[derive(Debug, Default)]
pub struct RateMeter {
    recent: VecDeque<(Instant, usize)>,
    first: Option<Instant>,
    last: Option<Instant>,
    paused: Duration,
    events: u64,
    amount: u64,
    first_amount: u64,
}

impl RateMeter {
    /// An event of some amount (bytes, say).
    pub fn add(&mut self, amount: usize, now: Instant) {
        if self.first.is_none() {
            self.first = Some(now);
            self.first_amount = amount as u64;
        }
        self.last = Some(now);
        self.events += 1;
        self.amount += amount as u64;
        self.recent.push_back((now, amount));
        while self.recent.len() > MAX_EVENTS {
            self.recent.pop_front();
        }
    }

    /// Time during which nothing was to be expected, not counted in the mean rates.
    pub fn paused_for(&mut self, pause: Duration) {
        if self.first.is_some() {
            self.paused += pause;
        }
    }

    /// Events per second lately; 0 when there were none.
    pub fn rate(&self, now: Instant) -> f64 {
        let (events, _, span) = self.lately(now);
        if span > 0.0 { events / span } else { 0.0 }
    }

    /// Amount per second lately.
    pub fn amount_rate(&self, now: Instant) -> f64 {
        let (_, amount, span) = self.lately(now);
        if span > 0.0 { amount / span } else { 0.0 }
    }

    /// Events per second from the first to the last.
    pub fn mean_rate(&self) -> f64 {
        self.mean((self.events.saturating_sub(1)) as f64)
    }

    /// Amount per second from the first to the last event.
    pub fn mean_amount_rate(&self) -> f64 {
        self.mean((self.amount - self.first_amount) as f64)
    }

    fn mean(&self, total: f64) -> f64 {
        let span = match (self.first, self.last) {
            (Some(first), Some(last)) => (last - first).saturating_sub(self.paused),
            _ => Duration::ZERO,
        };
        if span > Duration::ZERO {
            total / span.as_secs_f64()
        } else {
            0.0
        }
    }

    /// Events and amount after the first of the window, and the time they took.
    fn lately(&self, now: Instant) -> (f64, f64, f64) {
        let mut within = self
            .recent
            .iter()
            .filter(|(at, _)| now.saturating_duration_since(*at) <= RATE_WINDOW);
        let Some(&(first, _)) = within.next() else {
            return (0.0, 0.0, 0.0);
        };
        let (mut events, mut amount, mut last) = (0u32, 0usize, first);
        for &(at, bytes) in within {
            events += 1;
            amount += bytes;
            last = at;
        }
        // Silence since the last event counts as soon as it is longer than their distance.
        let span = (last - first).as_secs_f64();
        let usual = if events > 0 {
            span / f64::from(events)
        } else {
            0.0
        };
        let silence = now.saturating_duration_since(last).as_secs_f64();
        let span = if silence > 2.0 * usual {
            span + silence
        } else {
            span
        };
        (f64::from(events), amount as f64, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(start: Instant, frames: u64) -> RateMeter {
        let mut meter = RateMeter::default();
        for frame in 0..frames {
            meter.add(6250, start + Duration::from_millis(frame * 40));
        }
        meter
    }

    #[test]
    fn a_steady_stream_shows_its_rate() {
        let start = Instant::now();
        let meter = meter(start, 100);
        let now = start + Duration::from_millis(99 * 40 + 30);
        assert!((meter.rate(now) - 25.0).abs() < 0.01);
        assert!((meter.mean_rate() - 25.0).abs() < 0.01);
        assert!((meter.amount_rate(now) * 8.0 - 1_250_000.0).abs() < 1.0);
        assert!((meter.mean_amount_rate() * 8.0 - 1_250_000.0).abs() < 1.0);
    }

    #[test]
    fn a_stream_that_stopped_fades_to_nothing_but_keeps_its_mean() {
        let start = Instant::now();
        let meter = meter(start, 100);
        assert!(meter.rate(start + Duration::from_secs(5)) < 20.0);
        assert_eq!(meter.rate(start + Duration::from_secs(7)), 0.0);
        assert!((meter.mean_rate() - 25.0).abs() < 0.01);
    }

    #[test]
    fn a_pause_does_not_lower_the_mean() {
        let start = Instant::now();
        let mut meter = meter(start, 26);
        meter.paused_for(Duration::from_secs(9));
        meter.add(0, start + Duration::from_millis(10_040));
        assert!((meter.mean_rate() - 25.0).abs() < 0.01);
    }
}
