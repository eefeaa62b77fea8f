//! What waits to be sent on one link.
//!
//! Filled by media threads, emptied by the pump. Audio goes first, even between two packets of a
//! picture: a keyframe is a hundred packets. Nothing waits longer than [`MAX_WAIT`]: pictures that
//! nothing builds on are given up first, then the oldest, whole, with all that build on it, up to the
//! next keyframe.
//!
//! Pure; the caller brings the lock and the time. Costs one reference per frame.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::selector::Selector;
use crate::audio::EncodedAudio;
use crate::transport::layer::Layer;
use crate::transport::pacer::MAX_WAIT;
use crate::transport::take::Take;
use crate::video::EncodedVideo;

/// Audio packets that may wait, 100 ms: later they would be concealed anyway. The oldest goes.
const AUDIO_CAPACITY: usize = 5;

/// Pictures that may wait, whatever the time says: more than [`MAX_WAIT`] holds at 60 a second.
const VIDEO_CAPACITY: usize = 16;

/// When pictures wait this long, those that nothing builds on are left out: the pacer can't keep up.
const CROWDED: Duration = Duration::from_millis(100);

/// A picture that has begun is sent to its end, because giving it up takes a keyframe, which is
/// dearer. But not for longer than this: then the path has all but gone.
const MAX_SENDING: Duration = Duration::from_secs(1);

/// How long pictures may wait and take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// When they wait this long, those that nothing builds on are left out.
    crowded: Duration,
    /// They wait no longer than this.
    waiting: Duration,
    /// One that has begun takes no longer than this.
    sending: Duration,
}

/// Of faces, which are talked to.
const FACES: Patience = Patience {
    crowded: CROWDED,
    waiting: MAX_WAIT,
    sending: MAX_SENDING,
};

/// Of a screen, which is read: a whole page of text takes a second or two on a thin line, and is worth it.
const SCREENS: Patience = Patience {
    crowded: Duration::from_millis(500),
    waiting: Duration::from_secs(1),
    sending: Duration::from_secs(5),
};

/// What became of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Queued {
    /// It waits its turn.
    Yes,
    /// It is not for this person.
    No,
    /// It would have been, but nothing can be sent until there is a keyframe.
    KeyframeNeeded,
}

/// A packet of a picture.
#[derive(Clone, Debug)]
pub(super) struct VideoPacket {
    /// The picture.
    pub frame: Arc<EncodedVideo>,
    /// Which of its payloads.
    pub index: usize,
    /// What to send it with.
    pub timestamp: u32,
}

#[derive(Debug)]
struct Waiting {
    frame: Arc<EncodedVideo>,
    timestamp: u32,
    queued: Instant,
}

/// The queues of one link.
#[derive(Debug)]
pub(super) struct Outbox {
    patience: Patience,
    selector: Selector,
    audio: VecDeque<(Arc<EncodedAudio>, Instant)>,
    video: VecDeque<Waiting>,
    /// The picture being sent, and its next packet.
    current: Option<(Waiting, usize)>,
    /// Nothing but a keyframe is of use.
    broken: bool,
    /// When the latest keyframe had left: what came meanwhile waited for it, and not for itself.
    keyframe_left: Option<Instant>,
    /// How long the latest picture took, from being queued to having left.
    delay: Duration,
    audio_dropped: u64,
    video_dropped: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            patience: FACES,
            selector: Selector::default(),
            audio: VecDeque::new(),
            video: VecDeque::new(),
            current: None,
            broken: true,
            keyframe_left: None,
            delay: Duration::ZERO,
            audio_dropped: 0,
            video_dropped: 0,
        }
    }
}

impl Outbox {
    /// For the pictures of a screen; none is taken yet.
    pub fn of_screen() -> Self {
        let mut outbox = Self {
            patience: SCREENS,
            ..Self::default()
        };
        outbox.take(Take::NOTHING);
        outbox
    }

    /// Queues a packet of audio.
    pub fn push_audio(&mut self, packet: Arc<EncodedAudio>, now: Instant) {
        if self.audio.len() == AUDIO_CAPACITY {
            self.audio.pop_front();
            self.audio_dropped += 1;
        }
        self.audio.push_back((packet, now));
    }

    /// Queues a picture, if it is for this person.
    pub fn push_video(&mut self, frame: Arc<EncodedVideo>, now: Instant) -> Queued {
        if frame.payloads.is_empty() {
            return Queued::No;
        }
        let layer = frame.layer;
        let Some(timestamp) = self.selector.choose(&frame) else {
            let needed = self.selector.is_waiting() && self.selector.wanted() == Some(layer);
            return if needed {
                Queued::KeyframeNeeded
            } else {
                Queued::No
            };
        };
        self.expire(now);
        if self.video.len() == VIDEO_CAPACITY {
            self.drop_oldest();
        }
        if self.broken && !frame.keyframe {
            self.video_dropped += 1;
            return Queued::KeyframeNeeded;
        }
        self.broken = false;
        self.video.push_back(Waiting {
            frame,
            timestamp,
            queued: now,
        });
        Queued::Yes
    }

