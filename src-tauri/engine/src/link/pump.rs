//! The task that sends: media out, repair out, requests out, and feedback in.
//!
//! One per link. What the pacer allows leaves, in this order: audio, which never waits; repair, within
//! its share; the next packet of the camera's picture, then of the screen's; filler, when the path is probed. It sleeps until the
//! pacer or a request is due or somebody wakes it, so an idle link costs nothing, and one that sends
//! some forty wake-ups a second beside its packets. While it waits for the connection's driver, the
//! outbox is cut by the media threads.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use tokio::sync::{mpsc, watch};

use super::error::LinkError;
use super::event::LinkEvent;
use super::feedback::Feedback;
use super::filler;
use super::incoming_picture::{IncomingPicture, RemotePicture};
use super::outgoing_picture::{Left, OutgoingPicture};
use super::picture::Picture;
use super::shared::{Congestion, Shared, until};
use super::stats::count;
use super::stream::{OVERHEAD, OutgoingStream, TransportNumbers};
use super::voice::OutgoingVoice;
use crate::transport::bitrate::Bitrate;
use crate::transport::estimator::{Estimator, ProbeId};
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

/// What the pump is connected to.
pub(super) struct Pipes {
    pub shared: Arc<Shared>,
    pub feedback: mpsc::Receiver<Feedback>,
    /// The other side's pictures, by [`Picture`].
    pub remote: [watch::Receiver<Option<RemotePicture>>; 2],
    pub events: mpsc::Sender<LinkEvent>,
}

/// What it sends on.
pub(super) struct Streams {
    pub microphone: OutgoingVoice,
    pub camera: OutgoingStream,
    pub screen: OutgoingStream,
    pub filler: OutgoingStream,
}

pub(super) struct Pump {
    shared: Arc<Shared>,
    feedback: mpsc::Receiver<Feedback>,
    events: mpsc::Sender<LinkEvent>,
    microphone: OutgoingVoice,
    filler: OutgoingStream,
    /// The timestamp of the next filler.
    filler_time: u32,
    /// Ours, by [`Picture`]: the camera's goes first.
    outgoing: [OutgoingPicture; 2],
    /// Theirs.
    incoming: [IncomingPicture; 2],
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
    /// When the other side is next to be told how much it should send at most, if that is bounded.
    bound_due: Instant,
}

impl Pump {
    pub fn new(pipes: Pipes, streams: Streams) -> Self {
        let now = Instant::now();
        Self {
            shared: pipes.shared,
            feedback: pipes.feedback,
            events: pipes.events,
            microphone: streams.microphone,
            filler: streams.filler,
            filler_time: 0,
            outgoing: [streams.camera, streams.screen].map(OutgoingPicture::new),
            incoming: pipes.remote.map(IncomingPicture::new),
            numbers: TransportNumbers::default(),
            estimator: Estimator::new(now),
            pacer: Pacer::new(now),
            reported: None,
            began: None,
            sent: None,
            probed: now,
            paced_until: None,
            bound_due: now,
        }
    }

