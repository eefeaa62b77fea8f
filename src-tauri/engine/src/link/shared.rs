//! What the face of a link and its tasks share.
//!
//! Every lock here is held for some hundred nanoseconds and never across an await: media threads
//! take them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::clocks::Clocks;
use super::outbox::{Outbox, Queued};
use super::picture::Picture;
use super::relay_stream::Nudge;
use super::stats::{Counters, LinkState, LinkStats, Route};
use crate::audio::EncodedAudio;
use crate::transport::bitrate::Bitrate;
use crate::transport::estimator::Limit;
use crate::transport::take::Take;
use crate::video::EncodedVideo;

/// Sequence numbers that may wait to be asked for; more are lost for good and end in a keyframe.
const MAX_NACKS: usize = 512;

/// A bound that the other side has set holds for so long: it is said several times in that time.
const MOST_HOLDS: Duration = Duration::from_secs(2);

/// What this side wants of one of the other's pictures.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Packets.
    pub nacks: Vec<u16>,
    /// A keyframe.
    pub keyframe: bool,
}

/// What is known about the path.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PathState {
    pub state: LinkState,
    pub route: Option<Route>,
    pub rtt: Option<Duration>,
    pub media_rtt: Option<Duration>,
    pub remote_loss: f32,
    pub layer: Option<(u32, u32)>,
    pub audio_copies: bool,
    pub congestion: Congestion,
    /// What the other side said that it should be sent at most, and when.
    pub most: Option<(Bitrate, Instant)>,
}

/// What the estimator knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Congestion {
    pub estimate: Option<Bitrate>,
    pub acknowledged: Option<Bitrate>,
    pub loss: f32,
    pub queue_delay: Duration,
    pub limited: Option<Limit>,
}

/// What the pump is told besides what waits for it.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Packets take another way from now on.
    pub path_changed: AtomicBool,
    /// Only a keyframe would help the other side.
    pub keyframe_needed: AtomicBool,
    /// The same of the screen.
    pub screen_keyframe_needed: AtomicBool,
    /// The most that the encoders could use, bits per second; 0: unknown.
    pub wanted: AtomicU64,
    /// The most that the other side should send, bits per second; 0: as much as it can.
    pub most: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Shared {
    outbox: Mutex<Outbox>,
    /// Only the pictures of a screen that is shared.
    screen: Mutex<Outbox>,
    requests: Mutex<[Requests; 2]>,
    path: Mutex<PathState>,
    /// There is, or just was, a path: what is sent has somewhere to go.
    open: AtomicBool,
    pub orders: Orders,
    pub counters: Counters,
    pub clocks: Arc<Clocks>,
    pub nudge: Arc<Nudge>,
    /// Something waits for the pump.
    pub wake: Notify,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            outbox: Mutex::default(),
            screen: Mutex::new(Outbox::of_screen()),
            requests: Mutex::default(),
            path: Mutex::default(),
            open: AtomicBool::default(),
            orders: Orders::default(),
            counters: Counters::default(),
            clocks: Arc::default(),
            nudge: Arc::default(),
            wake: Notify::default(),
        }
    }
}

