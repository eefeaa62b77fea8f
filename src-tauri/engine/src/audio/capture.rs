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

use super::assembly::{Assembly, Frame};
use super::device_input::DeviceInput;
use super::encoder::{AudioEncoder, EncodedAudio};
use super::framer::{Framer, PAUSE};
use super::level::SharedLevel;
use super::processing::{Chain, SharedTreatment, Tap, Treatment};
use super::ring::CaptureEnd;
use super::sound::Sound;
use super::tone::Tone;
use super::wav::WavSource;
use super::{FRAME_SAMPLES, duration_of};

/// The device is woken for by its callback; without one, the thread looks around ten times a second.
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
        let mut mono = [0.0; FRAME_SAMPLES];
        let mut stereo = None;
        match sound {
            Generated::Tone(tone) => tone.fill(&mut mono),
            Generated::File(file) => {
                let mut read = Sound::default();
                file.fill(FRAME_SAMPLES, &mut read);
                let both = stereo.get_or_insert([0.0; 2 * FRAME_SAMPLES]);
                let frames = mono.iter_mut().zip(both.chunks_exact_mut(2));
                for ((mean, both), pair) in frames.zip(read.pairs()) {
                    *mean = (pair[0] + pair[1]) * 0.5;
                    both.copy_from_slice(&pair);
                }
                // Also where both are the same for a while: a new encoder begins anew.
                stereo = stereo.filter(|_| file.is_stereo());
            }
        }
        on_frame(Frame {
            mono: &mono,
            stereo: stereo.as_ref(),
        });
        *due += duration_of(FRAME_SAMPLES);
    }
    due.saturating_duration_since(now)
}