    /// Runs until the connection has ended.
    pub async fn run(mut self) {
        let shared = self.shared.clone();
        loop {
            let deadline = self.deadline(&shared);
            let [camera, screen] = &mut self.incoming;
            tokio::select! {
                () = shared.wake.notified() => {}
                Some(feedback) = self.feedback.recv() => self.hear(feedback),
                () = camera.begins() => {}
                () = screen.begins() => {}
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
        let outgoing = self.outgoing.iter().map(OutgoingPicture::deadline);
        let incoming = self.incoming.iter().map(IncomingPicture::deadline);
        let others = [self.paced_until, probe, self.bound_due(shared)];
        outgoing.chain(incoming).chain(others).flatten().min()
    }

    /// When the other side is next to be told how much it should send at most; none while that is not bounded.
    fn bound_due(&self, shared: &Shared) -> Option<Instant> {
        let bounded = shared.orders.most.load(Ordering::Relaxed) > 0;
        bounded.then_some(self.bound_due)
    }

    fn hear(&mut self, feedback: Feedback) {
        let (shared, now) = (&self.shared, Instant::now());
        match feedback {
            Feedback::Nack(picture, sequences) => {
                count(&shared.counters.nacks_received);
                self.outgoing[picture as usize].missed(sequences, now);
            }
            Feedback::Keyframe(picture) => {
                count(&shared.counters.keyframe_requests_received);
                self.outgoing[picture as usize].need_keyframe();
            }
            Feedback::Arrivals(report) => {
                count(&shared.counters.arrival_reports_received);
                self.estimator.feedback(&report, now);
                let last = self.reported.replace(now);
                if last.is_some_and(|last| now.saturating_duration_since(last) > AWAY) {
                    self.outgoing.iter_mut().for_each(OutgoingPicture::back);
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
                    self.microphone.report(loss);
                    self.tell(LinkEvent::RemoteLoss(loss));
                }
            }
        }
    }

    async fn work(&mut self, shared: &Shared) -> Result<(), LinkError> {
        if !shared.is_open() {
            (self.began, self.sent) = (None, None);
            return Ok(());
        }
        self.obey(shared);
        self.request(shared).await?;
        loop {
            while let Ok(feedback) = self.feedback.try_recv() {
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
        let needed = [&orders.keyframe_needed, &orders.screen_keyframe_needed];
        for (picture, needed) in self.outgoing.iter_mut().zip(needed) {
            if needed.swap(false, Ordering::AcqRel) {
                picture.need_keyframe();
            }
        }
        let [camera, screen] = &mut self.outgoing;
        let (wanted, _) = shared.outbox().layers();
        let layer = camera.keyframe_due(wanted, now);
        let (wanted, _) = shared.screen().layers();
        let due = screen.keyframe_due(wanted, now).is_some();
        if let Some(layer) = layer {
            self.tell(LinkEvent::KeyframeRequested(layer));
        }
        if due {
            self.tell(LinkEvent::ScreenKeyframeRequested);
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
        self.pacer.set_tight(self.estimator.is_tight());
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
        let mut screen = shared.screen();
        screen.expire(now);
        let (_, page) = screen.sizes();
        drop(screen);
        let mut pictures = self.outgoing.iter_mut();
        let repair = pictures.find_map(|picture| picture.repair_size(round_trip, now));
        let weight = |size: usize| size + OVERHEAD;
        Waiting {
            audio: audio.map(weight),
            repair: repair.map(weight),
            video: video.or(page).map(weight),
        }
    }

    async fn send(&mut self, kind: Kind, probe: Option<ProbeId>) -> Result<(), LinkError> {
        let (shared, now) = (self.shared.clone(), Instant::now());
        let counters = &shared.counters;
        let (bytes, number) = match kind {
            Kind::Audio => {
                let Some(packet) = shared.outbox().pop_audio() else {
                    return Ok(());
                };
                let estimate = self.reported.map(|_| self.estimator.estimate());
                let (voice, numbers) = (&mut self.microphone, &mut self.numbers);
                voice.send(&packet, estimate, numbers, &shared).await?
            }
            Kind::Repair => {
                let Some(left) = self.repair(now).await? else {
                    return Ok(());
                };
                counters.retransmitted.add(left.0);
                left
            }
            Kind::Video => self.send_picture(&shared, now).await?,
            Kind::Padding => {
                counters.padding.add(PADDING);
                self.filler_time = self.filler_time.wrapping_add(filler::TICKS);
                let silence = filler::silence(PADDING);
                let packet = self.filler.number(self.filler_time, false, silence);
                let number = self.filler.send(packet, Some(&mut self.numbers)).await?;
                (PADDING, number)
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

    /// The camera's repairs first, then the screen's.
    async fn repair(&mut self, now: Instant) -> Result<Option<Left>, LinkError> {
        let loss = self.estimator.loss();
        for picture in &mut self.outgoing {
            if let Some(left) = picture.repair(loss, &mut self.numbers, now).await? {
                return Ok(Some(left));
            }
        }
        Ok(None)
    }

    /// The camera's picture first, then the screen's.
    async fn send_picture(&mut self, shared: &Shared, now: Instant) -> Result<Left, LinkError> {
        let [camera, screen] = &mut self.outgoing;
        let popped = shared.outbox().pop_video(now);
        if let Some(next) = popped {
            if next.index == 0 {
                shared.path().layer = Some((next.frame.width, next.frame.height));
            }
            let left = camera.send(next, &mut self.numbers, now).await?;
            shared.counters.video_sent.add(left.0);
            return Ok(left);
        }
        let popped = shared.screen().pop_video(now);
        let Some(next) = popped else {
            return Ok((0, None));
        };
        let left = screen.send(next, &mut self.numbers, now).await?;
        shared.counters.screen_sent.add(left.0);
        Ok(left)
    }

    /// Asks the other side for what we miss.
    async fn request(&mut self, shared: &Shared) -> Result<(), LinkError> {
        let (wanted, now) = (shared.take_requests(), Instant::now());
        let mut datagrams: [Vec<Box<dyn rtcp::Packet>>; 2] = Default::default();
        let mut by = None;
        let pictures = self.incoming.iter_mut().zip(&self.outgoing);
        for ((theirs, ours), wanted) in pictures.zip(&wanted) {
            if wanted.keyframe {
                theirs.need_keyframe();
            }
            if let Some(remote) = theirs.remote() {
                let ssrcs = (ours.ssrc(), remote.ssrc);
                theirs.ask(wanted, ssrcs, &shared.counters, now, &mut datagrams);
                by.get_or_insert(remote);
            }
        }
        let Some(remote) = by else {
            return Ok(());
        };
        if self.bound_due(shared).is_some_and(|due| due <= now) {
            self.bound_due = now + BOUND_EVERY;
            let most = shared.orders.most.load(Ordering::Relaxed);
            datagrams[0].push(Box::new(ReceiverEstimatedMaximumBitrate {
                sender_ssrc: self.outgoing[Picture::Camera as usize].ssrc(),
                bitrate: most as f32,
                ssrcs: vec![remote.ssrc],
            }));
        }
        for datagram in datagrams.into_iter().filter(|it| !it.is_empty()) {
            let written = remote.track.write_rtcp(datagram).await;
            written.map_err(|_| LinkError::Ended)?;
        }
        Ok(())
    }

    /// Lets others see what the estimator knows.
    fn publish(&self) {
        if self.reported.is_some() {
            self.shared.path().congestion = Congestion {
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
        let _ = self.events.try_send(event);
    }
}
