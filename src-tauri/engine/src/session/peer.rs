//! One connection to one person, from its opening to its end.
//!
//! A task of its own carries out what the call orders, one thing after the other, and passes on what the link says. Media goes past it: the
//! link hands packets to [`Inbound`] on its own task, and from there they go to the decoders' threads.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use visio_protocol::{ChatMessage, Control, Recipient, SessionId, Signal};

use super::ask::{Ask, Rows};
use super::chat;
use super::fanout::Fanout;
use super::heard::Heard;
use super::ice_servers::ice_servers;
use super::inbound_screen::InboundScreen;
use crate::audio::{AudioSource, SAMPLE_RATE};
use crate::call::{ChatChange, Event, LinkChange, ScreenMeasured, VideoShown};
use crate::link::{Link, LinkConfig, LinkError, LinkEvent, LinkFailure, MediaSink, Picture};
use crate::signaling::Signaling;
use crate::transport::clock::SenderClock;
use crate::transport::lateness::Lateness;
use crate::transport::packet::RtpPacket;
use crate::video::{Feedback, FrameSlot, LayerEncoders, ScreenEncoder, VideoReceiver};

/// Orders that wait for a link: one description and a burst of candidates. When full, the newest is dropped; a restart brings it again.
const ORDERS: usize = 128;

/// Link events that wait for the peer's task.
const LINK_EVENTS: usize = 256;

/// Feedback that waits to be sent. What is late is asked for again.
const FEEDBACK: usize = 32;

/// A close that takes longer is left to the runtime.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// What the call wants of a link.
#[derive(Debug)]
pub(super) enum Order {
    Restart,
    AcceptOffer(String),
    AcceptAnswer(String),
    AddCandidate {
        candidate: String,
        mid: Option<String>,
        line: Option<u16>,
    },
    /// Tell them how tall they are shown.
    Ask(Option<u32>),
    /// Tell them how tall the screen that they share is.
    AskScreen(Option<u32>),
    /// Say this over the chat's channel.
    Chat(Vec<ChatMessage>),
}

/// What a connection needs to know of its surroundings.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub signaling: Signaling,
    pub fanout: Fanout,
    pub encoders: Arc<LayerEncoders>,
    pub screen: Arc<ScreenEncoder>,
    pub events: mpsc::Sender<Event>,
    /// The server is on this machine, so the others may be too: offer paths over loopback as well.
    pub loopback: bool,
}

/// Which connection: to whom, the how-manieth, and who offers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Which {
    pub session: SessionId,
    pub epoch: u32,
    pub offerer: bool,
}

/// Where on the screen a person is shown.
pub(super) struct Shown {
    pub picture: Arc<FrameSlot>,
    /// How tall, in rows of device pixels; none while they aren't.
    pub rows: Option<u32>,
}

/// Where what comes from a person goes.
pub(super) struct Inbound {
    pub audio: Arc<AudioSource>,
    pub video: VideoReceiver,
    pub screen: InboundScreen,
    lateness: Mutex<Lateness>,
    pub first_sound: OnceLock<Instant>,
    pub first_picture: OnceLock<Instant>,
}

impl MediaSink for Inbound {
    fn audio(&self, packet: RtpPacket) {
        self.lateness().note(packet.timestamp, packet.arrived);
        self.first_sound.get_or_init(|| packet.arrived);
        self.audio.push(packet);
    }

    fn audio_copy(&self, copy: RtpPacket, behind: u16) {
        self.audio.push_copy(copy, behind);
    }

    fn video(&self, packet: RtpPacket) {
        self.video.push(packet);
    }

    fn screen(&self, packet: RtpPacket) {
        self.screen.push(packet);
    }

    fn sound(&self, packet: RtpPacket) {
        self.screen.push_sound(packet);
    }

    fn audio_clock(&self, clock: SenderClock) {
        self.audio.set_clock(clock);
    }

    fn video_clock(&self, clock: SenderClock) {
        self.video.set_clock(clock);
    }
}

impl Inbound {
    /// How long what comes from them has waited in queues; none while that can't be told.
    pub fn queue(&self, now: Instant) -> Option<Duration> {
        self.lateness().queue(now)
    }

    /// The figures of the screen that they share.
    pub fn screen_measured(&self, heard: &Heard) -> ScreenMeasured {
        let open = self.screen.is_open();
        let stats = self.screen.stats().filter(|_| open);
        let video = stats
            .map(|(picture, _)| picture)
            .filter(|stats| stats.frames_decoded > 0);
        ScreenMeasured {
            paused: heard.screen_paused(),
            video: video.map(|stats| VideoShown {
                width: stats.width,
                height: stats.height,
                fps: stats.fps,
            }),
        }
    }

