//! The task that sends: media out, repair out, requests out, and feedback in.
//!
//! One per link. What the pacer allows leaves, in this order: audio, which never waits; repair, within
//! its share; the next packet of the picture; filler, when the path is probed. It sleeps until the
//! pacer or a request is due or somebody wakes it, so an idle link costs nothing, and one that sends
//! some forty wake-ups a second beside its packets. While it waits for the connection's driver, the
//! outbox is cut by the media threads.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use tokio::sync::{mpsc, watch};
use webrtc::media_stream::track_remote::TrackRemote;

use super::error::LinkError;
use super::event::LinkEvent;
use super::feedback::Feedback;
use super::repairs::Repairs;
use super::shared::{Congestion, Shared, until};
use super::stats::count;
use super::stream::{OVERHEAD, OutgoingStream, TransportNumbers};
use super::voice::OutgoingVoice;
use crate::transport::bitrate::Bitrate;
use crate::transport::estimator::{Estimator, ProbeId};
use crate::transport::history::{History, SentPacket};
use crate::transport::keyframe::KeyframeGate;
use crate::transport::layer::Layer;
use crate::transport::pacer::{Kind, PADDING, Pacer, Step, Waiting};

/// How often the estimator is asked for a probe while media flows: at the first waking after the one, so that a picture's
/// packets do not call for wakings beside their own, and by itself after the other.
const PROBE_EVERY: Range<Duration> = Duration::from_millis(20)..Duration::from_millis(50);

/// What the pacer holds back is sent this much later than it might be, several packets at a waking: less than the pacer
/// lets be made up for, so that no more time passes in all.
const TOGETHER: Duration = Duration::from_millis(2);

/// How often the other side is told how much it should send at most, while that is bounded: such words are lost like
/// everything else, and more likely than usual.
const BOUND_EVERY: Duration = Duration::from_millis(200);

/// Without anything sent for this long there is nothing to estimate, and nobody asks for a probe.
const QUIET: Duration = Duration::from_secs(1);

/// No word of what arrived for so long means that the path was away: longer than any retransmission is
/// waited for, and than a voice that rests is silent.
const AWAY: Duration = Duration::from_millis(800);

/// What the encoders could use, until somebody says: a picture of 720 rows at its best, with sound.
const DEFAULT_WANTED: Bitrate = Bitrate::from_kbps(3_000);

/// How fast packets leave towards one who does not report what arrives: as good as unpaced.
const UNREPORTED: Bitrate = Bitrate::from_kbps(12_000);

/// After so long without a report none will come. Until then a new path is taken for one that carries little: its first
/// keyframe must not stand in the way of the first words.
const REPORTS_BEGIN: Duration = Duration::from_secs(2);

/// The NAL unit type "filler data" (H.264, section 7.3.2.7), which every decoder passes over.
const FILLER_UNIT: u8 = 12;

/// The other side's camera, once its first packet has come.
#[derive(Clone)]
pub(super) struct RemoteCamera {
    pub track: Arc<dyn TrackRemote>,
    pub ssrc: u32,
}

/// What the pump is connected to.
pub(super) struct Pipes {
    pub shared: Arc<Shared>,
    pub feedback: mpsc::Receiver<Feedback>,
    pub remote_camera: watch::Receiver<Option<RemoteCamera>>,
    pub events: mpsc::Sender<LinkEvent>,
}

/// What it sends on.
pub(super) struct Streams {
    pub microphone: OutgoingVoice,
    pub camera: OutgoingStream,
    pub filler: OutgoingStream,
}

pub(super) struct Pump {
    pipes: Pipes,
    streams: Streams,
    numbers: TransportNumbers,
    estimator: Estimator,
    pacer: Pacer,
    /// When the other side last said what has arrived.
    reported: Option<Instant>,
    /// When the first packet left, since there is a path, and the last.
    began: Option<Instant>,
    sent: Option<Instant>,
    /// When the estimator was last asked for a probe.
    probed: Instant,
    /// When the pacer will let something go.
    paced_until: Option<Instant>,
    /// What was sent of our camera, to be sent again.
    history: History,
    repairs: Repairs,
    /// Keyframes that the other side asks us for, or needs though it may not know.
    asked: KeyframeGate,
    /// Of which layer.
    asked_layer: Option<Layer>,
    /// Keyframes that we ask the other side for.
    asking: KeyframeGate,
    /// When the other side is next to be told how much it should send at most, if that is bounded.
    bound_due: Instant,
}

