//! The screen that one person shares, from its packets to its tile, and its sound, where there is some; there while they share it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;

use crate::audio::{AudioInboundStats, AudioSource};
use crate::transport::packet::RtpPacket;
use crate::video::{Content, Feedback, FrameSlot, VideoInboundStats, VideoReceiver};

/// Receives while they share.
pub(super) struct InboundScreen {
    feedback: mpsc::Sender<Feedback>,
    receiver: Mutex<Option<Receiver>>,
    /// What was measured of what they shared before.
    before: Mutex<Option<(VideoInboundStats, AudioInboundStats)>>,
    /// When the first picture of any was there.
    pub first: Arc<OnceLock<Instant>>,
}

struct Receiver {
    picture: VideoReceiver,
    sound: Arc<AudioSource>,
}

impl Receiver {
    fn stats(&self) -> (VideoInboundStats, AudioInboundStats) {
        (self.picture.stats(), self.sound.stats())
    }
}

impl InboundScreen {
    /// They share nothing yet.
    pub fn new(feedback: mpsc::Sender<Feedback>) -> Self {
        Self {
            feedback,
            receiver: Mutex::default(),
            before: Mutex::default(),
            first: Arc::default(),
        }
    }

    /// Whether they are taken to share.
    pub fn is_open(&self) -> bool {
        self.receiver().is_some()
    }

    /// They share from now on; its pictures go to the slot, and its sound into the mix. Must be called within a tokio runtime.
    pub fn open(&self, slot: Arc<FrameSlot>, sound: Arc<AudioSource>) {
        let (mut pictures, first) = (slot.subscribe(), self.first.clone());
        tokio::spawn(async move {
            if pictures.changed().await.is_ok() {
                first.get_or_init(Instant::now);
            }
        });
        let feedback = self.feedback.clone();
        let picture = VideoReceiver::of(Content::Screen, slot, move |wish| {
            // Full only when the link is stuck; then asking again later is all that helps.
            let _ = feedback.try_send(wish);
        });
        *self.receiver() = Some(Receiver { picture, sound });
    }

    /// They share no more.
    pub fn close(&self) {
        let closed = self.receiver().take();
        if let Some(receiver) = closed {
            *self.before() = Some(receiver.stats());
        }
    }

    /// What comes while nothing is shared belongs to nothing any more, or is asked for once something is.
    pub fn push(&self, packet: RtpPacket) {
        if let Some(receiver) = &*self.receiver() {
            receiver.picture.push(packet);
        }
    }

    /// The same of its sound.
    pub fn push_sound(&self, packet: RtpPacket) {
        if let Some(receiver) = &*self.receiver() {
            receiver.sound.push(packet);
        }
    }

    /// Whether pictures are to be expected: while it pauses or isn't shown, what does not come is no freeze.
    pub fn set_expected(&self, expected: bool) {
        if let Some(receiver) = &*self.receiver() {
            receiver.picture.set_expected(expected);
        }
    }

    /// What is measured of what they share, or of what they shared last: its picture, and its sound.
    pub fn stats(&self) -> Option<(VideoInboundStats, AudioInboundStats)> {
        let now = self.receiver().as_ref().map(Receiver::stats);
        now.or_else(|| *self.before())
    }

    fn receiver(&self) -> MutexGuard<'_, Option<Receiver>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn before(&self) -> MutexGuard<'_, Option<(VideoInboundStats, AudioInboundStats)>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