    fn lateness(&self) -> MutexGuard<'_, Lateness> {
        self.lateness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle that the actor keeps. Dropped, the connection is closed.
pub(super) struct Peer {
    pub inbound: Arc<Inbound>,
    pub heard: Arc<Heard>,
    /// How tall they were last told that their screen is shown.
    asked_screen: Option<u32>,
    orders: mpsc::Sender<Order>,
    link: tokio::sync::watch::Receiver<Option<Arc<Link>>>,
}

impl Peer {
    /// Starts the connection's task. The pictures go to where they are `shown`, the sound to `audio`.
    pub fn start(
        which: Which,
        audio: Arc<AudioSource>,
        shown: Shown,
        around: Surroundings,
    ) -> Self {
        let (feedback, feedback_inbox) = mpsc::channel(FEEDBACK);
        let (screen_feedback, screen_inbox) = mpsc::channel(FEEDBACK);
        let mut pictures = shown.picture.subscribe();
        let video = VideoReceiver::start(shown.picture, move |wish: Feedback| {
            // Full only when the link is stuck; then asking again later is all that helps.
            let _ = feedback.try_send(wish);
        });
        video.follow(audio.delay());
        audio.follow(video.delay());
        let inbound = Arc::new(Inbound {
            audio,
            video,
            screen: InboundScreen::new(screen_feedback),
            lateness: Mutex::new(Lateness::new(SAMPLE_RATE)),
            first_sound: OnceLock::new(),
            first_picture: OnceLock::new(),
        });
        let noted = inbound.clone();
        tokio::spawn(async move {
            if pictures.changed().await.is_ok() {
                noted.first_picture.get_or_init(Instant::now);
            }
        });
        let (orders, orders_inbox) = mpsc::channel(ORDERS);
        let (link_out, link) = tokio::sync::watch::channel(None);
        let heard = Arc::<Heard>::default();
        let task = Task {
            which,
            around,
            inbound: inbound.clone(),
            heard: heard.clone(),
            link_out,
            ask: Ask::new(Rows {
                camera: shown.rows,
                screen: None,
            }),
        };
        tokio::spawn(task.run(orders_inbox, feedback_inbox, screen_inbox));
        Self {
            inbound,
            heard,
            asked_screen: None,
            orders,
            link,
        }
    }

    /// They share a screen from now on, which is shown so tall, or not at all, and goes `to` these; or they share none.
    pub fn show_screen(
        &mut self,
        shared: bool,
        rows: Option<u32>,
        to: impl FnOnce() -> (Arc<FrameSlot>, Arc<AudioSource>),
    ) {
        let screen = &self.inbound.screen;
        match (shared, screen.is_open()) {
            (true, false) => {
                let (picture, sound) = to();
                screen.open(picture, sound);
            }
            (false, true) => screen.close(),
            _ => {}
        }
        screen.set_expected(rows.is_some() && !self.heard.screen_paused());
        if self.asked_screen != rows {
            self.asked_screen = rows;
            self.order(Order::AskScreen(rows));
        }
    }

    pub fn order(&self, order: Order) {
        if let Err(error) = self.orders.try_send(order) {
            tracing::warn!(%error, "a link's order was dropped");
        }
    }