impl Pump {
    pub fn new(pipes: Pipes, streams: Streams) -> Self {
        let now = Instant::now();
        Self {
            pipes,
            streams,
            numbers: TransportNumbers::default(),
            estimator: Estimator::new(now),
            pacer: Pacer::new(now),
            reported: None,
            began: None,
            sent: None,
            probed: now,
            paced_until: None,
            history: History::default(),
            repairs: Repairs::default(),
            asked: KeyframeGate::default(),
            asked_layer: None,
            asking: KeyframeGate::default(),
            bound_due: now,
        }
    }

    /// Runs until the connection has ended.
    pub async fn run(mut self) {
        let shared = self.pipes.shared.clone();
        loop {
            let deadline = self.deadline(&shared);
            tokio::select! {
                () = shared.wake.notified() => {}
                Some(feedback) = self.pipes.feedback.recv() => self.hear(feedback),
                // A track's first packets are lost, and with them its first keyframe.
                Ok(()) = self.pipes.remote_camera.changed() => self.asking.request(),
                () = until(deadline) => {}
            }
            if self.work(&shared).await.is_err() {
                return;
            }
        }
    }

    /// When there will be something to do though nothing happens.
    fn deadline(&self, shared: &Shared) -> Option<Instant> {
        if !shared.is_open() {
            return None;
        }
        let probe = self.sent.map(|_| self.probed + PROBE_EVERY.end);
        let moments = [
            self.asked.deadline(),
            self.asking.deadline(),
            self.paced_until,
            self.repairs.deadline(),
            probe,
            self.bound_due(shared),
        ];
        moments.into_iter().flatten().min()
    }

    /// When the other side is next to be told how much it should send at most; none while that is not bounded.
    fn bound_due(&self, shared: &Shared) -> Option<Instant> {
        let bounded = shared.orders.most.load(Ordering::Relaxed) > 0;
        bounded.then_some(self.bound_due)
    }

    fn hear(&mut self, feedback: Feedback) {
        let (shared, now) = (&self.pipes.shared, Instant::now());
        match feedback {
            Feedback::Nack(sequences) => {
                count(&shared.counters.nacks_received);
                self.repairs.ask(sequences, now);
            }
            Feedback::Keyframe => {
                count(&shared.counters.keyframe_requests_received);
                self.asked.request();
            }
            Feedback::Arrivals(report) => {
                count(&shared.counters.arrival_reports_received);
                self.estimator.feedback(&report, now);
                let last = self.reported.replace(now);
                if last.is_some_and(|last| now.saturating_duration_since(last) > AWAY) {
                    self.back();
                }
                self.publish();
            }
            Feedback::Most(most) => shared.path().most = Some((most, now)),
            Feedback::Report {
                audio,
                loss,
                round_trip,
            } => {
                let mut path = shared.path();
                path.media_rtt = round_trip.or(path.media_rtt);
                // Audio's loss is what its redundancy is set by; lost video is repaired.
                if audio {
                    path.remote_loss = loss;
                    drop(path);
                    self.streams.microphone.report(loss);
                    self.tell(LinkEvent::RemoteLoss(loss));
                }
            }
        }
    }

    /// The path was away, and with it every picture that was sent. The keyframe that this calls for waits neither for the
    /// other side to ask nor for the ones that were asked for in vain.
    fn back(&mut self) {
        self.asked = KeyframeGate::default();
        self.asked.request();
    }

