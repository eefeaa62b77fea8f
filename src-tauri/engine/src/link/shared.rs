//! What the face of a link and its tasks share.
//!
//! Every lock here is held for some hundred nanoseconds and never across an await: media threads
//! take them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::clocks::Clocks;
use super::outbox::{Outbox, Queued};
use super::stats::{Counters, LinkState, LinkStats, Route};
use crate::audio::EncodedAudio;
use crate::video::EncodedVideo;

/// Sequence numbers that may wait to be asked for; more are lost for good and end in a keyframe.
const MAX_NACKS: usize = 512;

/// What this side wants of the other.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Packets of its camera.
    pub nacks: Vec<u16>,
    /// A keyframe of its camera.
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
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    outbox: Mutex<Outbox>,
    requests: Mutex<Requests>,
    path: Mutex<PathState>,
    /// There is, or just was, a path: what is sent has somewhere to go.
    open: AtomicBool,
    pub counters: Counters,
    pub clocks: Arc<Clocks>,
    /// Something waits for the pump.
    pub wake: Notify,
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
            self.outbox().push_audio(packet.clone());
            self.wake.notify_one();
        }
    }

    /// Returns whether a keyframe is needed from now on.
    pub fn push_video(&self, frame: &Arc<EncodedVideo>) -> bool {
        if !self.is_open() {
            return false;
        }
        let queued = self.outbox().push_video(frame.clone());
        self.wake.notify_one();
        queued == Queued::KeyframeNeeded
    }

    pub fn request_packets(&self, sequences: &[u16]) {
        let mut requests = lock(&self.requests);
        let room = MAX_NACKS - requests.nacks.len().min(MAX_NACKS);
        requests.nacks.extend(sequences.iter().take(room));
        drop(requests);
        self.wake.notify_one();
    }

    pub fn request_keyframe(&self) {
        lock(&self.requests).keyframe = true;
        self.wake.notify_one();
    }

    pub fn take_requests(&self) -> Requests {
        std::mem::take(&mut *lock(&self.requests))
    }

    pub fn outbox(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.outbox)
    }

    pub fn path(&self) -> MutexGuard<'_, PathState> {
        lock(&self.path)
    }

    pub fn stats(&self) -> LinkStats {
        let path = *self.path();
        let (audio_dropped, video_dropped) = self.outbox().dropped();
        let counters = &self.counters;
        LinkStats {
            state: path.state,
            route: path.route,
            rtt: path.rtt,
            media_rtt: path.media_rtt,
            remote_loss: path.remote_loss,
            audio_copies: path.audio_copies,
            audio_sent: counters.audio_sent.get(),
            audio_copies_sent: counters.audio_copies.get(),
            video_sent: counters.video_sent.get(),
            retransmitted: counters.retransmitted.get(),
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
