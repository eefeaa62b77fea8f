//! From a microphone, a tone or a file to encoded frames.
//!
//! The capture thread sleeps until the device's callback wakes it, or the next frame of a generated sound is due. It never
//! waits for the network: what it encodes goes to a callback that must not block. Latency: a frame is complete 20 ms after
//! its first sample; nothing else waits here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::encoder::{AudioEncoder, EncodedAudio};
use super::level::{LevelMeter, SILENCE_DBFS, SharedLevel};
use super::resampler::Resampler;
use super::ring::CaptureEnd;
use super::tone::Tone;
use super::wav::WavSource;
use super::{FRAME_SAMPLES, SAMPLE_RATE, duration_of};

/// The device is woken for by its callback; without one, the thread looks around ten times a second.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// More of a backlog than this, in parts of a second (100 ms), is old news: the thread was stuck, and only the newest is sent.
const BACKLOGS_PER_SECOND: u32 = 10;

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
}

/// What others may know and change while the thread runs.
pub(super) struct Shared {
    pub(super) muted: AtomicBool,
    pub(super) level: SharedLevel,
    pub(super) speaking: AtomicBool,
    /// Loss to provide for, as a share.
    pub(super) loss: SharedLevel,
    pub(super) stop: AtomicBool,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            muted: AtomicBool::new(false),
            level: SharedLevel::new(),
            speaking: AtomicBool::new(false),
            loss: SharedLevel::new(),
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
    let mut input = Running::Nothing;
    while !shared.stop.load(Ordering::Acquire) {
        loop {
            match inputs.try_recv() {
                Ok(new) => input.change(new),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        let sleep = input.pump(|frame| {
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
    Device(Box<DeviceInput>),
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
            Input::Nothing => Self::Nothing,
            Input::Awaited => Self::Awaited,
            // A device that was opened just before something else was chosen comes too late.
            Input::Device(_) if matches!(self, Self::Nothing | Self::Generated { .. }) => return,
            Input::Device(end) => {
                DeviceInput::new(end).map_or(Self::Awaited, |device| Self::Device(Box::new(device)))
            }
            Input::Tone(tone) => generated(Generated::Tone(tone)),
            Input::File(file) => generated(Generated::File(file)),
        };
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing | Self::Awaited)
    }

    /// Hands on every frame that is complete by now; how long to sleep, unless woken.
    fn pump(&mut self, on_frame: impl FnMut(&[f32; FRAME_SAMPLES])) -> Duration {
        match self {
            Self::Nothing | Self::Awaited => LOOK_EVERY,
            Self::Device(device) if device.end.is_abandoned() => {
                *self = Self::Awaited;
                LOOK_EVERY
            }
            Self::Device(device) => {
                device.pump(on_frame);
                LOOK_EVERY
            }
            Self::Generated { sound, due } => generate(sound, due, on_frame),
        }
    }
}

fn generate(
    sound: &mut Generated,
    due: &mut Instant,
    mut on_frame: impl FnMut(&[f32; FRAME_SAMPLES]),
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
        on_frame(&frame);
        *due += duration_of(FRAME_SAMPLES);
    }
    due.saturating_duration_since(now)
}

/// A device's samples, cut into frames of 48 kHz.
struct DeviceInput {
    end: CaptureEnd,
    resampler: Resampler,
    raw: Vec<f32>,
    ready: Vec<f32>,
}

impl DeviceInput {
    fn new(end: CaptureEnd) -> Option<Self> {
        let resampler = Resampler::new(end.rate, SAMPLE_RATE).ok()?;
        Some(Self {
            end,
            resampler,
            raw: Vec::new(),
            ready: Vec::new(),
        })
    }

    fn pump(&mut self, mut on_frame: impl FnMut(&[f32; FRAME_SAMPLES])) {
        self.raw.clear();
        self.end.drain(
            (self.end.rate / BACKLOGS_PER_SECOND) as usize,
            &mut self.raw,
        );
        self.resampler.process(&self.raw, &mut self.ready);
        let (frames, _) = self.ready.as_chunks::<FRAME_SAMPLES>();
        frames.iter().for_each(&mut on_frame);
        let used = frames.len() * FRAME_SAMPLES;
        self.ready.drain(..used);
    }
}

/// Measures, mutes, stamps and encodes frames. Pure but for the encoder.
struct Framer {
    shared: Arc<Shared>,
    encoder: AudioEncoder,
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
            meter: LevelMeter::new(),
            timestamp: 0,
            previous: None,
            muted_frames: 0,
        }
    }

    /// One frame that was complete `now`; the packet to send, if one is to be sent.
    fn frame(&mut self, samples: &[f32; FRAME_SAMPLES], now: Instant) -> Option<EncodedAudio> {
        self.meter.feed(samples);
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
            (samples, self.meter.level_dbfs(), self.meter.voice())
        };
        // While muted it is decided here what is sent, not by the encoder.
        match self.encoder.encode(samples, voice || muted) {
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
            sent.extend(framer.frame(&frame, *now));
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
    fn a_device_that_was_away_for_three_seconds_leaves_a_gap_of_three_seconds_in_the_timestamps() {
        let (mut framer, mut now) = (framer(), Instant::now());
        let before = speak(&mut framer, &mut now, 10);
        now += Duration::from_secs(3);
        let after = speak(&mut framer, &mut now, 1);
        assert_eq!(after[0].timestamp - before[9].timestamp, 960 + 3 * 48_000);
    }
}