    async fn work(&mut self, shared: &Shared) -> Result<(), LinkError> {
        if !shared.is_open() {
            (self.began, self.sent) = (None, None);
            return Ok(());
        }
        self.obey(shared);
        self.request(shared).await?;
        loop {
            while let Ok(feedback) = self.pipes.feedback.try_recv() {
                self.hear(feedback);
            }
            let now = Instant::now();
            self.steer(now);
            let waiting = self.waiting(shared, now);
            match self.pacer.next(waiting, now) {
                Step::Send(kind, probe) => self.send(kind, probe).await?,
                Step::Wait(moment) => {
                    self.paced_until = Some(moment + TOGETHER);
                    return Ok(());
                }
                Step::Idle => {
                    self.paced_until = None;
                    return Ok(());
                }
            }
        }
    }

    /// Does what was ordered meanwhile.
    fn obey(&mut self, shared: &Shared) {
        let (orders, now) = (&shared.orders, Instant::now());
        if orders.path_changed.swap(false, Ordering::AcqRel) {
            self.estimator.path_changed(now);
        }
        let wanted = match orders.wanted.load(Ordering::Relaxed) {
            0 => DEFAULT_WANTED,
            bps => Bitrate::from_bps(bps),
        };
        self.estimator.set_wanted(wanted);
        if orders.keyframe_needed.swap(false, Ordering::AcqRel) {
            self.asked.request();
        }
        let (wanted, _) = shared.outbox().layers();
        if self.asked_layer != wanted {
            // The first keyframe of a layer does not wait because there was one of another.
            self.asked_layer = wanted;
            let needed = std::mem::take(&mut self.asked).is_waiting();
            if needed {
                self.asked.request();
            }
        }
        match wanted {
            Some(layer) if self.asked.poll(now) => self.tell(LinkEvent::KeyframeRequested(layer)),
            Some(_) => {}
            // Who takes no pictures needs no keyframe.
            None => self.asked.satisfy(),
        }
    }

    /// Lets the estimator and the pacer move on.
    fn steer(&mut self, now: Instant) {
        let quiet = self
            .sent
            .is_none_or(|sent| now.saturating_duration_since(sent) > QUIET);
        if quiet {
            self.sent = None;
        } else if now >= self.probed + PROBE_EVERY.start {
            self.probed = now;
            if let Some(probe) = self.estimator.probe(now) {
                self.pacer.probe(probe, now);
            }
            self.publish();
        }
        let awaited = self
            .began
            .is_none_or(|began| now.saturating_duration_since(began) <= REPORTS_BEGIN);
        self.pacer.set_rate(match self.reported {
            Some(_) => self.estimator.pacing(),
            None if awaited => self.estimator.estimate(),
            None => UNREPORTED,
        });
    }

    /// The sizes of what is first in each queue.
    fn waiting(&mut self, shared: &Shared, now: Instant) -> Waiting {
        let round_trip = shared.path().rtt;
        let mut outbox = shared.outbox();
        outbox.expire(now);
        let (audio, video) = outbox.sizes();
        drop(outbox);
        let repair = self.repairs.size(&mut self.history, round_trip, now);
        let weight = |size: usize| size + OVERHEAD;
        Waiting {
            audio: audio.map(weight),
            repair: repair.map(weight),
            video: video.map(weight),
        }
    }

    async fn send(&mut self, kind: Kind, probe: Option<ProbeId>) -> Result<(), LinkError> {
        let (shared, now) = (self.pipes.shared.clone(), Instant::now());
        let counters = &shared.counters;
        let (bytes, number) = match kind {
            Kind::Audio => {
                let Some(packet) = shared.outbox().pop_audio() else {
                    return Ok(());
                };
                let estimate = self.reported.map(|_| self.estimator.estimate());
                let (voice, numbers) = (&mut self.streams.microphone, &mut self.numbers);
                voice.send(&packet, estimate, numbers, &shared).await?
            }
            Kind::Repair => {
                let Some(repair) = self.repairs.pop(self.estimator.loss(), now) else {
                    return Ok(());
                };
                let bytes = repair.packet.payload.len();
                counters.retransmitted.add(bytes);
                // The other side's SRTP takes a copy for a replay, and would never report it.
                let numbers = (!repair.copy).then_some(&mut self.numbers);
                (
                    bytes,
                    self.streams.camera.send(repair.packet, numbers).await?,
                )
            }
            Kind::Video => self.send_video(&shared, now).await?,
            Kind::Padding => {
                let mut payload = vec![0xff; PADDING];
                payload[0] = FILLER_UNIT;
                counters.padding.add(payload.len());
                let filler = &mut self.streams.filler;
                let packet = filler.number(0, false, payload.into());
                (PADDING, filler.send(packet, Some(&mut self.numbers)).await?)
            }
        };
        if bytes == 0 {
            return Ok(());
        }
        self.began.get_or_insert(now);
        self.sent = Some(now);
        let probe = probe.filter(|_| number.is_some());
        self.pacer.sent(kind, bytes + OVERHEAD, probe, now);
        if let Some(number) = number {
            self.estimator.sent(number, bytes + OVERHEAD, probe, now);
        }
        Ok(())
    }

