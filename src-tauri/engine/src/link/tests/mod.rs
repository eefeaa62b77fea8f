//! Two links in one process, over real sockets on the loopback interface.
//!
//! Nothing here sleeps: a test waits for what should happen, and gives up after [`PATIENCE`].

mod chat;
mod media;
mod negotiation;
mod noise;
mod path;
mod screen;
mod voice;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;
use crate::audio::EncodedAudio;
use crate::transport::clock::SenderClock;
use crate::transport::layer::Layer;
use crate::transport::packet::RtpPacket;
use crate::video::EncodedVideo;
use wire::Wire;

/// How long a test waits for what should happen at once: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Collects what arrives.
struct Inbox {
    audio: mpsc::UnboundedSender<RtpPacket>,
    video: mpsc::UnboundedSender<RtpPacket>,
    screen: mpsc::UnboundedSender<RtpPacket>,
    extras: mpsc::UnboundedSender<Extra>,
}

/// What comes beside the packets.
enum Extra {
    Copy(RtpPacket, u16),
    AudioClock(SenderClock),
    VideoClock(SenderClock),
}

impl MediaSink for Inbox {
    fn audio_copy(&self, copy: RtpPacket, behind: u16) {
        let _ = self.extras.send(Extra::Copy(copy, behind));
    }

    fn audio_clock(&self, clock: SenderClock) {
        let _ = self.extras.send(Extra::AudioClock(clock));
    }

    fn video_clock(&self, clock: SenderClock) {
        let _ = self.extras.send(Extra::VideoClock(clock));
    }

    fn audio(&self, packet: RtpPacket) {
        let _ = self.audio.send(packet);
    }

    fn video(&self, packet: RtpPacket) {
        let _ = self.video.send(packet);
    }

    fn screen(&self, packet: RtpPacket) {
        let _ = self.screen.send(packet);
    }
}

/// One person's end.
struct Side {
    offerer: bool,
    link: Arc<Link>,
    audio: mpsc::UnboundedReceiver<RtpPacket>,
    video: mpsc::UnboundedReceiver<RtpPacket>,
    screen: mpsc::UnboundedReceiver<RtpPacket>,
    extras: mpsc::UnboundedReceiver<Extra>,
    /// All events but candidates, once those are being exchanged.
    events: mpsc::Receiver<LinkEvent>,
}

impl Side {
    async fn open(offerer: bool) -> Self {
        let config = LinkConfig {
            offerer,
            loopback: true,
            ..Default::default()
        };
        Self::try_open(config).await.expect("sockets")
    }

    async fn try_open(config: LinkConfig) -> Result<Self, LinkError> {
        let offerer = config.offerer;
        let (to_audio, audio) = mpsc::unbounded_channel();
        let (to_video, video) = mpsc::unbounded_channel();
        let (to_screen, screen) = mpsc::unbounded_channel();
        let (to_extras, extras) = mpsc::unbounded_channel();
        let inbox = Inbox {
            audio: to_audio,
            video: to_video,
            screen: to_screen,
            extras: to_extras,
        };
        let (told, events) = mpsc::channel(256);
        let link = Link::open(config, Arc::new(inbox), told).await?;
        Ok(Self {
            offerer,
            link: Arc::new(link),
            audio,
            video,
            screen,
            extras,
            events,
        })
    }

    /// Waits for an event, letting others go by.
    async fn expect(&mut self, mut wanted: impl FnMut(&LinkEvent) -> bool) -> LinkEvent {
        let waiting = async {
            while let Some(event) = self.events.recv().await {
                if wanted(&event) {
                    return event;
                }
            }
            panic!("the link ended instead");
        };
        timeout(PATIENCE, waiting)
            .await
            .expect("what was waited for")
    }

    async fn connected(&mut self) {
        self.expect(|event| *event == LinkEvent::Connected).await;
    }

    async fn next_video(&mut self) -> RtpPacket {
        let next = timeout(PATIENCE, self.video.recv()).await;
        next.expect("video in time").expect("a link")
    }

    async fn next_audio(&mut self) -> RtpPacket {
        let next = timeout(PATIENCE, self.audio.recv()).await;
        next.expect("audio in time").expect("a link")
    }
}