impl Shared {
    /// From now on (or no longer) there is somewhere to send to.
    pub fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
        self.wake.notify_one();
    }

    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    pub fn push_audio(&self, packet: &Arc<EncodedAudio>) {
        self.clocks.note_voice(packet.timestamp, Instant::now());
        if self.is_open() {
            self.outbox().push_audio(packet.clone(), Instant::now());
            self.wake.notify_one();
        }
    }

    pub fn push_video(&self, frame: &Arc<EncodedVideo>) {
        if !self.is_open() {
            return;
        }
        match self.outbox().push_video(frame.clone(), Instant::now()) {
            Queued::Yes => {}
            Queued::No => return,
            Queued::KeyframeNeeded => return self.need_keyframe(),
        }
        self.wake.notify_one();
    }

    pub fn push_screen(&self, frame: &Arc<EncodedVideo>) {
        if !self.is_open() {
            return;
        }
        match self.screen().push_video(frame.clone(), Instant::now()) {
            Queued::Yes => {}
            Queued::No => return,
            Queued::KeyframeNeeded => return self.need_screen_keyframe(),
        }
        self.wake.notify_one();
    }

    pub fn take_screen(&self, take: Take) {
        let needed = self.screen().take(take);
        if needed.is_some() {
            self.need_screen_keyframe();
        }
    }

    /// Only a keyframe of the screen helps the other side.
    pub fn need_screen_keyframe(&self) {
        let needed = &self.orders.screen_keyframe_needed;
        needed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub fn take(&self, take: Take) {
        let needed = self.outbox().take(take);
        if needed.is_some() {
            self.need_keyframe();
        }
    }

    /// Only a keyframe helps the other side.
    pub fn need_keyframe(&self) {
        self.orders.keyframe_needed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// What is sent takes another way from now on.
    pub fn path_changed(&self) {
        self.orders.path_changed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub fn request_packets(&self, picture: Picture, sequences: &[u16]) {
        let mut all = lock(&self.requests);
        let requests = &mut all[picture as usize];
        let room = MAX_NACKS - requests.nacks.len().min(MAX_NACKS);
        requests.nacks.extend(sequences.iter().take(room));
        drop(all);
        self.wake.notify_one();
    }

    pub fn request_keyframe(&self, picture: Picture) {
        lock(&self.requests)[picture as usize].keyframe = true;
        self.wake.notify_one();
    }

    pub fn take_requests(&self) -> [Requests; 2] {
        std::mem::take(&mut *lock(&self.requests))
    }

    pub fn outbox(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.outbox)
    }

    pub fn screen(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.screen)
    }

    pub fn path(&self) -> MutexGuard<'_, PathState> {
        lock(&self.path)
    }

    pub fn stats(&self) -> LinkStats {
        let path = *self.path();
        let congestion = path.congestion;
        let outbox = self.outbox();
        let (audio_dropped, video_dropped) = outbox.dropped();
        let (pacer_delay, (_, sending)) = (outbox.delay(Instant::now()), outbox.layers());
        drop(outbox);
        let counters = &self.counters;
        LinkStats {
            state: path.state,
            route: path.route,
            rtt: path.rtt,
            media_rtt: path.media_rtt,
            remote_loss: path.remote_loss,
            audio_copies: path.audio_copies,
            estimate: congestion.estimate,
            most: path
                .most
                .filter(|(_, at)| at.elapsed() < MOST_HOLDS)
                .map(|(most, _)| most),
            acknowledged: congestion.acknowledged,
            loss: congestion.loss,
            queue_delay: congestion.queue_delay,
            limited: congestion.limited,
            pacer_delay,
            sending,
            audio_sent: counters.audio_sent.get(),
            audio_copies_sent: counters.audio_copies.get(),
            video_sent: counters.video_sent.get(),
            screen_sent: counters.screen_sent.get(),
            screen_received: counters.screen_received.get(),
            retransmitted: counters.retransmitted.get(),
            padding: counters.padding.get(),
            audio_received: counters.audio_received.get(),
            video_received: counters.video_received.get(),
            layer: path.layer,
            audio_dropped,
            video_dropped,
            nacks_received: counters.nacks_received.load(Ordering::Relaxed),
            keyframe_requests_received: counters.keyframe_requests_received.load(Ordering::Relaxed),
            arrival_reports_received: counters.arrival_reports_received.load(Ordering::Relaxed),
            nacks_sent: counters.nacks_sent.load(Ordering::Relaxed),
            keyframe_requests_sent: counters.keyframe_requests_sent.load(Ordering::Relaxed),
        }
    }
}

/// A task that panicked in the middle of a push leaves a queue that is merely short of an entry.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a moment, or for ever.
pub(super) async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
