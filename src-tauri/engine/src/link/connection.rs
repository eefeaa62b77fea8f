//! The face of a link.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use visio_protocol::chat::MAX_CHAT;
use webrtc::error::Error;
use webrtc::peer_connection::PeerConnection;

use super::candidate::{
    Candidate, MAX_NAMES, RemoteCandidates, local_name, with_address, without_candidates,
};
use super::chat::{CHAT_CAPACITY, carry_chat};
use super::config::LinkConfig;
use super::control::{CONTROL_CAPACITY, carry_control};
use super::description::{Description, ufrag};
use super::error::LinkError;
use super::event::{LinkEvent, MediaSink};
use super::keeper::{Keeper, Posts};
use super::observer::{NOTICE_CAPACITY, Notice, Observer};
use super::peer::Peer;
use super::picture::Picture;
use super::pump::{Pipes, Pump, Streams};
use super::shared::Shared;
use super::stats::LinkStats;
use super::voice::OutgoingVoice;
use crate::audio::EncodedAudio;
use crate::network;
use crate::transport::bitrate::Bitrate;
use crate::transport::take::Take;
use crate::video::EncodedVideo;

/// One connection to one person.
///
/// Dropping it closes it, a moment later; [`close`](Self::close) waits until that is done.
pub struct Link {
    connection: Arc<dyn PeerConnection>,
    shared: Arc<Shared>,
    offerer: bool,
    loopback: bool,
    notices: mpsc::Sender<Notice>,
    control: mpsc::Sender<Bytes>,
    chat: mpsc::Sender<Bytes>,
    mids: watch::Sender<Vec<String>>,
    /// One negotiation at a time.
    remote: Arc<Mutex<Remote>>,
    /// Names of the local network that may be asked for at a time.
    names: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    done: watch::Receiver<()>,
}

/// What is known of the other side's half of a negotiation.
#[derive(Default)]
struct Remote {
    candidates: RemoteCandidates,
    /// An offer to restart that has not been answered. webrtc-rs lets go of the path there is when
    /// such an offer is applied, so that waits for the answer: until then the path may come back, or
    /// carries on while a better one is agreed on.
    restart: Option<RTCSessionDescription>,
}

impl Link {
    /// Opens sockets and prepares everything; nothing is sent before there is a description.
    ///
    /// What happens is told by `events`. A link that is not listened to stands still, so its owner
    /// reads them all. Must be called within a tokio runtime, which from then on carries the link.
    ///
    /// # Errors
    ///
    /// [`LinkError::Setup`]: no socket, or a server address that is none.
    pub async fn open(
        config: LinkConfig,
        sink: Arc<dyn MediaSink>,
        events: mpsc::Sender<LinkEvent>,
    ) -> Result<Self, LinkError> {
        let (notices, noticed) = mpsc::channel(NOTICE_CAPACITY);
        let shared = Arc::new(Shared::default());
        let observer = Observer::new(notices.clone());
        let peer = Peer::build(&config, observer, &shared).await?;
        let (mids, mids_known) = watch::channel(Vec::new());
        let (stop, stopping) = watch::channel(false);
        let (closed, closing) = watch::channel(false);
        let (remote_camera, camera_known) = watch::channel(None);
        let (remote_screen, screen_known) = watch::channel(None);
        let (control, control_out) = mpsc::channel(CONTROL_CAPACITY);
        let (chat, chat_out) = mpsc::channel(CHAT_CAPACITY);
        let (finished, done) = watch::channel(());

        let mut children = JoinSet::new();
        let pipes = Pipes {
            shared: shared.clone(),
            feedback: peer.feedback,
            remote: [camera_known, screen_known],
            events: events.clone(),
        };
        let streams = Streams {
            microphone: OutgoingVoice::new(peer.microphone),
            camera: peer.camera,
            screen: peer.screen,
            filler: peer.filler,
        };
        let (pump, ended) = (Pump::new(pipes, streams), closed.clone());
        children.spawn(async move {
            pump.run().await;
            ended.send_replace(true);
        });
        children.spawn(carry_control(
            peer.control,
            control_out,
            events.clone(),
            closed,
        ));
        children.spawn(carry_chat(peer.chat, chat_out, events.clone()));
        let posts = Posts {
            notices: noticed,
            events: events.clone(),
            stop: stopping,
            closed: closing,
            mids: mids_known,
            remote: [remote_camera, remote_screen],
        };
        let connection = peer.connection;
        let (to_keep, to_follow) = (connection.clone(), shared.clone());
        let keeper = Keeper::new(to_keep, to_follow, sink, posts, children, config.loopback);
        tokio::spawn(async move {
            keeper.run().await;
            drop(finished);
        });
        Ok(Self {
            connection,
            shared,
            offerer: config.offerer,
            loopback: config.loopback,
            notices,
            control,
            chat,
            mids,
            remote: Arc::default(),
            names: Arc::new(Semaphore::new(MAX_NAMES)),
            stop,
            done,
        })
    }