    async fn send_video(
        &mut self,
        shared: &Shared,
        now: Instant,
    ) -> Result<(usize, Option<u16>), LinkError> {
        let popped = shared.outbox().pop_video(now);
        let Some(next) = popped else {
            return Ok((0, None));
        };
        let frame = &next.frame;
        if next.index == 0 {
            shared.path().layer = Some((frame.width, frame.height));
            if frame.keyframe {
                self.asked.satisfy();
            }
        }
        let payload = frame.payloads[next.index].clone();
        shared.counters.video_sent.add(payload.len());
        let last = next.index + 1 == frame.payloads.len();
        let bytes = payload.len();
        let packet: SentPacket = self.streams.camera.number(next.timestamp, last, payload);
        self.history.record(packet.clone(), now);
        let number = self
            .streams
            .camera
            .send(packet, Some(&mut self.numbers))
            .await?;
        Ok((bytes, number))
    }

    /// Asks the other side for what we miss.
    async fn request(&mut self, shared: &Shared) -> Result<(), LinkError> {
        let wanted = shared.take_requests();
        if wanted.keyframe {
            self.asking.request();
        }
        let Some(remote) = self.pipes.remote_camera.borrow().clone() else {
            return Ok(());
        };
        let (sender_ssrc, media_ssrc) = (self.streams.camera.ssrc(), remote.ssrc);
        let mut packets: Vec<Box<dyn rtcp::Packet>> = Vec::new();
        if !wanted.nacks.is_empty() {
            count(&shared.counters.nacks_sent);
            packets.push(Box::new(TransportLayerNack {
                sender_ssrc,
                media_ssrc,
                nacks: nack_pairs_from_sequence_numbers(&wanted.nacks),
            }));
        }
        if self.asking.poll(Instant::now()) {
            count(&shared.counters.keyframe_requests_sent);
            packets.push(Box::new(PictureLossIndication {
                sender_ssrc,
                media_ssrc,
            }));
        }
        let now = Instant::now();
        if self.bound_due(shared).is_some_and(|due| due <= now) {
            self.bound_due = now + BOUND_EVERY;
            let most = shared.orders.most.load(Ordering::Relaxed);
            packets.push(Box::new(ReceiverEstimatedMaximumBitrate {
                sender_ssrc,
                bitrate: most as f32,
                ssrcs: vec![media_ssrc],
            }));
        }
        if packets.is_empty() {
            return Ok(());
        }
        let written = remote.track.write_rtcp(packets).await;
        written.map_err(|_| LinkError::Ended)
    }

    /// Lets others see what the estimator knows.
    fn publish(&self) {
        if self.reported.is_some() {
            self.pipes.shared.path().congestion = Congestion {
                estimate: Some(self.estimator.estimate()),
                acknowledged: self.estimator.acknowledged(),
                loss: self.estimator.loss(),
                queue_delay: self.estimator.queue_delay(),
                limited: Some(self.estimator.limited_by()),
            };
        }
    }

    /// An event that says nothing new once the next one is there: dropped when the owner is behind.
    fn tell(&self, event: LinkEvent) {
        let _ = self.pipes.events.try_send(event);
    }
}
