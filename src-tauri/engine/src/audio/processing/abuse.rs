//! Nothing that a driver, a clock or a person can do makes the processing panic or say something that is no sound.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{BLOCK_SAMPLES, Block, Canceller, Chain, Tap, Treatment, VoiceProcessor};

/// A small deterministic source of chance (xorshift, Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    fn sample(&mut self) -> f32 {
        self.next() as i32 as f32 / i32::MAX as f32
    }
}

/// What the worst drivers deliver.
fn nonsense(chance: &mut Chance) -> Block {
    let kind = chance.below(9);
    let mut block = [0.0; BLOCK_SAMPLES];
    for (n, sample) in block.iter_mut().enumerate() {
        *sample = match kind {
            0 => 0.0,
            1 => f32::NAN,
            2 => f32::INFINITY * chance.sample().signum(),
            3 => f32::from_bits(chance.next() as u32),
            4 => 1.0_f32.copysign((n as f32 / 7.0).sin()),
            5 => f32::MIN_POSITIVE / 2.0,
            6 => f32::MAX,
            7 => 1e-12 * chance.sample(),
            _ => chance.sample() * 0.3,
        };
    }
    block
}

fn is_sound(block: &Block) -> bool {
    block
        .iter()
        .all(|sample| sample.is_finite() && sample.abs() <= 1.0)
}

#[test]
fn no_samples_make_the_canceller_panic_or_say_what_is_no_sound() {
    for noise_suppression in [true, false] {
        let mut chance = Chance(11);
        let mut canceller = Canceller::new(noise_suppression);
        for _ in 0..1_500 {
            for _ in 0..[1, 1, 1, 0, 3, 30][chance.below(6) as usize] {
                let far = nonsense(&mut chance);
                canceller.far(&far);
            }
            let mut near = nonsense(&mut chance);
            canceller.near(&mut near);
            assert!(is_sound(&near));
        }
    }
}

#[test]
fn a_voice_is_heard_again_within_a_second_of_nonsense() {
    let mut chance = Chance(5);
    let mut canceller = Canceller::new(false);
    for _ in 0..200 {
        canceller.far(&nonsense(&mut chance));
        canceller.near(&mut nonsense(&mut chance));
    }
    let mut tone = crate::audio::tone::Tone::new(500.0, 0.3);
    let mut block = [0.0; BLOCK_SAMPLES];
    for _ in 0..200 {
        canceller.far(&[0.0; BLOCK_SAMPLES]);
        tone.fill(&mut block);
        canceller.near(&mut block);
    }
    let level = crate::audio::level::rms_dbfs(&block);
    assert!(level > -25.0, "{level} dBFS");
}

#[test]
fn no_timing_of_speakers_and_blocks_makes_the_chain_panic() {
    let mut chance = Chance(23);
    let start = Instant::now() + Duration::from_secs(100);
    let tap = Arc::new(Tap::default());
    let mut chain = Chain::new(start);
    chain.hear(tap.clone());
    let mut feed = tap.connect(48_000);
    for n in 0..1_500_u64 {
        let now = start + Duration::from_millis(10 * n);
        match chance.below(60) {
            0 => {
                feed =
                    tap.connect([8_000, 44_100, 48_000, 11_025, 192_000][chance.below(5) as usize])
            }
            1 => chain.treat(Treatment::of(chance.below(2) == 0, chance.below(8) == 0)),
            2 => chain.start_over(),
            _ => {}
        }
        for _ in 0..[1, 1, 1, 0, 5][chance.below(5) as usize] {
            let at = match chance.below(20) {
                0 => now - Duration::from_secs(90),
                1 => now + Duration::from_secs(90),
                _ => now + Duration::from_millis(chance.below(40)),
            };
            let far = nonsense(&mut chance);
            feed.push(BLOCK_SAMPLES, at, far.into_iter());
        }
        let captured_at = now - Duration::from_millis(chance.below(100));
        let mut near = nonsense(&mut chance);
        chain.treat(Treatment::of(true, false));
        let muted = chance.below(4) == 0;
        let before = near.map(f32::to_bits);
        chain.clean(&mut near, captured_at, muted);
        assert!(is_sound(&near) || (muted && near.map(f32::to_bits) == before));
    }
}
