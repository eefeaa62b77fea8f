//! Between a real-time callback and its media thread: lock-free rings of samples at the device's own rate.
//!
//! The callback's side converts sample formats and channels on the way; it takes no lock, allocates nothing and logs
//! nothing. Waking the media thread is one atomic exchange, and a system call only if that thread sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Instant;

use cpal::{FromSample, SizedSample};
use rtrb::{Consumer, Producer, RingBuffer};

use super::sound::Sound;
use super::stamped::{Piece, StampedEnd, StampedFeed, stamped_ring};

/// A fifth of a second. When the capture ring is full the newest samples are lost, because a producer can't take the oldest
/// out; the capture thread has then been stuck for so long that a gap is heard either way.
const CAPTURE_RINGS_PER_SECOND: u32 = 5;

/// A quarter of a second: more than any cushion, so the playout thread never finds the ring full.
const PLAYBACK_RINGS_PER_SECOND: u32 = 4;

/// Shared by a callback and who watches over it.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    frames: AtomicU64,
    gone: AtomicBool,
    refused: AtomicBool,
}

impl Gauge {
    /// Frames that the device has delivered or taken so far: the sign that it lives.
    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Counts frames delivered or taken. For callbacks.
    pub(crate) fn advance(&self, frames: usize) {
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
    }

