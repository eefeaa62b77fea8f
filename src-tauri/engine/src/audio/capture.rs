//! From a microphone, a tone or a file to encoded frames.
//!
//! The capture thread sleeps until the device's callback wakes it, or the next frame of a generated sound is due. It never
//! waits for the network: what it encodes goes to a callback that must not block. A device's sound is cleaned of echo and
//! noise on the way; a generated one is what it is. Latency: a frame is complete 20 ms after its first sample, and cleaning
//! holds a voice back by up to 15 ms.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::assembly::{Assembly, Frame};
use super::device_input::DeviceInput;
use super::encoder::{AudioEncoder, EncodedAudio};
use super::level::{LevelMeter, SILENCE_DBFS, SharedLevel};
use super::music::MusicEncoder;
use super::processing::{Chain, SharedTreatment, Tap, Treatment};
use super::ring::CaptureEnd;
use super::tone::Tone;
use super::wav::WavSource;
use super::{FRAME_SAMPLES, duration_of};

/// The device is woken for by its callback; without one, the thread looks around ten times a second.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A pause between frames longer than this is told to receivers by a jump of the timestamp.
const PAUSE: Duration = Duration::from_millis(200);

/// While muted one frame in so many is sent, of silence: every 400 ms a sign that the path is alive.
const MUTED_EVERY: u32 = 20;

/// Right after muting so many frames of silence are sent, so that receivers hear the voice end instead of guessing on.
const MUTED_TAIL: u32 = 3;

/// Where the sound comes from.
pub(super) enum Input {
    Nothing,
    /// A device that is yet to be opened.
    Awaited,
    Device(CaptureEnd),
    Tone(Tone),
    File(Box<WavSource>),
    /// Not a source: what is played in the same room from now on.
    Room(Arc<Tap>),
}

/// What others may know and change while the thread runs.
pub(super) struct Shared {
    pub(super) muted: AtomicBool,
    pub(super) level: SharedLevel,
    pub(super) speaking: AtomicBool,
    /// Loss to provide for, as a share.
    pub(super) loss: SharedLevel,
    pub(super) treatment: SharedTreatment,
    pub(super) stop: AtomicBool,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            muted: AtomicBool::new(false),
            level: SharedLevel::new(),
            speaking: AtomicBool::new(false),
            loss: SharedLevel::new(),
            treatment: SharedTreatment::new(),
            stop: AtomicBool::new(false),
        }
    }
}

