//! What waits to be sent on one link.
//!
//! Filled by media threads, emptied by the pump. Audio goes first, even between two packets of a
//! picture: a keyframe is a hundred packets. Pictures are only dropped whole, and with one all that
//! build on it, up to the next keyframe.
//!
//! Pure; the caller brings the lock. Costs one reference per frame.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::audio::EncodedAudio;
use crate::video::EncodedVideo;

/// Audio packets that may wait, 100 ms: later they would be concealed anyway. The oldest goes.
const AUDIO_CAPACITY: usize = 5;

/// Pictures that may wait, 200 ms at 30 a second. Beyond that the network or the machine can't keep
/// up, and older pictures would only delay newer ones. The oldest goes, and all that build on it.
const VIDEO_CAPACITY: usize = 6;

/// What became of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Queued {
    /// It waits its turn.
    Yes,
    /// It would be of no use: what it builds on was dropped or never sent.
    No,
    /// Pictures were dropped, and nothing that follows can be decoded: a keyframe is needed.
    KeyframeNeeded,
}

/// The queues of one link.
#[derive(Debug)]
pub(super) struct Outbox {
    audio: VecDeque<Arc<EncodedAudio>>,
    video: VecDeque<Arc<EncodedVideo>>,
    /// The picture being sent, and its next packet.
    current: Option<(Arc<EncodedVideo>, usize)>,
    /// Nothing but a keyframe is of use.
    broken: bool,
    audio_dropped: u64,
    video_dropped: u64,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            audio: VecDeque::new(),
            video: VecDeque::new(),
            current: None,
            broken: true,
            audio_dropped: 0,
            video_dropped: 0,
        }
    }
}

impl Outbox {
    /// Queues a packet of audio.
    pub fn push_audio(&mut self, packet: Arc<EncodedAudio>) {
        if self.audio.len() == AUDIO_CAPACITY {
            self.audio.pop_front();
            self.audio_dropped += 1;
        }
        self.audio.push_back(packet);
    }

    /// Queues a picture.
    pub fn push_video(&mut self, frame: Arc<EncodedVideo>) -> Queued {
        if frame.payloads.is_empty() || (self.broken && !frame.keyframe) {
            return Queued::No;
        }
        if self.video.len() == VIDEO_CAPACITY {
            self.make_room();
            if self.video.is_empty() && !frame.keyframe {
                self.video_dropped += 1;
                self.broken = true;
                return Queued::KeyframeNeeded;
            }
        }
        self.broken = false;
        self.video.push_back(frame);
        Queued::Yes
    }

    /// The next packet of audio, which goes before everything else.
    pub fn pop_audio(&mut self) -> Option<Arc<EncodedAudio>> {
        self.audio.pop_front()
    }

    /// The next packet of video: a picture and which of its payloads.
    pub fn pop_video(&mut self) -> Option<(Arc<EncodedVideo>, usize)> {
        let (frame, index) = match self.current.take() {
            Some(current) => current,
            None => (self.video.pop_front()?, 0),
        };
        if index + 1 < frame.payloads.len() {
            self.current = Some((frame.clone(), index + 1));
        }
        Some((frame, index))
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

    /// Drops the oldest picture and all that build on it.
    fn make_room(&mut self) {
        loop {
            self.video_dropped += u64::from(self.video.pop_front().is_some());
            if self.video.front().is_none_or(|next| next.keyframe) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::layer::Layer;
    use bytes::Bytes;

    fn audio(timestamp: u32) -> Arc<EncodedAudio> {
        Arc::new(EncodedAudio {
            timestamp,
            payload: Bytes::from_static(b"opus"),
            level_dbfs: -20.0,
            voice: true,
        })
    }

    fn video(timestamp: u32, keyframe: bool, packets: usize) -> Arc<EncodedVideo> {
        Arc::new(EncodedVideo {
            timestamp,
            keyframe,
            layer: Layer::High,
            droppable: false,
            width: 1280,
            height: 720,
            payloads: vec![Bytes::from_static(b"h264"); packets],
        })
    }

    /// What leaves, as `aTIMESTAMP` or `vTIMESTAMP.INDEX`.
    fn drain(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| {
            let audio = outbox
                .pop_audio()
                .map(|packet| format!("a{}", packet.timestamp));
            audio.or_else(|| {
                let (frame, index) = outbox.pop_video()?;
                Some(format!("v{}.{index}", frame.timestamp))
            })
        })
        .collect()
    }

    #[test]
    fn audio_goes_first_even_in_the_middle_of_a_picture() {
        let mut outbox = Outbox::default();
        outbox.push_video(video(1, true, 3));
        assert!(outbox.pop_video().is_some_and(|(_, index)| index == 0));
        outbox.push_audio(audio(7));
        assert_eq!(drain(&mut outbox), ["a7", "v1.1", "v1.2"]);
    }

    #[test]
    fn nothing_is_sent_before_the_first_keyframe() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.push_video(video(1, false, 1)), Queued::No);
        assert_eq!(outbox.push_video(video(2, true, 1)), Queued::Yes);
        assert_eq!(outbox.push_video(video(3, false, 1)), Queued::Yes);
        assert_eq!(drain(&mut outbox), ["v2.0", "v3.0"]);
        assert_eq!(outbox.dropped(), (0, 0));
    }

    #[test]
    fn when_pictures_pile_up_they_go_whole_and_a_keyframe_is_asked_for_once() {
        let mut outbox = Outbox::default();
        outbox.push_video(video(0, true, 2));
        outbox.pop_video();
        for n in 1..=VIDEO_CAPACITY as u32 {
            assert_eq!(outbox.push_video(video(n, false, 2)), Queued::Yes);
        }
        assert_eq!(
            outbox.push_video(video(7, false, 2)),
            Queued::KeyframeNeeded
        );
        assert_eq!(outbox.push_video(video(8, false, 2)), Queued::No);
        assert_eq!(outbox.push_video(video(9, true, 1)), Queued::Yes);
        // The picture that had begun is finished.
        assert_eq!(drain(&mut outbox), ["v0.1", "v9.0"]);
        assert_eq!(outbox.dropped(), (0, VIDEO_CAPACITY as u64 + 1));
    }

    #[test]
    fn pictures_after_a_waiting_keyframe_survive_those_before_it() {
        let mut outbox = Outbox::default();
        for (n, keyframe) in [
            (0, true),
            (1, false),
            (2, true),
            (3, false),
            (4, false),
            (5, false),
        ] {
            outbox.push_video(video(n, keyframe, 1));
        }
        assert_eq!(outbox.push_video(video(6, false, 1)), Queued::Yes);
        assert_eq!(drain(&mut outbox), ["v2.0", "v3.0", "v4.0", "v5.0", "v6.0"]);
    }

    #[test]
    fn late_audio_is_dropped_oldest_first() {
        let mut outbox = Outbox::default();
        for n in 0..AUDIO_CAPACITY as u32 + 2 {
            outbox.push_audio(audio(n));
        }
        assert_eq!(drain(&mut outbox), ["a2", "a3", "a4", "a5", "a6"]);
        assert_eq!(outbox.dropped(), (2, 0));
    }

    #[test]
    fn after_a_path_was_away_only_a_keyframe_is_of_use() {
        let mut outbox = Outbox::default();
        outbox.push_video(video(0, true, 2));
        outbox.push_audio(audio(0));
        outbox.restart();
        assert_eq!(outbox.push_video(video(1, false, 1)), Queued::No);
        assert!(drain(&mut outbox).is_empty());
    }
}
