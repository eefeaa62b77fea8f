//! The task that sends: media out, repair out, requests out, and feedback in.
//!
//! One per link. Order of what goes out: audio, then repair, then the next packet of the picture. It
//! waits only for the connection's driver; while it waits, the outbox is cut by the media threads.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use tokio::sync::{mpsc, watch};
use webrtc::media_stream::track_remote::TrackRemote;

use super::error::LinkError;
use super::event::LinkEvent;
use super::feedback::Feedback;
use super::lines::PayloadTypes;
use super::shared::{Shared, until};
use super::stats::count;
use super::stream::{OutgoingStream, TransportNumbers};
use crate::audio::{EncodedAudio, VOICE_BITRATE};
use crate::transport::history::History;
use crate::transport::keyframe::KeyframeGate;
use crate::transport::red::{Copies, Redundancy};
use crate::video::EncodedVideo;

/// Packets that may wait to be sent once more; when more are missed, a keyframe is the better answer.
const MAX_REPAIRS: usize = 512;

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

pub(super) struct Pump {
    pipes: Pipes,
    microphone: OutgoingStream,
    camera: OutgoingStream,
    numbers: TransportNumbers,
    /// What was said of late, to be sent along with what is said next, and whether that is needed.
    copies: Copies,
    redundancy: Redundancy,
    /// What was sent of our camera, to be sent again.
    history: History,
    /// What the other side wants to be sent again.
    repairs: VecDeque<u16>,
    /// Keyframes that the other side asks us for.
    asked: KeyframeGate,
    /// Keyframes that we ask the other side for.
    asking: KeyframeGate,
}

impl Pump {
    pub fn new(pipes: Pipes, microphone: OutgoingStream, camera: OutgoingStream) -> Self {
        Self {
            pipes,
            microphone,
            camera,
            numbers: TransportNumbers::default(),
            copies: Copies::default(),
            redundancy: Redundancy::default(),
            history: History::default(),
            repairs: VecDeque::new(),
            asked: KeyframeGate::default(),
            asking: KeyframeGate::default(),
        }
    }

    /// Runs until the connection has ended.
    pub async fn run(mut self) {
        let shared = self.pipes.shared.clone();
        loop {
            let deadline = self.deadline();
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

    /// When a request for a keyframe that has to wait will be due.
    fn deadline(&self) -> Option<Instant> {
        let asking = self.asking.deadline();
        self.asked.deadline().into_iter().chain(asking).min()
    }

    fn hear(&mut self, feedback: Feedback) {
        let shared = &self.pipes.shared;
        match feedback {
            Feedback::Nack(sequences) => {
                count(&shared.counters.nacks_received);
                let room = MAX_REPAIRS - self.repairs.len().min(MAX_REPAIRS);
                self.repairs.extend(sequences.into_iter().take(room));
            }
            Feedback::Keyframe => {
                count(&shared.counters.keyframe_requests_received);
                self.asked.request();
            }
            Feedback::Arrivals(_) => count(&shared.counters.arrival_reports_received),
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
                    self.redundancy.report(loss);
                    self.tell(LinkEvent::RemoteLoss(loss));
                }
            }
        }
    }

    async fn work(&mut self, shared: &Shared) -> Result<(), LinkError> {
        if !shared.is_open() {
            return Ok(());
        }
        if self.asked.poll(Instant::now()) {
            self.tell(LinkEvent::KeyframeRequested);
        }
        self.request(shared).await?;
        loop {
            while let Ok(feedback) = self.pipes.feedback.try_recv() {
                self.hear(feedback);
            }
            let audio = shared.outbox().pop_audio();
            if let Some(packet) = audio {
                self.send_audio(&packet).await?;
            } else if !self.repairs.is_empty() {
                self.send_repair().await?;
            } else {
                let video = shared.outbox().pop_video();
                let Some((frame, index)) = video else {
                    return Ok(());
                };
                self.send_video(&frame, index).await?;
            }
        }
    }

    async fn send_audio(&mut self, audio: &EncodedAudio) -> Result<(), LinkError> {
        let agreed = self.microphone.payload_types().await;
        let with_copies = agreed.and_then(|PayloadTypes { media, red }| {
            let (red, needed) = (red?, self.redundancy.copies(VOICE_BITRATE, None));
            let wrapped = self
                .copies
                .wrap(audio.timestamp, &audio.payload, needed, media)?;
            Some((red, wrapped))
        });
        let shared = &self.pipes.shared;
        shared.path().audio_copies = agreed.is_some_and(|agreed| agreed.red.is_some());
        shared.counters.audio_sent.add(audio.payload.len());
        let Some((red, payload)) = with_copies else {
            let payload = audio.payload.clone();
            let packet = self.microphone.number(audio.timestamp, false, payload);
            self.microphone.send(packet, &mut self.numbers).await?;
            return Ok(());
        };
        let copied = payload.len() - audio.payload.len();
        shared.counters.audio_copies.add(copied);
        let packet = self.microphone.number(audio.timestamp, false, payload);
        self.microphone
            .send_as(red, packet, &mut self.numbers)
            .await?;
        Ok(())
    }

    async fn send_video(&mut self, frame: &EncodedVideo, index: usize) -> Result<(), LinkError> {
        let shared = &self.pipes.shared;
        if index == 0 {
            shared.path().layer = Some((frame.width, frame.height));
            if frame.keyframe {
                self.asked.satisfy();
            }
        }
        let payload = frame.payloads[index].clone();
        shared.counters.video_sent.add(payload.len());
        let last = index + 1 == frame.payloads.len();
        let packet = self.camera.number(frame.timestamp, last, payload);
        self.history.record(packet.clone(), Instant::now());
        self.camera.send(packet, &mut self.numbers).await?;
        Ok(())
    }

    async fn send_repair(&mut self) -> Result<(), LinkError> {
        let now = Instant::now();
        let sequence = self.repairs.pop_front();
        let Some(packet) = sequence.and_then(|n| self.history.repeat(n, now)) else {
            return Ok(());
        };
        let counters = &self.pipes.shared.counters;
        counters.retransmitted.add(packet.payload.len());
        self.camera.send(packet, &mut self.numbers).await?;
        Ok(())
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
        let (sender_ssrc, media_ssrc) = (self.camera.ssrc(), remote.ssrc);
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
        if packets.is_empty() {
            return Ok(());
        }
        let written = remote.track.write_rtcp(packets).await;
        written.map_err(|_| LinkError::Ended)
    }

    /// An event that says nothing new once the next one is there: dropped when the owner is behind.
    fn tell(&self, event: LinkEvent) {
        let _ = self.pipes.events.try_send(event);
    }
}
