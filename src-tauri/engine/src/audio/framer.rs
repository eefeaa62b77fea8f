//! Frames of sound become packets: measured, muted, stamped and encoded.
//!
//! Speech and music are encoded by two encoders. One that takes over in mid-call begins with a sound that rises within 5 ms:
//! it knows nothing of what came before, and the step out of nothing would be a click. Runs on the capture thread.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::assembly::Frame;
use super::capture::Shared;
use super::encoder::{AudioEncoder, EncodedAudio};
use super::level::{LevelMeter, SILENCE_DBFS};
use super::music::MusicEncoder;
use super::processing::Treatment;
use super::sound::SEAM_SAMPLES;
use super::{FRAME_SAMPLES, duration_of};

/// A pause between frames longer than this is told to receivers by a jump of the timestamp.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// While muted one frame in so many is sent, of silence: every 400 ms a sign that the path is alive.
const MUTED_EVERY: u32 = 20;

/// Right after muting so many frames of silence are sent, so that receivers hear the voice end instead of guessing on.
const MUTED_TAIL: u32 = 3;

/// What is sent while muted.
const SILENT: Frame<'static> = Frame {
    mono: &[0.0; FRAME_SAMPLES],
    stereo: None,
};

/// How a frame is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Voice,
    Music { channels: usize },
}

/// Pure but for the encoders.
pub(super) struct Framer {
    shared: Arc<Shared>,
    encoder: AudioEncoder,
    music: Option<MusicEncoder>,
    /// How the frame before was encoded.
    coding: Option<Coding>,
    meter: LevelMeter,
    timestamp: u32,
    previous: Option<Instant>,
    muted_frames: u32,
}

impl Framer {
    pub(super) fn new(shared: Arc<Shared>, encoder: AudioEncoder) -> Self {
        Self {
            shared,
            encoder,
            music: None,
            coding: None,
            meter: LevelMeter::new(),
            timestamp: 0,
            previous: None,
            muted_frames: 0,
        }
    }

    /// One frame that was complete `now`; the packet to send, if one is to be sent.
    pub(super) fn frame(&mut self, frame: Frame<'_>, now: Instant) -> Option<EncodedAudio> {
        self.meter.feed(frame.mono);
        self.shared.level.set(self.meter.level_dbfs());
        self.shared
            .speaking
            .store(self.meter.voice(), Ordering::Relaxed);
        let timestamp = self.stamp(now);

        let muted = self.shared.muted.load(Ordering::Relaxed);
        self.muted_frames = if muted {
            self.muted_frames.wrapping_add(1)
        } else {
            0
        };
        if muted && self.muted_frames > MUTED_TAIL && !self.muted_frames.is_multiple_of(MUTED_EVERY)
        {
            return None;
        }
        let loss = self.shared.loss.get();
        if loss >= 0.0 {
            self.encoder.set_loss(loss);
        }
        let (frame, level_dbfs, voice) = if muted {
            (SILENT, SILENCE_DBFS, false)
        } else {
            (frame, self.meter.level_dbfs(), self.meter.voice())
        };
        let music = !muted && self.shared.treatment.get() == Treatment::Music;
        // While muted it is decided here what is sent, not by the encoder.
        match self.encode(frame, music, voice || muted) {
            Ok(payload) => payload.map(|payload| EncodedAudio {
                timestamp,
                payload,
                level_dbfs,
                voice,
            }),
            Err(why) => {
                tracing::warn!(%why, "a frame of sound could not be encoded");
                None
            }
        }
    }

    fn encode(
        &mut self,
        frame: Frame<'_>,
        music: bool,
        voice: bool,
    ) -> Result<Option<Bytes>, opus::Error> {
        let (samples, coding) = match frame.stereo {
            Some(stereo) if music => (&stereo[..], Coding::Music { channels: 2 }),
            None if music => (&frame.mono[..], Coding::Music { channels: 1 }),
            _ => (&frame.mono[..], Coding::Voice),
        };
        let before = self.coding.replace(coding);
        let faded = before
            .is_some_and(|before| before != coding)
            .then(|| fade_in(samples, coding.channels()));
        let samples = faded.as_deref().unwrap_or(samples);
        if coding == Coding::Voice {
            if faded.is_some() {
                self.music = None;
                self.encoder.start_over()?;
            }
            return self.encoder.encode(samples, voice);
        }
        let encoder = match self.music.take() {
            Some(encoder) if faded.is_none() => encoder,
            _ => MusicEncoder::new(coding.channels())?,
        };
        self.music.insert(encoder).encode(samples).map(Some)
    }

    /// There is no sound at all.
    pub(super) fn nothing(&mut self) {
        self.shared.level.set(SILENCE_DBFS);
        self.shared.speaking.store(false, Ordering::Relaxed);
    }

