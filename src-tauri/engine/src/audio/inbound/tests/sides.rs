//! Music in stereo: as a microphone sends it, over a network, and heard again, in virtual time.

use super::*;
use crate::audio::assembly;
use crate::audio::capture::Shared;
use crate::audio::framer::Framer;
use crate::audio::processing::Treatment;

/// The level of a tone of this amplitude is −15 dBFS.
const AMPLITUDE: f32 = 0.25;

/// The largest step that the tone makes from one sample to the next.
const NATURAL_STEP: f32 = std::f32::consts::TAU * 440.0 / 48_000.0 * AMPLITUDE;

/// Somebody with a sound of two channels: a tone of 440 Hz on the left, and so much of it on the right.
struct Player {
    right: f32,
    /// From one frame to the next, by the player's clock.
    frame_every: Duration,
}

impl Player {
    fn new(right: f32) -> Self {
        let frame_every = ms(20);
        Self { right, frame_every }
    }

    /// Plays for so long; `treat` says how the sound is treated in each second.
    fn play(
        &self,
        seconds: usize,
        treat: impl Fn(usize) -> Treatment,
        network: Network,
    ) -> (Sound, AudioInboundStats) {
        let shared = Arc::new(Shared::new());
        let mut framer = Framer::new(shared.clone(), AudioEncoder::new().unwrap());
        let (mut tone, mut dice) = (Tone::new(440.0, AMPLITUDE), Dice(77));
        let (source, mut heard) = (AudioSource::new(), Sound::default());
        let start = Instant::now();
        let mut under_way: VecDeque<RtpPacket> = VecDeque::new();
        let (mut n, mut count) = (0, 0);
        for tick in 0..seconds * 100 {
            let now = start + ms(10) * tick as u32 + ms(3);
            while start + self.frame_every * n as u32 <= now {
                let sent = start + self.frame_every * n as u32;
                shared.treatment.set(treat(n / 50));
                let mut left = [0.0; FRAME_SAMPLES];
                tone.fill(&mut left);
                let mono = left.map(|left| left * (1.0 + self.right) * 0.5);
                let stereo: [f32; 2 * FRAME_SAMPLES] = std::array::from_fn(|at| {
                    left[at / 2] * if at % 2 == 0 { 1.0 } else { self.right }
                });
                let frame = assembly::Frame {
                    mono: &mono,
                    stereo: Some(&stereo),
                };
                // The framer looks for pauses by the clock.
                let encoded = framer.frame(frame, start + ms(20) * n as u32);
                if let Some(encoded) = encoded {
                    if let Some(delay) = network(&mut dice, n) {
                        under_way.push_back(RtpPacket {
                            sequence: count,
                            ..packet(n, encoded.payload, sent + delay)
                        });
                    }
                    count += 1;
                }
                n += 1;
            }
            while under_way.front().is_some_and(|it| it.arrived <= now) {
                source.push(under_way.pop_front().unwrap());
            }
            heard.append(&block(&source, now));
        }
        (heard, source.stats())
    }
}

fn music(_: usize) -> Treatment {
    Treatment::Music
}

/// From the second second on, what one channel heard, in dBFS.
fn level(channel: &[f32]) -> f32 {
    rms_dbfs(&channel[48_000..])
}

fn worst_step(channel: &[f32]) -> f32 {
    let steps = channel[48_000..].windows(2);
    steps
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}

#[test]
fn what_is_played_on_the_left_is_heard_on_the_left_alone() {
    let (heard, stats) = Player::new(0.0).play(4, music, &mut |_, _| Some(ms(30)));
    let (left, right) = (level(heard.left()), level(heard.right()));
    assert!((left + 15.05).abs() < 0.5, "{left}");
    assert!(right < left - 40.0, "{left} and {right}");
    assert!(worst_step(heard.left()) < NATURAL_STEP * 1.2);
    assert_eq!(stats.concealed_samples, 0);
    assert!((stats.tone_hz.unwrap() - 440.0).abs() < 0.6);
}

#[test]
fn a_voice_has_one_channel_however_many_its_microphone_has() {
    let voice = |_| Treatment::Untouched;
    let (heard, _) = Player::new(0.0).play(4, voice, &mut |_, _| Some(ms(30)));
    assert!(!heard.is_stereo(), "the same on both sides");
    assert!((level(heard.left()) + 21.07).abs() < 0.5);
}

#[test]
fn music_that_begins_and_ends_in_mid_call_makes_no_click() {
    for right in [0.0, -1.0, 0.5] {
        let treat = |second| match second % 4 {
            0 | 1 => Treatment::Untouched,
            _ => Treatment::Music,
        };
        let (heard, stats) = Player::new(right).play(12, treat, &mut |_, _| Some(ms(30)));
        for channel in [heard.left(), heard.right()] {
            let worst = worst_step(channel);
            assert!(worst < NATURAL_STEP * 1.5, "{right}: a step of {worst}");
        }
        assert_eq!(stats.concealed_samples, 0);
        let second = |n: usize| n * 48_000 + 24_000..(n + 1) * 48_000;
        for n in [2, 3, 6, 7, 10, 11] {
            let left = rms_dbfs(&heard.left()[second(n)]);
            let other = rms_dbfs(&heard.right()[second(n)]);
            assert!((left + 15.05).abs() < 0.5, "{right}, second {n}: {left}");
            let sent = left + 20.0 * right.abs().max(1e-3).log10();
            assert!(
                other < sent.max(left - 40.0) + 0.5,
                "{right}, second {n}: {other}"
            );
        }
        for n in [4, 5, 8, 9] {
            assert_eq!(heard.left()[second(n)], heard.right()[second(n)], "{n}");
        }
    }
}

#[test]
fn both_channels_are_shortened_and_lengthened_alike() {
    // Twenty seconds of a clock that is off by 1 % are 200 ms that must go, or come.
    for frame_every in [Duration::from_micros(19_800), Duration::from_micros(20_200)] {
        let player = Player {
            right: 0.5,
            frame_every,
        };
        let (heard, stats) = player.play(20, music, &mut |_, _| Some(ms(30)));
        assert!(stats.concealed_ratio() < 0.01, "{stats:?}");
        let changed = stats.total_samples as i64 - heard.len() as i64;
        if frame_every < ms(20) {
            assert!(changed > 960, "nothing was left out: {stats:?}");
        } else {
            assert!(changed < -4_800, "nothing was repeated: {stats:?}");
        }
        let sides = heard.left().iter().zip(heard.right());
        let off: Vec<f32> = sides.map(|(left, right)| left * 0.5 - right).collect();
        let off = level(&off) - level(heard.right());
        assert!(off < -25.0, "{off} dB");
        assert!(worst_step(heard.left()) < NATURAL_STEP * 1.5);
    }
}

#[test]
fn what_is_made_up_for_lost_music_is_on_its_side_too() {
    let (heard, stats) = Player::new(0.0).play(20, music, &mut |dice, _| {
        (dice.roll() > 0.1).then(|| ms(30) + dice.delay(ms(4)))
    });
    assert!((0.05..0.15).contains(&stats.concealed_ratio()), "{stats:?}");
    let (left, right) = (level(heard.left()), level(heard.right()));
    assert!((left + 15.05).abs() < 1.5, "{left}");
    assert!(right < left - 20.0, "{left} and {right}");
}
