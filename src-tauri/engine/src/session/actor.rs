//! The task that owns the call: one step for each thing that happens, and the effects carried out in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use visio_protocol::PersonId;

use super::fanout::Fanout;
use super::frames::{FrameHub, Tile};
use super::media::Media;
use super::options::SessionOptions;
use super::peer::{Order, Peer, Shown, Surroundings, Which};
use super::receiving::Receiving;
use super::roster::Roster;
use super::screen_sending::{OwnScreen, ScreenSending};
use super::sending::{OwnPicture, Sending};
use crate::call::{
    CallState, Command, Devices, Effect, Event, LinkChange, Measured, Phase, Start, Trouble, update,
};
use crate::network::NetworkWatch;
use crate::signaling::{Signaling, SignalingEvent};
use crate::stats::{ChatReport, ProcessUse, Report};

/// Events that wait for the session's task: device words, link changes. Those who send them wait, except device threads, which drop.
const EVENTS: usize = 256;

/// How often time passes for the call. A tenth of its shortest patience would do; this also paces the meters.
const TICK: Duration = Duration::from_millis(100);

/// How often the lists of devices are looked at. Plugging a camera in takes a person longer.
const DEVICES_EVERY: Duration = Duration::from_secs(3);

/// How long leaving may take before everything is simply let go.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);

/// What is asked of the session's task.
pub(super) enum Request {
    Command(Command),
    Report(oneshot::Sender<Report>),
    Leave(oneshot::Sender<Report>),
}

pub(super) struct Actor {
    state: CallState,
    shown: watch::Sender<Arc<CallState>>,
    options: SessionOptions,
    frames: FrameHub,
    fanout: Fanout,
    media: Media,
    roster: Roster,
    sending: Sending,
    screen_sending: ScreenSending,
    receiving: Receiving,
    signaling: Option<Signaling>,
    /// Tells of the network for as long as the call lasts.
    _network: NetworkWatch,
    events: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Event>,
    joined: Instant,
}