    /// From now on this is sent. Returns the layer of which a keyframe is needed.
    pub fn take(&mut self, take: Take) -> Option<Layer> {
        if take.layer.is_none() {
            self.video.clear();
            self.broken = true;
        }
        self.selector.take(take)
    }

    /// The layer that is wanted, and the one that is being sent.
    pub fn layers(&self) -> (Option<Layer>, Option<Layer>) {
        (self.selector.wanted(), self.selector.current())
    }

    /// Whether only a keyframe would help the other side.
    #[cfg(test)]
    pub fn needs_keyframe(&self) -> bool {
        self.selector.wanted().is_some() && (self.broken || self.selector.is_waiting())
    }

    /// Gives up what has waited too long.
    pub fn expire(&mut self, now: Instant) {
        let patience = self.patience;
        let too_old = |since: Instant, limit| now.saturating_duration_since(since) > limit;
        while self
            .audio
            .front()
            .is_some_and(|(_, queued)| too_old(*queued, MAX_WAIT))
        {
            self.audio.pop_front();
            self.audio_dropped += 1;
        }
        if let Some((sending, _)) = &self.current {
            if too_old(sending.queued, patience.sending) {
                self.current = None;
                self.video_dropped += 1;
                self.drop_to_keyframe();
            } else if sending.frame.keyframe {
                return;
            }
        }
        let since = |waiting: &Waiting, left: Option<Instant>| {
            left.map_or(waiting.queued, |left| left.max(waiting.queued))
        };
        let left = self.keyframe_left;
        let Some(oldest) = self.video.front().map(|oldest| since(oldest, left)) else {
            return;
        };
        if too_old(oldest, patience.crowded) {
            let before = self.video.len();
            self.video.retain(|waiting| !waiting.frame.droppable);
            self.video_dropped += (before - self.video.len()) as u64;
        }
        while self
            .video
            .front()
            .is_some_and(|oldest| too_old(since(oldest, left), patience.waiting))
        {
            self.drop_oldest();
        }
    }

    /// The size of the next packet of audio, and of the next packet of video.
    pub fn sizes(&self) -> (Option<usize>, Option<usize>) {
        let audio = self.audio.front().map(|(packet, _)| packet.payload.len());
        let next = match &self.current {
            Some((sending, index)) => sending.frame.payloads.get(*index),
            None => self
                .video
                .front()
                .and_then(|next| next.frame.payloads.first()),
        };
        (audio, next.map(bytes::Bytes::len))
    }

    /// The next packet of audio, which goes before everything else.
    pub fn pop_audio(&mut self) -> Option<Arc<EncodedAudio>> {
        self.audio.pop_front().map(|(packet, _)| packet)
    }

    /// The next packet of video.
    pub fn pop_video(&mut self, now: Instant) -> Option<VideoPacket> {
        let (sending, index) = match self.current.take() {
            Some(current) => current,
            None => (self.video.pop_front()?, 0),
        };
        let packet = VideoPacket {
            frame: sending.frame.clone(),
            index,
            timestamp: sending.timestamp,
        };
        if index + 1 < sending.frame.payloads.len() {
            self.current = Some((sending, index + 1));
        } else {
            self.delay = now.saturating_duration_since(sending.queued);
            if sending.frame.keyframe {
                self.keyframe_left = Some(now);
            }
        }
        Some(packet)
    }

    /// Forgets what waits: the path was away, and what was meant for it is too old.
    pub fn restart(&mut self) {
        self.audio.clear();
        self.video.clear();
        self.current = None;
        self.broken = true;
    }

    /// Audio packets and pictures dropped so far.
    pub fn dropped(&self) -> (u64, u64) {
        (self.audio_dropped, self.video_dropped)
    }

    /// How long pictures wait here: the latest that left, or the oldest that has not.
    pub fn delay(&self, now: Instant) -> Duration {
        let sending = self.current.as_ref().map(|(sending, _)| sending.queued);
        let oldest = sending.or_else(|| self.video.front().map(|oldest| oldest.queued));
        let waiting = oldest.map(|queued| now.saturating_duration_since(queued));
        self.delay.max(waiting.unwrap_or_default())
    }

    fn drop_oldest(&mut self) {
        let droppable = self
            .video
            .pop_front()
            .is_some_and(|oldest| oldest.frame.droppable);
        self.video_dropped += 1;
        if !droppable {
            self.drop_to_keyframe();
        }
    }

    /// What builds on a picture that was given up is of no use.
    fn drop_to_keyframe(&mut self) {
        while self.video.front().is_some_and(|next| !next.frame.keyframe) {
            self.video.pop_front();
            self.video_dropped += 1;
        }
        self.broken = self.video.is_empty();
    }
}

#[cfg(test)]
mod tests;