/// Passes candidates on as they are found, and hands everything else to the test.
fn trickle(side: &mut Side, to: Arc<Link>, wire: Option<Arc<Wire>>) {
    let dialled = !side.offerer;
    trickle_by(side, to, move |candidate| match &wire {
        Some(wire) => wire.reroute(candidate, dialled),
        None => Some(candidate),
    });
}

/// As [`trickle`], but only those candidates that are wanted.
fn trickle_only(side: &mut Side, to: Arc<Link>, wanted: fn(&str) -> bool) {
    trickle_by(side, to, move |c| Some(c).filter(|c| wanted(c)));
}

fn trickle_by(
    side: &mut Side,
    to: Arc<Link>,
    by: impl Fn(String) -> Option<String> + Send + 'static,
) {
    // Who is only sent candidates may still be let go of.
    let to = Arc::downgrade(&to);
    let (pass, events) = mpsc::channel(256);
    let mut found = std::mem::replace(&mut side.events, events);
    tokio::spawn(async move {
        while let Some(event) = found.recv().await {
            let LinkEvent::Candidate {
                candidate,
                mid,
                line,
            } = event
            else {
                let _ = pass.send(event).await;
                continue;
            };
            if let (Some(candidate), Some(to)) = (by(candidate), to.upgrade()) {
                let added = to.add_candidate(&candidate, mid.as_deref(), line).await;
                added.expect("a candidate of ours is one");
            }
        }
    });
}

/// Exchanges descriptions: for the first path, or another.
async fn negotiate(offerer: &Side, answerer: &Side, restart: bool) {
    let offer = offerer.link.offer(restart).await.expect("an offer");
    let answer = answerer.link.accept_offer(&offer).await.expect("an answer");
    offerer
        .link
        .accept_answer(&answer)
        .await
        .expect("agreement");
}

/// Two sides with a path between them.
async fn connect() -> (Side, Side) {
    connect_by(None).await
}

/// Two sides whose packets go through a wire that the test controls.
async fn connect_by(wire: Option<Arc<Wire>>) -> (Side, Side) {
    let (mut offerer, mut answerer) = (Side::open(true).await, Side::open(false).await);
    let (to_offerer, to_answerer) = (offerer.link.clone(), answerer.link.clone());
    trickle(&mut offerer, to_answerer, wire.clone());
    trickle(&mut answerer, to_offerer, wire);
    negotiate(&offerer, &answerer, false).await;
    offerer.connected().await;
    answerer.connected().await;
    (offerer, answerer)
}

fn audio(n: u32) -> Arc<EncodedAudio> {
    Arc::new(EncodedAudio {
        timestamp: n * 960,
        payload: Bytes::from(vec![n as u8; 80]),
        level_dbfs: -20.0,
        voice: true,
    })
}

/// A picture in `packets` packets, each of which says which it is.
fn video(n: u32, keyframe: bool, packets: usize) -> Arc<EncodedVideo> {
    let payload = |index: usize| {
        let mut bytes = vec![0x41; 1100];
        bytes[1..5].copy_from_slice(&n.to_be_bytes());
        bytes[5] = index as u8;
        Bytes::from(bytes)
    };
    Arc::new(EncodedVideo {
        timestamp: n.wrapping_mul(3000),
        keyframe,
        layer: Layer::High,
        droppable: false,
        width: 1280,
        height: 720,
        payloads: (0..packets).map(payload).collect(),
    })
}

/// Sends pictures until the first arrives: a track's first packets are lost on the way.
async fn warm_up(from: &Side, to: &mut Side) {
    let link = from.link.clone();
    let sending = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        for n in 0.. {
            pace.tick().await;
            link.send_audio(&audio(n));
            link.send_video(&video(n, true, 1));
        }
    });
    to.next_video().await;
    to.next_audio().await;
    sending.abort();
    let _ = sending.await;
    // What was still under way is followed by a picture that is known.
    from.link.send_video(&video(1_000_000, true, 1));
    from.link.send_audio(&audio(1_000_000));
    while to.next_video().await.timestamp != 1_000_000u32.wrapping_mul(3000) {}
    while to.next_audio().await.timestamp != 1_000_000 * 960 {}
}