    /// The link, once it is open.
    pub fn link(&self) -> Option<Arc<Link>> {
        self.link.borrow().clone()
    }
}

struct Task {
    which: Which,
    around: Surroundings,
    inbound: Arc<Inbound>,
    heard: Arc<Heard>,
    link_out: tokio::sync::watch::Sender<Option<Arc<Link>>>,
    ask: Ask,
}

impl Task {
    async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        mut feedback: mpsc::Receiver<Feedback>,
        mut screen_feedback: mpsc::Receiver<Feedback>,
    ) {
        let (events, mut link_events) = mpsc::channel(LINK_EVENTS);
        let config = LinkConfig {
            offerer: self.which.offerer,
            loopback: self.around.loopback,
            ice_servers: ice_servers(self.around.signaling.relay()),
        };
        let link = match Link::open(config, self.inbound.clone(), events).await {
            Ok(link) => Arc::new(link),
            Err(error) => return self.failed(&error).await,
        };
        self.link_out.send_replace(Some(link.clone()));
        if self.which.offerer {
            self.offer(&link, false).await;
        }
        loop {
            let ask_at = self.ask.deadline(Instant::now());
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.carry_out(&link, order).await,
                    None => break,
                },
                () = until(ask_at) => self.say_ask(&link),
                Some(event) = link_events.recv() => self.pass_on(&link, event).await,
                Some(wish) = feedback.recv() => pass_wish(&link, Picture::Camera, wish),
                Some(wish) = screen_feedback.recv() => pass_wish(&link, Picture::Screen, wish),
            }
        }
        self.around.fanout.remove(&link);
        if tokio::time::timeout(CLOSE_PATIENCE, link.close())
            .await
            .is_err()
        {
            tracing::warn!("a link took too long to close");
        }
    }

    async fn carry_out(&mut self, link: &Arc<Link>, order: Order) {
        let result = match order {
            Order::Restart => return self.offer(link, true).await,
            Order::AcceptOffer(sdp) => match link.accept_offer(&sdp).await {
                Ok(sdp) => {
                    self.signal(Signal::Answer {
                        link: self.which.epoch,
                        sdp,
                    });
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Order::AcceptAnswer(sdp) => link.accept_answer(&sdp).await,
            Order::AddCandidate {
                candidate,
                mid,
                line,
            } => {
                // A candidate that makes no sense costs at most itself.
                if let Err(error) = link.add_candidate(&candidate, mid.as_deref(), line).await {
                    tracing::warn!(%error, "a candidate was not taken");
                }
                Ok(())
            }
            Order::Ask(camera) => {
                let rows = self.ask.rows();
                self.ask.set(Rows { camera, ..rows });
                Ok(())
            }
            Order::AskScreen(screen) => {
                let rows = self.ask.rows();
                self.ask.set(Rows { screen, ..rows });
                Ok(())
            }
            Order::Chat(messages) => return say(link, &messages),
        };
        if let Err(error) = result {
            self.failed(&error).await;
        }
    }

    async fn offer(&self, link: &Arc<Link>, restart: bool) {
        match link.offer(restart).await {
            Ok(sdp) => self.signal(Signal::Offer {
                link: self.which.epoch,
                sdp,
            }),
            Err(error) => self.failed(&error).await,
        }
    }

    fn say_ask(&mut self, link: &Link) {
        let Some(rows) = self.ask.poll(Instant::now()) else {
            return;
        };
        let message = Bytes::from(Control::show_both(rows.camera, rows.screen).to_json());
        if let Err(error) = link.send_control(message) {
            tracing::debug!(%error, "they could not be told how tall they are shown");
            self.ask.repeat();
        }
    }

    async fn pass_on(&mut self, link: &Arc<Link>, event: LinkEvent) {
        match event {
            LinkEvent::Candidate {
                candidate,
                mid,
                line,
            } => {
                self.signal(Signal::Candidate {
                    link: self.which.epoch,
                    candidate,
                    mid,
                    line,
                });
            }
            LinkEvent::Connected => {
                self.around.fanout.insert(self.which.session, link.clone());
                self.tell(LinkChange::Connected).await;
            }
            LinkEvent::Disconnected => self.tell(LinkChange::Disconnected).await,
            LinkEvent::Failed(failure) => {
                tracing::info!(?failure, "a link failed");
                let change = match failure {
                    LinkFailure::Lost => LinkChange::Lost,
                    LinkFailure::Closed => LinkChange::Closed,
                    LinkFailure::NoPath | LinkFailure::Identity => LinkChange::Failed,
                };
                self.tell(change).await;
            }
            LinkEvent::KeyframeRequested(layer) => self.around.encoders.request_keyframe(layer),
            LinkEvent::ScreenKeyframeRequested => self.around.screen.request_keyframe(),
            LinkEvent::ControlOpen => self.ask.open(),
            LinkEvent::Control(message) => self.heard.message(&message),
            LinkEvent::ChatOpen => self.tell_chat(ChatChange::Open).await,
            LinkEvent::Chat(bytes) => match ChatMessage::from_json(&bytes) {
                Ok(message) => {
                    let (message, clock) = (Box::new(message), chat::clock());
                    self.tell_chat(ChatChange::Heard { message, clock }).await;
                }
                Err(error) => tracing::debug!(%error, "a chat message that is none"),
            },
            LinkEvent::RemoteLoss(_) => {}
        }
    }

    async fn failed(&self, error: &LinkError) {
        tracing::warn!(%error, "a link could not go on");
        self.tell(LinkChange::Failed).await;
    }

    async fn tell(&self, change: LinkChange) {
        let Which { session, epoch, .. } = self.which;
        let _ = self
            .around
            .events
            .send(Event::Link {
                session,
                epoch,
                change,
            })
            .await;
    }

    async fn tell_chat(&self, change: ChatChange) {
        let Which { session, epoch, .. } = self.which;
        let event = Event::Chat {
            session,
            epoch,
            change,
        };
        let _ = self.around.events.send(event).await;
    }

    fn signal(&self, signal: Signal) {
        self.around
            .signaling
            .send(Recipient::Session(self.which.session), signal);
    }
}

fn pass_wish(link: &Link, picture: Picture, wish: Feedback) {
    match wish {
        Feedback::Nack(sequences) => link.nack(picture, &sequences),
        Feedback::Keyframe => link.request_keyframe(picture),
    }
}

/// What can't be said now is said when the connection is made anew; until then it counts as not having come.
fn say(link: &Link, messages: &[ChatMessage]) {
    for message in messages {
        if let Err(error) = link.send_chat(Bytes::from(message.to_json())) {
            tracing::warn!(%error, "a chat message could not be sent");
        }
    }
}

/// Waits for a moment, or for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