    /// The system has said that the stream is over. For callbacks.
    pub(crate) fn mark_gone(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// The system has withdrawn the permission. For callbacks.
    pub(crate) fn mark_refused(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

/// The callback's side of a microphone.
pub(crate) struct CaptureFeed {
    ring: StampedFeed,
    gauge: Arc<Gauge>,
    reader: Thread,
}

/// The capture thread's side of a microphone.
pub(crate) struct CaptureEnd {
    ring: StampedEnd,
    /// The device's rate in Hz.
    pub(crate) rate: u32,
}

/// A ring for a microphone of `rate` Hz, emptied by the thread `reader`. Of a device with two channels both are carried; of
/// any other their mean, for more than two are an array of microphones and not a picture in sound.
pub(crate) fn capture_ring(
    rate: u32,
    channels: usize,
    gauge: Arc<Gauge>,
    reader: Thread,
) -> (CaptureFeed, CaptureEnd) {
    let carried = if channels == 2 { 2 } else { 1 };
    let (feed, end) = stamped_ring((rate / CAPTURE_RINGS_PER_SECOND) as usize, carried);
    (
        CaptureFeed {
            ring: feed,
            gauge,
            reader,
        },
        CaptureEnd { ring: end, rate },
    )
}

impl CaptureFeed {
    /// Takes in interleaved samples, the first of which was captured at `at`. Real-time safe.
    pub(crate) fn push<T>(&mut self, interleaved: &[T], channels: usize, at: Instant)
    where
        T: SizedSample,
        f32: FromSample<T>,
    {
        let frames = interleaved.len() / channels;
        if self.ring.channels() == channels {
            let samples = interleaved.iter().map(|sample| f32::from_sample_(*sample));
            self.ring.push(frames, at, samples);
        } else {
            let share = 1.0 / channels as f32;
            let mono = interleaved.chunks_exact(channels).map(|frame| {
                let sum: f32 = frame.iter().map(|sample| f32::from_sample_(*sample)).sum();
                sum * share
            });
            self.ring.push(frames, at, mono);
        }
        self.gauge.advance(frames);
        self.reader.unpark();
    }
}

impl CaptureEnd {
    /// Whether the callback's side is gone for good.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }

    /// Channels that are carried: 1 or 2.
    pub(crate) fn channels(&self) -> usize {
        self.ring.channels()
    }

    /// The next of what has come, its interleaved samples appended to `samples`.
    pub(crate) fn take(&mut self, samples: &mut Vec<f32>) -> Option<Piece> {
        self.ring.take(samples)
    }
}

/// What a speaker's callback asks for.
#[derive(Debug, Default)]
struct Demand {
    asked: AtomicU64,
    largest: AtomicUsize,
    dry: AtomicBool,
}

/// The callback's side of a speaker.
pub(crate) struct PlaybackFeed {
    ring: Consumer<f32>,
    /// Samples in each frame of the ring: 1 or 2.
    carried: usize,
    demand: Arc<Demand>,
    gauge: Arc<Gauge>,
    writer: Thread,
    /// Who else is to know what is played.
    listener: Option<StampedFeed>,
}

/// The playout thread's side of a speaker.
pub(crate) struct PlaybackEnd {
    ring: Producer<f32>,
    carried: usize,
    demand: Arc<Demand>,
    /// The device's rate in Hz.
    pub(crate) rate: u32,
}

/// A ring for a speaker of `rate` Hz, filled by the thread `writer`. To a device with one channel it carries one, to any
/// other two: we have no more to play.
pub(crate) fn playback_ring(
    rate: u32,
    channels: usize,
    gauge: Arc<Gauge>,
    writer: Thread,
) -> (PlaybackFeed, PlaybackEnd) {
    let carried = channels.clamp(1, 2);
    let frames = (rate / PLAYBACK_RINGS_PER_SECOND) as usize;
    let (producer, consumer) = RingBuffer::new(frames * carried);
    let demand = Arc::new(Demand::default());
    let feed = PlaybackFeed {
        ring: consumer,
        carried,
        demand: demand.clone(),
        gauge,
        writer,
        listener: None,
    };
    (
        feed,
        PlaybackEnd {
            ring: producer,
            carried,
            demand,
            rate,
        },
    )
}

impl PlaybackFeed {
    /// Hands everything that is played to `listener` too, as one channel: the mean.
    pub(crate) fn tapped(mut self, listener: StampedFeed) -> Self {
        self.listener = Some(listener);
        self
    }

    /// As [`Self::fill_for`], for who does not ask when it is heard.
    #[cfg(test)]
    pub(crate) fn fill<T>(&mut self, interleaved: &mut [T], channels: usize)
    where
        T: SizedSample + FromSample<f32>,
    {
        self.fill_for(interleaved, channels, Instant::now());
    }

    /// Writes interleaved samples that will be heard from `at` on: to the first two channels, or to the only one; silence to
    /// all others, and for what the ring lacks. Real-time safe.
    pub(crate) fn fill_for<T>(&mut self, interleaved: &mut [T], channels: usize, at: Instant)
    where
        T: SizedSample + FromSample<f32>,
    {
        let frames = interleaved.len() / channels;
        let available = frames.min(self.ring.slots() / self.carried);
        let mut out = interleaved.chunks_exact_mut(channels);
        if let Ok(chunk) = self.ring.read_chunk(available * self.carried) {
            // The ring holds whole frames, and is written in whole frames: none lies across its end.
            let (first, second) = chunk.as_slices();
            let pieces = first
                .chunks_exact(self.carried)
                .chain(second.chunks_exact(self.carried));
            if let Some(listener) = &mut self.listener {
                let share = 1.0 / self.carried as f32;
                let mean = pieces
                    .clone()
                    .map(|frame| frame.iter().sum::<f32>() * share);
                let silence = std::iter::repeat_n(0.0, frames - available);
                listener.push(frames, at, mean.chain(silence));
            }
            for (samples, frame) in pieces.zip(out.by_ref()) {
                frame.fill(T::EQUILIBRIUM);
                for (channel, sample) in frame.iter_mut().zip(samples) {
                    *channel = T::from_sample_(*sample);
                }
            }
            chunk.commit_all();
        }
        for frame in out {
            frame.fill(T::EQUILIBRIUM);
        }
        self.demand.largest.fetch_max(frames, Ordering::Relaxed);
        if available < frames {
            self.demand.dry.store(true, Ordering::Relaxed);
        }
        self.demand.asked.fetch_add(1, Ordering::Relaxed);
        self.gauge.advance(frames);
        self.writer.unpark();
    }
}

impl PlaybackEnd {
    /// Whether the callback's side is gone for good.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }

    /// How often the callback has asked so far.
    pub(crate) fn asked(&self) -> u64 {
        self.demand.asked.load(Ordering::Relaxed)
    }

    /// The largest request since this was last called, in frames, and whether one found too little.
    pub(crate) fn take_demand(&self) -> (usize, bool) {
        (
            self.demand.largest.swap(0, Ordering::Relaxed),
            self.demand.dry.swap(false, Ordering::Relaxed),
        )
    }

    /// Channels that are carried: 1 or 2.
    pub(crate) fn channels(&self) -> usize {
        self.carried
    }

    /// Frames waiting for the callback.
    pub(crate) fn filled(&self) -> usize {
        (self.ring.buffer().capacity() - self.ring.slots()) / self.carried
    }

    /// Hands a sound to the callback, for one channel the mean of two; what does not fit is lost.
    pub(crate) fn push(&mut self, sound: &Sound) {
        let frames = sound.len().min(self.ring.slots() / self.carried);
        let Ok(chunk) = self.ring.write_chunk_uninit(frames * self.carried) else {
            return;
        };
        match self.carried {
            1 => chunk.fill_from_iter(sound.pairs().map(|[left, right]| (left + right) * 0.5)),
            _ => chunk.fill_from_iter(sound.pairs().flatten()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(end: &mut CaptureEnd) -> Vec<f32> {
        let mut samples = Vec::new();
        while end.take(&mut samples).is_some() {}
        samples
    }

    #[test]
    fn samples_of_any_format_become_numbers_and_many_channels_their_mean() {
        let gauge = Arc::new(Gauge::default());
        let now = Instant::now();
        let (mut feed, mut end) = capture_ring(48_000, 1, gauge.clone(), std::thread::current());
        feed.push::<u8>(&[128, 192], 1, now);
        feed.push::<f32>(&[0.5, 0.25, 0.0], 3, now);
        assert_eq!(drained(&mut end), [0.0, 0.5, 0.25]);
        assert_eq!(gauge.frames(), 3);
    }

    #[test]
    fn both_channels_of_a_stereo_device_are_carried() {
        let (mut feed, mut end) = capture_ring(48_000, 2, Arc::default(), std::thread::current());
        feed.push::<i16>(&[16_384, 0, -16_384, -16_384], 2, Instant::now());
        assert_eq!(end.channels(), 2);
        assert_eq!(drained(&mut end), [0.5, 0.0, -0.5, -0.5]);
    }

    fn sides(left: &[f32], right: &[f32]) -> Sound {
        Sound::from((left.to_vec(), right.to_vec()))
    }

    #[test]
    fn a_listener_hears_the_mean_of_what_is_played_and_the_silence_for_what_was_missing() {
        for channels in [1, 2, 6] {
            let (feed, mut end) =
                playback_ring(48_000, channels, Arc::default(), std::thread::current());
            let (tap, mut heard) = stamped_ring(100, 1);
            let mut feed = feed.tapped(tap);
            end.push(&sides(&[1.0, 0.0], &[0.0, -1.0]));
            let at = Instant::now();
            feed.fill_for(&mut vec![0_i16; 3 * channels], channels, at);
            let mut samples = Vec::new();
            let piece = heard.take(&mut samples).unwrap();
            assert_eq!((piece.position, piece.frames, piece.at), (0, 3, at));
            assert_eq!(samples, [0.5, -0.5, 0.0]);
        }
    }

    #[test]
    fn a_callback_that_asks_for_too_much_gets_silence_and_says_so() {
        let (mut feed, mut end) = playback_ring(48_000, 2, Arc::default(), std::thread::current());
        end.push(&sides(&[0.5, -0.5], &[0.25, 0.0]));
        let mut out = [1_i16; 6];
        feed.fill(&mut out, 2);
        assert_eq!(out, [16_384, 8_192, -16_384, 0, 0, 0]);
        assert_eq!(end.take_demand(), (3, true));
        assert_eq!(end.take_demand(), (0, false));
        assert_eq!(end.asked(), 1);
        assert_eq!(end.filled(), 0);
    }

    #[test]
    fn a_device_of_many_channels_plays_on_its_first_two_and_round_and_round() {
        let (mut feed, mut end) = playback_ring(48_000, 6, Arc::default(), std::thread::current());
        let mut out = vec![1.0_f32; 700 * 6];
        for _ in 0..100 {
            end.push(&sides(&[0.5; 700], &[0.25; 700]));
            feed.fill(&mut out, 6);
            let right = out
                .chunks_exact(6)
                .all(|frame| frame == [0.5, 0.25, 0.0, 0.0, 0.0, 0.0]);
            assert!(right);
        }
        assert_eq!((end.filled(), end.take_demand()), (0, (700, false)));
    }

    #[test]
    fn both_sides_notice_that_the_other_is_gone() {
        let (feed, end) = playback_ring(48_000, 1, Arc::default(), std::thread::current());
        assert!(!end.is_abandoned());
        drop(feed);
        assert!(end.is_abandoned());
    }
}