    /// The description to send to the other side. With `restart` it asks for a new path, from fresh
    /// sockets; until the answer is there the old one is used, and media flows as long as it lives.
    ///
    /// An offer that has not been answered is returned once more: it can't be taken back, and who
    /// has applied it already answers it again.
    ///
    /// # Errors
    ///
    /// [`LinkError::WrongRole`] on the answering side, [`LinkError::Negotiation`],
    /// [`LinkError::Ended`].
    pub async fn offer(&self, restart: bool) -> Result<String, LinkError> {
        if !self.offerer {
            return Err(LinkError::WrongRole);
        }
        let mut remote = self.remote.lock().await;
        let connection = self.connection.clone();
        let pending = connection.pending_local_description().await.is_some();
        let described = connection.current_local_description().await.is_some();
        if described && !pending && (restart || remote.restart.is_some()) {
            let offer = match remote.restart.take() {
                Some(offer) => offer,
                None => {
                    let options = RTCOfferOptions { ice_restart: true };
                    guard(async move { connection.create_offer(Some(options)).await }).await?
                }
            };
            let text = without_candidates(&offer.sdp);
            remote.restart = Some(offer);
            return Ok(text);
        }
        self.describe(async move {
            if !pending {
                let offer = connection.create_offer(None).await?;
                connection.set_local_description(offer).await?;
            }
            Ok(connection.local_description().await)
        })
        .await
    }

    /// Applies the other side's offer; returns the answer to send back. Applying the same one again
    /// gives the same answer again.
    ///
    /// # Errors
    ///
    /// [`LinkError::WrongRole`] on the offering side; [`LinkError::Description`] when it is none
    /// (nothing has changed then); [`LinkError::Negotiation`], [`LinkError::Ended`].
    pub async fn accept_offer(&self, sdp: &str) -> Result<String, LinkError> {
        if self.offerer {
            return Err(LinkError::WrongRole);
        }
        let description = Description::read(sdp)?;
        let mut remote = self.remote.lock().await;
        self.mids.send_replace(description.mids);
        let (connection, text) = (self.connection.clone(), description.sdp);
        let answer = self
            .describe(async move {
                let offer = RTCSessionDescription::offer(text)?;
                connection.set_remote_description(offer).await?;
                let answer = connection.create_answer(None).await?;
                connection.set_local_description(answer).await?;
                Ok(connection.local_description().await)
            })
            .await?;
        self.use_waiting(&mut remote, &description.ufrag, &description.candidates)
            .await;
        Ok(answer)
    }

    /// Applies the other side's answer to our offer. One that comes twice is ignored.
    ///
    /// # Errors
    ///
    /// As [`accept_offer`](Self::accept_offer).
    pub async fn accept_answer(&self, sdp: &str) -> Result<(), LinkError> {
        if !self.offerer {
            return Err(LinkError::WrongRole);
        }
        let description = Description::read(sdp)?;
        let mut remote = self.remote.lock().await;
        // A restart is answered by a new description; that of before, said twice, answers nothing.
        let answers = !remote.candidates.is_current(&description.ufrag);
        if let Some(offer) = remote.restart.take_if(|_| answers) {
            let connection = self.connection.clone();
            self.describe(async move {
                connection.set_local_description(offer).await?;
                Ok(connection.local_description().await)
            })
            .await?;
        }
        if self.connection.pending_local_description().await.is_none() {
            return Ok(());
        }
        self.mids.send_replace(description.mids);
        let (connection, text) = (self.connection.clone(), description.sdp);
        guard(async move {
            let answer = RTCSessionDescription::answer(text)?;
            connection.set_remote_description(answer).await
        })
        .await?;
        self.use_waiting(&mut remote, &description.ufrag, &description.candidates)
            .await;
        Ok(())
    }