impl Actor {
    pub fn new(
        options: SessionOptions,
        person: PersonId,
        frames: FrameHub,
    ) -> (Self, watch::Receiver<Arc<CallState>>) {
        let state = CallState::new(&Start {
            invite: options.invite.clone(),
            name: options.name.clone(),
            person,
            camera: options.camera.clone(),
            microphone: options.microphone.clone(),
            speaker: options.speaker.clone(),
            noise_suppression: options.noise_suppression,
            music: options.music,
            join: options.join,
            show: options.show,
        });
        let (shown, seen) = watch::channel(Arc::new(state.clone()));
        let most_picture = options.most_picture;
        let (events, inbox) = mpsc::channel(EVENTS);
        let fanout = Fanout::default();
        let media = Media::start(&options, &fanout, &frames, &events);
        let told = events.clone();
        let network =
            NetworkWatch::start(move |change| told.blocking_send(Event::Network(change)).is_ok());
        let actor = Self {
            state,
            shown,
            options,
            frames,
            fanout,
            media,
            roster: Roster::default(),
            sending: Sending::new(most_picture),
            screen_sending: ScreenSending::default(),
            receiving: Receiving::default(),
            signaling: None,
            _network: network,
            events,
            inbox,
            joined: Instant::now(),
        };
        (actor, seen)
    }

    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut signals = self.enter();
        self.watch_devices();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(Request::Command(Command::Leave)) => self.say_goodbye().await,
                    Some(Request::Command(command)) => self.step(Event::Command(command)).await,
                    Some(Request::Report(reply)) => drop(reply.send(self.report())),
                    Some(Request::Leave(reply)) => {
                        let report = self.report();
                        self.say_goodbye().await;
                        let _ = reply.send(report);
                        return;
                    }
                    None => return,
                },
                Some(event) = self.inbox.recv() => {
                    let connected = connected(&event);
                    self.step(event).await;
                    if let Some(session) = connected {
                        // Whoever has come up should not wait for the next tick to be sent a picture.
                        self.sending.renew(session);
                        self.send();
                    }
                },
                Some(entry) = signals.recv() => match entry {
                    FromServer::In(signaling) => self.signaling = Some(*signaling),
                    FromServer::Event(event) => self.step(event).await,
                },
                _ = tick.tick() => {
                    self.media.microphone.set_loss(self.fanout.worst_loss());
                    self.send();
                    let now = Instant::now();
                    self.receiving.observe(&self.roster.sources(now), now);
                    let measured = self.measure();
                    self.step(Event::Measured(measured)).await;
                    self.step(Event::Tick).await;
                }
            }
        }
    }

    async fn step(&mut self, event: Event) {
        let now = Instant::now();
        let was_calling = self.state.calling();
        let effects = update(&mut self.state, event, now);
        if self.state.calling() && !was_calling {
            self.joined = now;
            self.roster.restart_times(now);
        }
        self.roster.note(&self.state, now);
        for effect in effects {
            self.carry_out(effect).await;
        }
        self.roster.expect_pictures(&self.state);
        self.roster
            .expect_screens(&self.state, &self.frames, &self.media.speaker);
        let all = self.state.people.iter().chain(&self.state.away);
        let people: Vec<(PersonId, bool)> = all
            .map(|person| (person.id, person.screen.is_some()))
            .collect();
        self.frames.keep(|tile| match tile {
            Tile::Me | Tile::MyScreen => true,
            Tile::Person(id) => people.iter().any(|(known, _)| known == id),
            Tile::Screen(id) => people.contains(&(*id, true)),
        });
        self.shown.send_replace(Arc::new(self.state.clone()));
    }

    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::SetRole(role) => self.set_role(role),
            Effect::ReconnectServer => {
                if let Some(signaling) = &self.signaling {
                    signaling.reconnect();
                }
            }
            Effect::Leave => self.leave_server().await,
            Effect::Send(to, signal) => {
                if let Some(signaling) = &self.signaling {
                    signaling.send(to, signal);
                }
            }
            Effect::OpenLink {
                session,
                epoch,
                offerer,
            } => self.open_link(Which {
                session,
                epoch,
                offerer,
            }),
            Effect::RestartLink { session } => self.order(session, Order::Restart),
            Effect::AcceptOffer { session, sdp } => self.order(session, Order::AcceptOffer(sdp)),
            Effect::AcceptAnswer { session, sdp } => self.order(session, Order::AcceptAnswer(sdp)),
            Effect::AddCandidate {
                session,
                candidate,
                mid,
                line,
            } => {
                self.order(
                    session,
                    Order::AddCandidate {
                        candidate,
                        mid,
                        line,
                    },
                );
            }
            Effect::CloseLink { session } => self.roster.remove(session),
            Effect::Ask { session, rows } => self.order(session, Order::Ask(rows)),
            Effect::Chat { session, messages } => self.order(session, Order::Chat(messages)),
            Effect::UseCamera(spec) => self.media.camera.select(spec),
            Effect::TurnCameraOff(off) => self.media.camera.set_off(off),
            Effect::UseScreen(spec) => self.media.screen.select(spec),
            Effect::UseMicrophone(spec) => self.media.microphone.select(spec),
            Effect::Treat(treatment) => self.media.microphone.treat(treatment),
            Effect::Mute(muted) => self.media.microphone.set_muted(muted),
            Effect::UseSpeaker(spec) => self.media.speaker.select(spec),
            Effect::PlayTestSound => self.media.speaker.play_test_sound(),
        }
    }

    fn order(&self, session: visio_protocol::SessionId, order: Order) {
        if let Some(peer) = self.roster.get(session) {
            peer.order(order);
        }
    }

    /// Decides who is sent what of our picture.
    fn send(&mut self) {
        let size = self.media.picture.latest();
        let picture = OwnPicture {
            size: size.map(|frame| (frame.width, frame.height)),
            off: self.state.me.media().camera_off,
        };
        let ways = self.roster.ways();
        let screen = OwnScreen {
            shared: self.state.me.screen.is_shared(),
            there: self.media.page.latest().is_some(),
        };
        let now = Instant::now();
        let bound = self.sending.bound();
        let kept =
            self.screen_sending
                .decide(&ways, &self.media.screen_encoder, screen, bound, now);
        self.sending
            .decide(&ways, &self.media.encoders, picture, &kept, now);
    }

    fn open_link(&mut self, which: Which) {
        let (Some(signaling), Some(person)) = (&self.signaling, self.state.person(which.session))
        else {
            return;
        };
        let (id, rows) = (person.id, person.shown);
        let around = Surroundings {
            signaling: signaling.clone(),
            fanout: self.fanout.clone(),
            encoders: self.media.encoders.clone(),
            screen: self.media.screen_encoder.clone(),
            events: self.events.clone(),
            loopback: self.options.invite.server.is_this_machine(),
        };
        // The old link's receiver must be gone before the new one writes to the same tile.
        self.roster.remove(which.session);
        let audio = self.media.speaker.add_source();
        let picture = self.frames.slot_for(Tile::Person(id));
        let shown = Shown { picture, rows };
        self.roster
            .insert(which.session, id, Peer::start(which, audio, shown, around));
    }

    /// Goes to the server, in a task: a server that does not answer must not keep the lobby from showing.
    fn enter(&self) -> mpsc::Receiver<FromServer> {
        let (out, inbox) = mpsc::channel(1);
        let (invite, role) = (self.options.invite.clone(), self.state.role());
        tokio::spawn(async move {
            let (signaling, mut events, entered) = match Signaling::enter(&invite, role).await {
                Ok(parts) => parts,
                Err(error) => {
                    return drop(
                        out.send(FromServer::Event(Event::Entered(Err(Trouble::from(error)))))
                            .await,
                    );
                }
            };
            let _ = out.send(FromServer::In(Box::new(signaling))).await;
            let _ = out
                .send(FromServer::Event(Event::Entered(Ok(entered))))
                .await;
            while let Some(event) = events.recv().await {
                let ended = matches!(event, SignalingEvent::Ended(_));
                if out
                    .send(FromServer::Event(Event::Signaling(event)))
                    .await
                    .is_err()
                    || ended
                {
                    return;
                }
            }
        });
        inbox
    }

    fn set_role(&self, role: visio_protocol::Role) {
        let Some(signaling) = self.signaling.clone() else {
            return;
        };
        let events = self.events.clone();
        tokio::spawn(async move {
            let result = signaling.set_role(role).await.map_err(Trouble::from);
            let _ = events.send(Event::RoleSet(result)).await;
        });
    }

    async fn say_goodbye(&mut self) {
        if self.state.phase != Phase::Left {
            self.step(Event::Command(Command::Leave)).await;
        }
        self.roster.clear();
    }

    async fn leave_server(&mut self) {
        let Some(signaling) = self.signaling.take() else {
            return;
        };
        if tokio::time::timeout(LEAVE_PATIENCE, signaling.leave())
            .await
            .is_err()
        {
            tracing::warn!("the server did not take the goodbye in time");
        }
    }

    /// Looks at the devices now and then, on a thread of its own: some systems take a second to answer.
    fn watch_devices(&self) {
        let events = self.events.clone();
        std::thread::spawn(move || {
            let mut known = None;
            while !events.is_closed() {
                let devices = Devices {
                    cameras: crate::video::cameras(),
                    microphones: crate::audio::microphones(),
                    speakers: crate::audio::speakers(),
                };
                if known.as_ref() != Some(&devices) {
                    if events
                        .blocking_send(Event::Devices(devices.clone()))
                        .is_err()
                    {
                        return;
                    }
                    known = Some(devices);
                }
                std::thread::sleep(DEVICES_EVERY);
            }
        });
    }

    fn measure(&self) -> Measured {
        let level_dbfs = self.media.microphone.level();
        let picture = self.media.picture.latest();
        let mut measured = Measured {
            microphone_level: crate::stats::meter(level_dbfs),
            speaking: self.media.microphone.is_speaking(),
            screen_size: self
                .media
                .page
                .latest()
                .map(|frame| (frame.width, frame.height)),
            camera_size: picture.map(|frame| (frame.width, frame.height)),
            slow: self.sending.slow(),
            limited: self.sending.limited(),
            people: Vec::new(),
        };
        self.roster.measure(&mut measured);
        measured
    }

    fn report(&self) -> Report {
        let elapsed = self.joined.elapsed();
        let process = ProcessUse::now();
        Report {
            seconds: elapsed.as_secs_f64(),
            cpu_seconds: process.cpu.as_secs_f64(),
            peak_rss_mb: process.peak_rss_bytes as f64 / 1e6,
            video_sent: self.media.video_sent(),
            screen_sent: self.media.screen_sent(),
            audio_sent: self.media.audio_sent(elapsed),
            chat: ChatReport::of(&self.state),
            peers: self.roster.reports(),
        }
    }
}

/// Whose link this says has come up.
fn connected(event: &Event) -> Option<visio_protocol::SessionId> {
    match event {
        Event::Link {
            session,
            change: LinkChange::Connected,
            ..
        } => Some(*session),
        _ => None,
    }
}

/// What the server's task hands over.
enum FromServer {
    In(Box<Signaling>),
    Event(Event),
}