    /// Counts samples; a pause, as between two devices, counts as long as it lasted.
    fn stamp(&mut self, now: Instant) -> u32 {
        let since = self.previous.map_or(Duration::ZERO, |previous| {
            now.saturating_duration_since(previous)
        });
        if since > PAUSE {
            let missed = (since - duration_of(FRAME_SAMPLES)).as_micros() as u64 * 48 / 1_000;
            self.timestamp = self.timestamp.wrapping_add(missed as u32);
        }
        self.previous = Some(now);
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(FRAME_SAMPLES as u32);
        timestamp
    }
}

impl Coding {
    fn channels(self) -> usize {
        match self {
            Self::Voice => 1,
            Self::Music { channels } => channels,
        }
    }
}

/// The first frame of an encoder that begins in the middle of a sound, which before it knows only silence.
fn fade_in(interleaved: &[f32], channels: usize) -> Vec<f32> {
    let mut faded = interleaved.to_vec();
    for (n, frame) in faded
        .chunks_exact_mut(channels)
        .take(SEAM_SAMPLES)
        .enumerate()
    {
        let share = n as f32 / SEAM_SAMPLES as f32;
        frame.iter_mut().for_each(|sample| *sample *= share);
    }
    faded
}

#[cfg(test)]
mod tests {
    use super::super::tone::Tone;
    use super::*;

    fn framer() -> Framer {
        Framer::new(Arc::new(Shared::new()), AudioEncoder::new().unwrap())
    }

    /// A tone for so many frames in virtual time; the packets sent.
    fn speak(framer: &mut Framer, now: &mut Instant, frames: usize) -> Vec<EncodedAudio> {
        let mut tone = Tone::new(440.0, 0.2);
        let mut sent = Vec::new();
        for _ in 0..frames {
            let mut frame = [0.0; FRAME_SAMPLES];
            tone.fill(&mut frame);
            let frame = Frame {
                mono: &frame,
                stereo: None,
            };
            sent.extend(framer.frame(frame, *now));
            *now += Duration::from_millis(20);
        }
        sent
    }

    #[test]
    fn every_frame_is_sent_once_stamped_20_ms_apart_with_its_level() {
        let (mut framer, mut now) = (framer(), Instant::now());
        let sent = speak(&mut framer, &mut now, 50);
        assert_eq!(sent.len(), 50);
        assert!(
            sent.windows(2)
                .all(|pair| pair[1].timestamp - pair[0].timestamp == 960)
        );
        assert!(
            sent.iter()
                .all(|packet| packet.voice && (packet.level_dbfs + 17.0).abs() < 0.1)
        );
    }

    #[test]
    fn muted_almost_nothing_is_sent_none_of_it_the_voice_and_talking_is_still_noticed() {
        let (mut framer, mut now) = (framer(), Instant::now());
        speak(&mut framer, &mut now, 10);
        framer.shared.muted.store(true, Ordering::Relaxed);
        let sent = speak(&mut framer, &mut now, 100);
        assert_eq!(sent.len(), 8, "a tail of three, then one every 400 ms");
        assert!(
            sent.iter()
                .all(|packet| !packet.voice && packet.level_dbfs == SILENCE_DBFS)
        );
        assert!(framer.shared.speaking.load(Ordering::Relaxed));
        assert!(framer.shared.level.get() > -20.0);
        framer.shared.muted.store(false, Ordering::Relaxed);
        let resumed = speak(&mut framer, &mut now, 1);
        assert_eq!(resumed[0].timestamp, 110 * 960);
    }

    #[test]
    fn music_is_sent_with_more_bits_and_muting_silences_it_too() {
        let (mut framer, mut now) = (framer(), Instant::now());
        framer.shared.treatment.set(Treatment::Music);
        let bytes = |sent: &[EncodedAudio]| sent.iter().map(|it| it.payload.len()).sum::<usize>();
        let music = bytes(&speak(&mut framer, &mut now, 50));
        framer.shared.treatment.set(Treatment::Untouched);
        let speech = bytes(&speak(&mut framer, &mut now, 50));
        assert!(music > 2 * speech, "{music} and {speech} bytes");
        framer.shared.treatment.set(Treatment::Music);
        framer.shared.muted.store(true, Ordering::Relaxed);
        let silent = speak(&mut framer, &mut now, 20);
        assert_eq!(silent.len(), 4);
        assert!(silent.iter().all(|it| it.level_dbfs == SILENCE_DBFS));
    }

    #[test]
    fn a_device_that_was_away_for_three_seconds_leaves_a_gap_of_three_seconds_in_the_timestamps() {
        let (mut framer, mut now) = (framer(), Instant::now());
        let before = speak(&mut framer, &mut now, 10);
        now += Duration::from_secs(3);
        let after = speak(&mut framer, &mut now, 1);
        assert_eq!(after[0].timestamp - before[9].timestamp, 960 + 3 * 48_000);
    }
}