    /// An address of the other side, before or after the description it belongs to.
    ///
    /// # Errors
    ///
    /// [`LinkError::Candidate`] when it is malformed; the link goes on.
    pub async fn add_candidate(
        &self,
        candidate: &str,
        mid: Option<&str>,
        line: Option<u16>,
    ) -> Result<(), LinkError> {
        // All sections share one path: which of them is named makes no difference.
        let _ = (mid, line);
        let Some(read) = Candidate::read(candidate, self.loopback)? else {
            self.ask_for_name(candidate);
            return Ok(());
        };
        let mut remote = self.remote.lock().await;
        match remote.candidates.arrived(read) {
            Some(candidate) => {
                use_candidate(&self.connection, candidate).await?;
                self.shared.nudge.give();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Finds out, in a task of its own, where the name leads behind which a candidate hides. A name
    /// that nobody answers to, or one too many, is let go.
    fn ask_for_name(&self, text: &str) {
        let (Some(name), Ok(turn)) = (local_name(text), self.names.clone().try_acquire_owned())
        else {
            return;
        };
        let (connection, remote) = (self.connection.clone(), self.remote.clone());
        let (text, loopback) = (text.to_owned(), self.loopback);
        tokio::spawn(async move {
            for ip in network::resolve(&name).await {
                let found = Candidate::read(&with_address(&text, ip), loopback);
                let mut remote = remote.lock().await;
                if let Ok(Some(candidate)) = found
                    && let Some(candidate) = remote.candidates.arrived(candidate)
                    && let Err(error) = use_candidate(&connection, candidate).await
                {
                    tracing::debug!(%error, "a candidate that was found by its name");
                }
            }
            drop(turn);
        });
    }

    /// Queues one packet of audio; never waits. Dropped while there is no path.
    pub fn send_audio(&self, packet: &Arc<EncodedAudio>) {
        self.shared.push_audio(packet);
    }

    /// Offers one picture of any layer; never waits. Sent if it is of the layer that is
    /// [taken](Self::take), dropped while there is no path; when pictures pile up the oldest goes, with
    /// all that build on it, and a keyframe is asked for.
    pub fn send_video(&self, frame: &Arc<EncodedVideo>) {
        self.shared.push_video(frame);
    }

    /// Offers one picture of our screen; never waits. As [`send_video`](Self::send_video), once it is
    /// [taken](Self::take_screen).
    pub fn send_screen(&self, frame: &Arc<EncodedVideo>) {
        self.shared.push_screen(frame);
    }

    /// Whether the pictures of our screen are sent from now on. Begins with a keyframe, which is asked for. Never waits.
    pub fn take_screen(&self, take: Take) {
        self.shared.take_screen(take);
    }

    /// Which pictures are sent from now on. A layer begins with its next keyframe, which is asked for;
    /// until then the old one goes on. Never waits.
    pub fn take(&self, take: Take) {
        self.shared.take(take);
    }

    /// The most that the encoders could use for this person if the path gave it, sound included: the
    /// estimate need not grow far beyond. Until it is said, that of a picture of 720 rows.
    pub fn set_wanted(&self, wanted: Bitrate) {
        self.shared
            .orders
            .wanted
            .store(wanted.bps(), Ordering::Relaxed);
    }

    /// Has the other side send no more than this, everything together; none: as much as it can. It is told again and again.
    pub fn ask_at_most(&self, most: Option<Bitrate>) {
        let most = most.map_or(0, |most| most.bps().max(1));
        let orders = &self.shared.orders;
        if orders.most.swap(most, Ordering::Relaxed) != most {
            self.shared.wake.notify_one();
        }
    }

    /// Asks the other side to send packets of one of its pictures once more. Never waits.
    pub fn nack(&self, picture: Picture, sequences: &[u16]) {
        self.shared.request_packets(picture, sequences);
    }

    /// Asks the other side for a keyframe, at most twice a second. Never waits.
    pub fn request_keyframe(&self, picture: Picture) {
        self.shared.request_keyframe(picture);
    }

    /// Queues a control message, in order and reliably, also before the channel is open.
    ///
    /// # Errors
    ///
    /// [`LinkError::TooLong`], [`LinkError::Busy`] (not queued; say it again later),
    /// [`LinkError::Ended`].
    pub fn send_control(&self, message: Bytes) -> Result<(), LinkError> {
        if message.len() > super::MAX_CONTROL_BYTES {
            return Err(LinkError::TooLong(message.len()));
        }
        queue(&self.control, message)
    }

    /// Queues a chat message, in order and reliably.
    ///
    /// # Errors
    ///
    /// As [`send_control`](Self::send_control).
    pub fn send_chat(&self, message: Bytes) -> Result<(), LinkError> {
        if message.len() > MAX_CHAT {
            return Err(LinkError::TooLong(message.len()));
        }
        queue(&self.chat, message)
    }

    /// How the link is doing.
    pub fn stats(&self) -> LinkStats {
        self.shared.stats()
    }

    /// Closes the connection and waits until that is done, a few milliseconds. The other side is
    /// told, if it can be reached.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        // Ends with an error, when the keeper has let go of its end: that is what is waited for.
        while self.done.clone().changed().await.is_ok() {}
    }

    /// Makes a description of ours, while the candidates that belong to it are held back.
    async fn describe(
        &self,
        make: impl Future<Output = Result<Option<RTCSessionDescription>, Error>> + Send + 'static,
    ) -> Result<String, LinkError> {
        self.note(Notice::Describing).await?;
        let made = guard(make).await;
        let made = made.and_then(|made| made.ok_or(LinkError::Ended));
        let ufrag = made.as_ref().ok().and_then(|made| ufrag(&made.sdp));
        self.note(Notice::Described(ufrag)).await?;
        Ok(made?.sdp)
    }

    async fn note(&self, notice: Notice) -> Result<(), LinkError> {
        self.notices
            .send(notice)
            .await
            .map_err(|_| LinkError::Ended)
    }

    /// Uses the candidates that came with a description or before it.
    async fn use_waiting(&self, remote: &mut Remote, ufrag: &str, texts: &[String]) {
        let remote = &mut remote.candidates;
        let mut usable = remote.described(ufrag);
        texts.iter().for_each(|text| self.ask_for_name(text));
        let written = texts
            .iter()
            .filter_map(|t| Candidate::read(t, self.loopback).ok().flatten());
        usable.extend(written.filter_map(|candidate| remote.arrived(candidate)));
        for candidate in usable {
            if let Err(error) = use_candidate(&self.connection, candidate).await {
                tracing::debug!(%error, "a candidate of the other side");
            }
        }
    }
}

fn queue(channel: &mpsc::Sender<Bytes>, message: Bytes) -> Result<(), LinkError> {
    channel.try_send(message).map_err(|error| match error {
        TrySendError::Full(_) => LinkError::Busy,
        TrySendError::Closed(_) => LinkError::Ended,
    })
}

async fn use_candidate(
    connection: &Arc<dyn PeerConnection>,
    candidate: Candidate,
) -> Result<(), LinkError> {
    let connection = connection.clone();
    let init = RTCIceCandidateInit {
        candidate: candidate.text,
        ..Default::default()
    };
    let added = guard(async move { connection.add_ice_candidate(init).await }).await;
    added.map_err(|error| match error {
        LinkError::Negotiation(_) => LinkError::Candidate("could not be used"),
        other => other,
    })
}

/// Runs a call into the library that depends on foreign text in a task of its own, so that a panic
/// there is an error here.
async fn guard<T: Send + 'static>(
    call: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, LinkError> {
    match tokio::spawn(call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Error::ErrConnectionClosed)) => Err(LinkError::Ended),
        Ok(Err(error)) => Err(LinkError::Negotiation(error.to_string())),
        Err(_) => Err(LinkError::Ended),
    }
}