/// The body of the capture thread; returns when told to stop.
pub(super) fn run(
    shared: &Arc<Shared>,
    inputs: &Receiver<Input>,
    encoder: AudioEncoder,
    on_packet: impl Fn(EncodedAudio),
) {
    let mut frames = Framer::new(shared.clone(), encoder);
    let mut chain = Chain::new(Instant::now());
    let mut input = Running::Nothing;
    while !shared.stop.load(Ordering::Acquire) {
        loop {
            match inputs.try_recv() {
                Ok(Input::Room(tap)) => chain.hear(tap),
                Ok(new) => {
                    input.change(new);
                    chain.start_over();
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        chain.treat(shared.treatment.get());
        let muted = shared.muted.load(Ordering::Relaxed);
        let sleep = input.pump(&mut chain, muted, |frame| {
            if let Some(packet) = frames.frame(frame, Instant::now()) {
                on_packet(packet);
            }
        });
        if input.is_nothing() {
            frames.nothing();
        }
        std::thread::park_timeout(sleep);
    }
}

/// An input at work.
enum Running {
    Nothing,
    Awaited,
    Device(Box<DeviceInput>, Box<Assembly>),
    Generated { sound: Generated, due: Instant },
}

enum Generated {
    Tone(Tone),
    File(Box<WavSource>),
}

impl Running {
    fn change(&mut self, input: Input) {
        let generated = |sound| Self::Generated {
            sound,
            due: Instant::now(),
        };
        *self = match input {
            Input::Room(_) => return,
            Input::Nothing => Self::Nothing,
            Input::Awaited => Self::Awaited,
            // A device that was opened just before something else was chosen comes too late.
            Input::Device(_) if matches!(self, Self::Nothing | Self::Generated { .. }) => return,
            Input::Device(end) => DeviceInput::new(end, Instant::now())
                .map_or(Self::Awaited, |device| {
                    Self::Device(Box::new(device), Box::new(Assembly::new()))
                }),
            Input::Tone(tone) => generated(Generated::Tone(tone)),
            Input::File(file) => generated(Generated::File(file)),
        };
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing | Self::Awaited)
    }

    /// Hands on every frame that is complete by now; how long to sleep, unless woken.
    fn pump(
        &mut self,
        chain: &mut Chain,
        muted: bool,
        mut on_frame: impl FnMut(Frame<'_>),
    ) -> Duration {
        match self {
            Self::Nothing | Self::Awaited => LOOK_EVERY,
            Self::Device(device, _) if device.is_abandoned() => {
                *self = Self::Awaited;
                LOOK_EVERY
            }
            Self::Device(device, assembly) => {
                let stereo = chain.treatment() == Treatment::Music;
                device.pump(stereo, |captured| {
                    chain.clean(captured.left, captured.at, muted);
                    if let Some(frame) = assembly.add(&captured) {
                        on_frame(frame);
                    }
                });
                LOOK_EVERY
            }
            Self::Generated { sound, due } => generate(sound, due, on_frame),
        }
    }
}

fn generate(
    sound: &mut Generated,
    due: &mut Instant,
    mut on_frame: impl FnMut(Frame<'_>),
) -> Duration {
    let now = Instant::now();
    if now.saturating_duration_since(*due) > PAUSE {
        *due = now;
    }
    while *due <= now {
        let mut frame = [0.0; FRAME_SAMPLES];
        match sound {
            Generated::Tone(tone) => tone.fill(&mut frame),
            Generated::File(file) => file.fill(&mut frame),
        }
        on_frame(Frame {
            mono: &frame,
            stereo: None,
        });
        *due += duration_of(FRAME_SAMPLES);
    }
    due.saturating_duration_since(now)
}

/// Measures, mutes, stamps and encodes frames. Pure but for the encoder.
struct Framer {
    shared: Arc<Shared>,
    encoder: AudioEncoder,
    music: Option<MusicEncoder>,
    meter: LevelMeter,
    timestamp: u32,
    previous: Option<Instant>,
    muted_frames: u32,
}

impl Framer {
    fn new(shared: Arc<Shared>, encoder: AudioEncoder) -> Self {
        Self {
            shared,
            encoder,
            music: None,
            meter: LevelMeter::new(),
            timestamp: 0,
            previous: None,
            muted_frames: 0,
        }
    }

    /// One frame that was complete `now`; the packet to send, if one is to be sent.
    fn frame(&mut self, frame: Frame<'_>, now: Instant) -> Option<EncodedAudio> {
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
        let (samples, level_dbfs, voice) = if muted {
            (&[0.0; FRAME_SAMPLES], SILENCE_DBFS, false)
        } else {
            (frame.mono, self.meter.level_dbfs(), self.meter.voice())
        };
        let music = !muted && self.shared.treatment.get() == Treatment::Music;
        let encoded = if music {
            self.encode_music(frame).map(Some)
        } else {
            // While muted it is decided here what is sent, not by the encoder.
            self.encoder.encode(samples, voice || muted)
        };
        match encoded {
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

    fn encode_music(&mut self, frame: Frame<'_>) -> Result<Bytes, opus::Error> {
        let (samples, channels) = match frame.stereo {
            Some(stereo) => (&stereo[..], 2),
            None => (&frame.mono[..], 1),
        };
        let encoder = match self.music.take() {
            Some(encoder) if encoder.channels() == channels => encoder,
            _ => MusicEncoder::new(channels)?,
        };
        self.music.insert(encoder).encode(samples)
    }

    /// There is no sound at all.
    fn nothing(&mut self) {
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

#[cfg(test)]
mod tests {
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
