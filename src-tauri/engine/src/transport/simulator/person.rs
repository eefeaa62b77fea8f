//! One end of a simulated call: voice and a camera behind an estimator and a pacer, and ears that report.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::encoder::{Encoder, HEADERS};
use crate::transport::bitrate::Bitrate;
use crate::transport::estimator::{Estimator, ProbeId};
use crate::transport::pacer::{Kind, PADDING, Pacer, Step, Waiting};
use crate::transport::transport_report::TransportReport;

/// Voice: 32 kbit/s of Opus in packets of 20 ms.
const AUDIO_PACKET: usize = 80 + HEADERS;
/// Voice with its headers.
pub const AUDIO_RATE: Bitrate = Bitrate::from_kbps(60);
/// Less than this is no picture.
const LEAST_VIDEO: Bitrate = Bitrate::from_kbps(50);

/// From how many packets on each report is made, and not every second one.
const MUCH_TO_REPORT: usize = 8;

/// A packet on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum Packet {
    /// Media or padding, with its transport-wide number.
    Media {
        /// Counted over all streams.
        number: u16,
        /// What it is.
        kind: Kind,
        /// Size on the wire.
        bytes: usize,
        /// When it was queued at the sender.
        queued: Duration,
    },
    /// What the other side heard.
    Report(TransportReport),
    /// A packet of the download.
    Segment(u64),
    /// The word that it came.
    Ack(u64),
}

impl Packet {
    /// Bytes on the wire.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Media { bytes, .. } => *bytes,
            Self::Report(report) => HEADERS + 20 + report.packets.len(),
            Self::Segment(_) => super::tcp::SEGMENT,
            Self::Ack(_) => 52,
        }
    }
}

/// What arrived here since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heard {
    /// Media, in bytes.
    pub bytes: usize,
    /// The longest time between two packets of voice.
    pub audio_gap: Duration,
    /// The longest way of a packet of voice, from the encoder.
    pub audio_delay: Duration,
    /// The longest way of a packet of video, from the encoder.
    pub video_delay: Duration,
}

/// One end.
#[derive(Debug)]
pub struct Person {
    epoch: Instant,
    /// Its estimate of what it may send.
    pub estimator: Estimator,
    pacer: Pacer,
    encoder: Encoder,
    /// The most its camera makes.
    pub ceiling: Bitrate,
    /// The most that they were asked to send, everything together.
    pub bound: Option<Bitrate>,
    number: u16,
    audio: VecDeque<Duration>,
    video: VecDeque<(usize, Duration)>,
    /// The longest wait in its own queues since it was last asked.
    pub waited: Duration,
    /// Pictures dropped because they waited too long.
    pub dropped: u64,
    arrivals: Vec<(u16, Duration)>,
    next_to_report: Option<u16>,
    /// The last report was left out: there was little to tell.
    held: bool,
    last_audio: Duration,
    /// Since the last moment.
    pub heard: Heard,
    /// Its clock runs this much too fast, as a share.
    skew: f64,
}

impl Person {
    /// Begins to talk.
    pub fn new(epoch: Instant, ceiling: Bitrate, seed: u64) -> Self {
        Self {
            epoch,
            estimator: Estimator::new(epoch),
            pacer: Pacer::new(epoch),
            encoder: Encoder::new(seed),
            ceiling,
            bound: None,
            number: (seed * 7919) as u16,
            audio: VecDeque::new(),
            video: VecDeque::new(),
            waited: Duration::ZERO,
            dropped: 0,
            arrivals: Vec::new(),
            next_to_report: None,
            held: false,
            last_audio: Duration::ZERO,
            heard: Heard::default(),
            skew: if seed.is_multiple_of(2) {
                200e-6
            } else {
                -200e-6
            },
        }
    }

    /// 20 ms of voice.
    pub fn speak(&mut self, now: Duration) {
        self.audio.push_back(now);
    }

    /// A picture, at the rate the estimate gives.
    pub fn show(&mut self, now: Duration) {
        let stale = self
            .video
            .front()
            .is_some_and(|(_, queued)| self.pacer.too_old(self.epoch + *queued, self.epoch + now));
        if stale {
            self.video.clear();
            self.dropped += 1;
            self.encoder.force_keyframe();
        }
        let bounded = |rate: Bitrate| self.bound.map_or(rate, |bound| rate.min(bound));
        let (wanted, may) = (
            bounded(self.ceiling + AUDIO_RATE),
            bounded(self.estimator.estimate()),
        );
        self.estimator.set_wanted(wanted);
        let rate = may.saturating_sub(AUDIO_RATE);
        // Six parts in a hundred go into headers.
        let rate = (rate * 0.94).min(self.ceiling);
        if rate >= LEAST_VIDEO {
            let packets = self.encoder.encode(rate);
            self.video
                .extend(packets.into_iter().map(|bytes| (bytes, now)));
        }
    }

