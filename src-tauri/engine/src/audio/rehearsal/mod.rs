//! A rehearsal of a loud room: two people who talk, a speaker that a microphone hears, and nothing of it real but the
//! processing itself.
//!
//! For tests and for the bench: the same in every run, in virtual time, many times faster than life. Everything goes the way
//! it goes in a call: what the speaker's callback plays through a `Tap` with its timestamps, what the
//! microphone captures block by block through a `Chain`.

mod air;
mod chance;
mod speech;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::air::Air;
use self::chance::Chance;
use self::speech::Speech;
use super::SAMPLE_RATE;
use super::processing::{BLOCK_SAMPLES, Block, Chain, Tap, Treatment};
use super::stamped::StampedFeed;

/// One step of both devices: 10 ms.
const STEP: Duration = Duration::from_millis(10);

/// What the speaker's callback gives is heard so many steps later.
const SPEAKER_STEPS: usize = 2;

/// A block is handed over one step after its first sample.
const MICROPHONE_STEPS: u32 = 1;

/// The echo reaches the microphone 10 dB fainter than the speaker gave it: a laptop's, at full volume.
const ECHO_GAIN: f32 = 0.3;

/// The microphone's own hiss, as amplitude (−71 dBFS).
const HISS: f32 = 0.0005;

/// Too faint to be heard, and yet something: keeps a canceller at work that has no echo to cancel.
const BARELY: f32 = 1e-6;

/// A room with a speaker and a microphone, and a person in it.
pub struct Rehearsal {
    now: Instant,
    tap: Arc<Tap>,
    feed: StampedFeed,
    /// On its way through the speaker.
    playing: VecDeque<Block>,
    air: Air,
    far: Speech,
    near: Speech,
    hiss: Chance,
    chain: Chain,
    /// The same person in a room without echo, treated the same: what is to be kept.
    alone: Chain,
    alone_feed: StampedFeed,
    spent: Duration,
    blocks: u32,
}

/// What was heard during a part of a rehearsal, sample by sample.
#[derive(Debug, Default)]
pub struct Heard {
    /// The echo alone, as it reached the microphone.
    echo: Vec<f32>,
    /// What was sent.
    sent: Vec<f32>,
    /// What would have been sent without an echo.
    alone: Vec<f32>,
}

impl Rehearsal {
    /// A room of 100 ms tail with the microphone 40 ms away from the speaker, electronics included.
    pub fn new(treatment: Treatment) -> Self {
        let now = Instant::now();
        let tap = Arc::new(Tap::default());
        let quiet = Arc::new(Tap::default());
        let (mut chain, mut alone) = (Chain::new(now), Chain::new(now));
        chain.hear(tap.clone());
        alone.hear(quiet.clone());
        chain.treat(treatment);
        alone.treat(treatment);
        Self {
            now,
            feed: tap.connect(SAMPLE_RATE),
            tap,
            playing: (0..SPEAKER_STEPS + MICROPHONE_STEPS as usize)
                .map(|_| [0.0; BLOCK_SAMPLES])
                .collect(),
            air: Air::new(5, 40, 100, ECHO_GAIN),
            far: Speech::new(3, 120.0),
            near: Speech::new(77, 200.0),
            hiss: Chance::new(9),
            chain,
            alone,
            alone_feed: quiet.connect(SAMPLE_RATE),
            spent: Duration::ZERO,
            blocks: 0,
        }
    }

    /// Goes on for so long; the far person talks, and the near one too if `double_talk`.
    pub fn play(&mut self, seconds: u32, double_talk: bool) -> Heard {
        let mut heard = Heard::default();
        for _ in 0..seconds * 100 {
            self.step(double_talk, &mut heard);
        }
        heard
    }

    /// From now on the speaker's sound takes so much longer, and its timestamps say so.
    pub fn delay_as_told(&mut self, steps: usize) {
        for _ in 0..steps {
            self.playing.push_back([0.0; BLOCK_SAMPLES]);
        }
    }

    /// From now on the echo takes so much longer, and no timestamp says so.
    pub fn delay_untold(&mut self, milliseconds: usize) {
        self.air.delay_by(milliseconds);
    }

    /// Another speaker stands elsewhere in the room, with a longer buffer.
    pub fn change_speaker(&mut self) {
        self.feed = self.tap.connect(SAMPLE_RATE);
        self.air = Air::new(6, 15, 100, ECHO_GAIN);
        self.delay_as_told(6);
    }

    /// Another microphone stands elsewhere in the room.
    pub fn change_microphone(&mut self) {
        self.chain.start_over();
        self.air = Air::new(7, 30, 100, ECHO_GAIN);
    }

    /// What processing took for each 10 ms, on this machine.
    pub fn cost(&self) -> Duration {
        self.spent / self.blocks.max(1)
    }

    fn step(&mut self, double_talk: bool, heard: &mut Heard) {
        let block: Block = std::array::from_fn(|_| self.far.sample());
        let ahead = self.playing.len() - MICROPHONE_STEPS as usize;
        let at = self.now + STEP * ahead as u32;
        self.feed.push(BLOCK_SAMPLES, at, block.into_iter());
        let barely = std::iter::repeat_n(BARELY, BLOCK_SAMPLES);
        self.alone_feed.push(BLOCK_SAMPLES, at, barely);
        self.playing.push_back(block);
        let playing = self.playing.pop_front().unwrap_or([0.0; BLOCK_SAMPLES]);

        let echo = playing.map(|sample| self.air.carry(sample));
        let mut alone = [0.0; BLOCK_SAMPLES];
        for sample in &mut alone {
            let voice = if double_talk { self.near.sample() } else { 0.0 };
            *sample = voice + self.hiss.noise() * HISS;
        }
        let mut sent = alone;
        for (sample, echo) in sent.iter_mut().zip(echo) {
            *sample += echo;
        }
        let captured_at = self
            .now
            .checked_sub(STEP * MICROPHONE_STEPS)
            .unwrap_or(self.now);
        let began = Instant::now();
        self.chain.clean(&mut sent, captured_at, false);
        self.spent += began.elapsed();
        self.blocks += 1;
        self.alone.clean(&mut alone, captured_at, false);
        heard.echo.extend(echo);
        heard.sent.extend(sent);
        heard.alone.extend(alone);
        self.now += STEP;
    }
}

impl Heard {
    /// How much fainter the echo was sent than it reached the microphone, in dB. Means something while the near person is
    /// silent.
    pub fn echo_reduced_db(&self) -> f64 {
        10.0 * (power(&self.echo) / power(&self.sent).max(f64::MIN_POSITIVE)).log10()
    }

    /// How alike what was sent is to what would have been sent of the near person alone: the correlation of the two, from 0
    /// to 1. Both went through the same filters, whose turning of phases is no harm to a voice.
    pub fn near_kept(&self) -> f64 {
        let product: f64 = self
            .sent
            .iter()
            .zip(&self.alone)
            .map(|(sent, alone)| f64::from(*sent) * f64::from(*alone))
            .sum();
        let length = self.sent.len().max(1) as f64;
        product
            / length
            / (power(&self.sent) * power(&self.alone))
                .sqrt()
                .max(f64::MIN_POSITIVE)
    }
}

/// So many seconds of something like speech at this pitch, mono at 48 kHz: for who wants to talk into a real microphone.
pub fn speech(seed: u64, pitch_hz: f32, seconds: u32) -> Vec<f32> {
    let mut speech = Speech::new(seed, pitch_hz);
    (0..seconds * SAMPLE_RATE)
        .map(|_| speech.sample())
        .collect()
}

fn power(samples: &[f32]) -> f64 {
    let sum: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    sum / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests;