    /// Moves the estimator's time on.
    pub fn tick(&mut self, now: Duration) {
        let now = self.epoch + now;
        if let Some(probe) = self.estimator.probe(now) {
            self.pacer.probe(probe, now);
        }
        self.pacer.set_rate(self.estimator.pacing());
    }

    /// The packets that leave now, and when to ask again.
    pub fn pump(&mut self, at: Duration, out: &mut Vec<Packet>) -> Option<Duration> {
        let now = self.epoch + at;
        loop {
            let waiting = Waiting {
                audio: (!self.audio.is_empty()).then_some(AUDIO_PACKET),
                repair: None,
                video: self.video.front().map(|(bytes, _)| *bytes),
            };
            match self.pacer.next(waiting, now) {
                Step::Send(kind, probe) => {
                    let (bytes, queued) = self.take(kind, at);
                    self.send(kind, bytes, queued, probe, at, out);
                }
                Step::Wait(until) => return Some(until.duration_since(self.epoch)),
                Step::Idle => return None,
            }
        }
    }

    fn take(&mut self, kind: Kind, now: Duration) -> (usize, Duration) {
        match kind {
            Kind::Audio => (AUDIO_PACKET, self.audio.pop_front().unwrap_or(now)),
            Kind::Video => self.video.pop_front().unwrap_or((HEADERS, now)),
            Kind::Repair | Kind::Padding => (PADDING + HEADERS, now),
        }
    }

    fn send(
        &mut self,
        kind: Kind,
        bytes: usize,
        queued: Duration,
        probe: Option<ProbeId>,
        at: Duration,
        out: &mut Vec<Packet>,
    ) {
        let now = self.epoch + at;
        self.waited = self.waited.max(at.saturating_sub(queued));
        self.pacer.sent(kind, bytes, probe, now);
        self.estimator.sent(self.number, bytes, probe, now);
        out.push(Packet::Media {
            number: self.number,
            kind,
            bytes,
            queued,
        });
        self.number = self.number.wrapping_add(1);
    }

    /// Media arrives.
    pub fn hear(&mut self, number: u16, kind: Kind, bytes: usize, queued: Duration, now: Duration) {
        self.arrivals.push((number, now));
        self.heard.bytes += bytes;
        let way = now.saturating_sub(queued);
        match kind {
            Kind::Audio => {
                let gap = now.saturating_sub(self.last_audio);
                self.last_audio = now;
                self.heard.audio_gap = self.heard.audio_gap.max(gap);
                self.heard.audio_delay = self.heard.audio_delay.max(way);
            }
            Kind::Video => self.heard.video_delay = self.heard.video_delay.max(way),
            Kind::Repair | Kind::Padding => {}
        }
    }

    /// What was heard since the last report.
    pub fn report(&mut self) -> Option<TransportReport> {
        self.held = !self.held && self.arrivals.len() < MUCH_TO_REPORT;
        if self.held {
            return None;
        }
        let (reference, _) = *self.arrivals.first()?;
        let ahead = |number: u16| number.wrapping_sub(reference) as i16;
        let newest = self.arrivals.iter().map(|(n, _)| ahead(*n)).max()?;
        let oldest = self.arrivals.iter().map(|(n, _)| ahead(*n)).min()?;
        let next = self.next_to_report.map_or(oldest, ahead).max(newest - 2000);
        let first = oldest.min(next);
        // By the arrivals' own clock, which began somewhere else and runs at its own pace.
        let clock = |at: Duration| Duration::from_secs(77) + at.mul_f64(1.0 + self.skew);
        let packets = (first..=newest)
            .filter_map(|place| {
                let number = reference.wrapping_add(place as u16);
                let arrival = self.arrivals.iter().find(|(n, _)| *n == number);
                let known = arrival.is_some() || place >= next;
                known.then(|| (number, arrival.map(|(_, at)| clock(*at))))
            })
            .collect();
        self.next_to_report = Some(reference.wrapping_add((newest + 1).max(next) as u16));
        self.arrivals.clear();
        Some(TransportReport { packets })
    }

    /// A report about what was sent.
    pub fn learn(&mut self, report: &TransportReport, now: Duration) {
        self.estimator.feedback(report, self.epoch + now);
        self.pacer.set_rate(self.estimator.pacing());
    }
}
