//! A voice over networks of all kinds, in virtual time: encoded, delayed, reordered, lost, and heard again.

use std::time::Duration;

use bytes::Bytes;

use super::super::FRAME_SAMPLES;
use super::super::babble::Babble;
use super::super::encoder::AudioEncoder;
use super::super::level::rms_dbfs;
use super::super::tone::Tone;
use super::*;

mod cable;
mod lips;
mod rest;
mod rows;
mod sides;

/// What the network does to one packet: the delay, or `None` for a loss.
type Network<'a> = &'a mut dyn FnMut(&mut Dice, usize) -> Option<Duration>;

/// A small generator with a fixed seed: the same luck in every run.
struct Dice(u64);

impl Dice {
    /// Uniform from 0 to 1.
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Exponential with this mean, at most five times it.
    fn delay(&mut self, mean: Duration) -> Duration {
        mean.mul_f64((-self.roll().max(1e-9).ln()).min(5.0))
    }
}

/// What was heard, and how it came about.
struct Heard {
    samples: Vec<f32>,
    stats: AudioInboundStats,
    /// 10 ms blocks, from the third second on, whose level is more than 3 dB off the tone's.
    wrong_blocks: usize,
}

const LEVEL_DBFS: f32 = -13.98;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A 440 Hz tone, sent for so many seconds, heard 10 ms at a time.
fn listen(seconds: usize, network: Network) -> Heard {
    listen_with_clock(seconds, ms(20), network)
}

fn listen_with_clock(seconds: usize, frame_every: Duration, network: Network) -> Heard {
    let mut tone = Tone::new(440.0, 0.283);
    listen_to(&mut |frame| tone.fill(frame), seconds, frame_every, network)
}

fn listen_to(
    sound: &mut dyn FnMut(&mut [f32]),
    seconds: usize,
    frame_every: Duration,
    network: Network,
) -> Heard {
    let mut dice = Dice(77);
    let mut encoder = AudioEncoder::new().unwrap();
    encoder.set_loss(0.1);
    let start = Instant::now();
    let mut in_flight: Vec<(Instant, RtpPacket)> = Vec::new();
    for n in 0..seconds * 50 {
        let mut frame = [0.0; FRAME_SAMPLES];
        sound(&mut frame);
        let payload = encoder.encode(&frame, true).unwrap().unwrap();
        if let Some(delay) = network(&mut dice, n) {
            let arrived = start + frame_every * n as u32 + delay;
            in_flight.push((arrived, packet(n, payload, arrived)));
        }
    }
    in_flight.sort_by_key(|(arrived, _)| *arrived);

    let source = AudioSource::new();
    let mut samples = Vec::new();
    let mut arrivals = in_flight.into_iter().peekable();
    // The device's callbacks do not come in step with the packets.
    let mut now = start + ms(3);
    while now < start + frame_every * (seconds * 50) as u32 {
        while let Some((_, packet)) = arrivals.next_if(|(arrived, _)| *arrived <= now) {
            source.push(packet);
        }
        samples.extend(block(&source, now).left());
        now += ms(10);
    }
    let steady = samples[2 * 48_000..].chunks_exact(480);
    let wrong_blocks = steady
        .filter(|block| (rms_dbfs(block) - LEVEL_DBFS).abs() > 3.0)
        .count();
    Heard {
        samples,
        stats: source.stats(),
        wrong_blocks,
    }
}

/// The next 10 ms.
fn block(source: &AudioSource, now: Instant) -> Sound {
    let mut block = Sound::default();
    source.fill(480, &mut block, now, Duration::ZERO);
    block
}

fn packet(n: usize, payload: Bytes, arrived: Instant) -> RtpPacket {
    let sequence = (65_000 + n) as u16;
    let timestamp = (u32::MAX - 48_000).wrapping_add((n * FRAME_SAMPLES) as u32);
    RtpPacket {
        sequence,
        timestamp,
        marker: n == 0,
        payload,
        arrived,
    }
}

fn assert_is_the_tone(heard: &Heard) {
    let pitch = heard.stats.tone_hz.expect("a tone");
    assert!((pitch - 440.0).abs() < 0.6, "{pitch} Hz");
}

#[test]
fn on_a_still_network_nothing_is_invented_and_the_delay_is_small() {
    // The first second and a half wait longer.
    let heard = listen(40, &mut |_, _| Some(ms(30)));
    assert_is_the_tone(&heard);
    assert_eq!(heard.wrong_blocks, 0);
    assert_eq!(heard.stats.concealed_samples, 0);
    assert_eq!(heard.stats.longest_gap, Duration::ZERO);
    assert_eq!(heard.stats.packets_lost, 0);
    let waits = heard.stats.jitter_buffer_ms.unwrap();
    assert!(waits.p50 <= 25 && waits.p95 <= 35, "{waits:?}");
    let steps = heard
        .samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs());
    assert!(steps.fold(0.0, f32::max) < 0.03, "a click");
}

#[test]
fn a_jittery_network_costs_delay_and_hardly_any_sound() {
    let heard = listen(20, &mut |dice, _| Some(ms(30) + dice.delay(ms(12))));
    assert_is_the_tone(&heard);
    assert!(heard.stats.concealed_ratio() < 0.02, "{:?}", heard.stats);
    assert!(
        heard.wrong_blocks <= 36,
        "{} of 1,800 blocks wrong",
        heard.wrong_blocks
    );
    assert!(
        heard.stats.jitter_buffer_ms.unwrap().p50 < 80,
        "{:?}",
        heard.stats
    );
}

#[test]
fn a_gap_is_as_long_as_what_is_missing_in_it() {
    let mut count = 0;
    // A quarter of a second, but for the copy of its end in the packet after it.
    let heard = listen(4, &mut |_, _| {
        count += 1;
        (!(100..112).contains(&count)).then(|| ms(30))
    });
    let gap = heard.stats.longest_gap;
    assert!((ms(160)..=ms(260)).contains(&gap), "{gap:?}");
}

#[test]
fn one_packet_in_ten_lost_is_recovered_from_the_next_where_somebody_speaks() {
    let mut babble = Babble::new();
    let mut speak = |frame: &mut [f32]| babble.fill(frame);
    let heard = listen_to(&mut speak, 20, ms(20), &mut |dice, _| {
        (dice.roll() > 0.1).then(|| ms(30) + dice.delay(ms(4)))
    });
    let stats = heard.stats;
    assert!((80..130).contains(&stats.packets_lost), "{stats:?}");
    assert!(
        stats.fec_recovered * 10 > stats.packets_lost * 6,
        "{stats:?}"
    );
    assert!(stats.concealed_ratio() < 0.05, "{stats:?}");
}

#[test]
fn a_tone_keeps_its_pitch_where_one_packet_in_ten_is_lost_and_opus_sends_no_copies_of_it() {
    let heard = listen(20, &mut |dice, _| {
        (dice.roll() > 0.1).then(|| ms(30) + dice.delay(ms(4)))
    });
    assert_is_the_tone(&heard);
    assert!(heard.stats.concealed_ratio() < 0.12, "{:?}", heard.stats);
}

#[test]
fn reordered_and_doubled_packets_are_heard_once_and_in_order() {
    let heard = listen(10, &mut |_, n| {
        Some(if n % 7 == 3 { ms(55) } else { ms(30) })
    });
    assert_is_the_tone(&heard);
    assert_eq!(heard.stats.packets_lost, 0);
    assert!(heard.stats.concealed_ratio() < 0.01, "{:?}", heard.stats);
    assert!(heard.wrong_blocks <= 2, "{}", heard.wrong_blocks);

    let source = AudioSource::new();
    let payload = AudioEncoder::new()
        .unwrap()
        .encode(&[0.1; FRAME_SAMPLES], true)
        .unwrap()
        .unwrap();
    let now = Instant::now();
    for n in 0..10 {
        source.push(packet(n, payload.clone(), now + ms(20) * n as u32));
        source.push(packet(n, payload.clone(), now + ms(20) * n as u32));
    }
    block(&source, now + ms(200));
    assert_eq!(source.stats().packets_received, 10);
}

#[test]
fn a_stall_of_half_a_second_is_caught_up_within_two_seconds() {
    // Everything sent in the third second's first half comes at its end, at once.
    let heard = listen(12, &mut |_, n| {
        let stalled = (100..125).contains(&n);
        Some(
            ms(30)
                + if stalled {
                    ms(20) * (125 - n) as u32
                } else {
                    ms(0)
                },
        )
    });
    assert_is_the_tone(&heard);
    let after: Vec<_> = heard.samples[48_000 * 5..]
        .chunks_exact(480)
        .map(rms_dbfs)
        .collect();
    let wrong = after
        .iter()
        .filter(|level| (**level - LEVEL_DBFS).abs() > 3.0)
        .count();
    assert_eq!(wrong, 0, "whole again from the fifth second on");
    assert!(
        heard.stats.jitter_buffer_ms.unwrap().p50 < 60,
        "{:?}",
        heard.stats
    );
}

#[test]
fn a_sender_whose_clock_is_a_little_fast_or_slow_is_followed_without_a_gap() {
    for frame_every in [Duration::from_micros(19_990), Duration::from_micros(20_010)] {
        let heard = listen_with_clock(60, frame_every, &mut |_, _| Some(ms(30)));
        assert_is_the_tone(&heard);
        assert!(
            heard.wrong_blocks <= 2,
            "{frame_every:?}: {}",
            heard.wrong_blocks
        );
        assert!(
            heard.stats.concealed_ratio() < 0.002,
            "{frame_every:?}: {:?}",
            heard.stats
        );
        assert!(
            heard.stats.jitter_buffer_ms.unwrap().p95 < 45,
            "{frame_every:?}: {:?}",
            heard.stats
        );
    }
}

#[test]
fn a_longer_way_in_mid_call_is_adapted_to_and_the_way_back_too() {
    let heard = listen(40, &mut |_, n| {
        Some(if (500..1_000).contains(&n) {
            ms(130)
        } else {
            ms(30)
        })
    });
    assert_is_the_tone(&heard);
    assert!(heard.stats.concealed_ratio() < 0.01, "{:?}", heard.stats);
    assert!(
        heard.stats.jitter_buffer_ms.unwrap().p50 < 40,
        "{:?}",
        heard.stats
    );
}

#[test]
fn a_peer_that_vanishes_fades_to_silence() {
    let heard = listen(6, &mut |_, n| (n < 200).then_some(ms(30)));
    let silent = heard.samples[48_000 * 9 / 2..]
        .iter()
        .all(|sample| *sample == 0.0);
    assert!(silent, "silent half a second after the last packet");
}

#[test]
fn a_muted_peer_is_silence_and_not_a_loss() {
    let source = AudioSource::new();
    let mut encoder = AudioEncoder::new().unwrap();
    let start = Instant::now();
    let mut sent = 0;
    for tick in 0..1_000_u32 {
        let now = start + ms(10) * tick;
        if tick % 2 == 0 {
            let frame = tick / 2;
            let muted = (100..300).contains(&frame);
            if !muted || frame % 20 == 0 {
                let payload = encoder
                    .encode(&[if muted { 0.0 } else { 0.1 }; FRAME_SAMPLES], true)
                    .unwrap()
                    .unwrap();
                let timestamp = frame * FRAME_SAMPLES as u32;
                source.push(RtpPacket {
                    sequence: sent,
                    timestamp,
                    marker: false,
                    payload,
                    arrived: now,
                });
                sent += 1;
            }
        }
        block(&source, now);
    }
    let stats = source.stats();
    assert_eq!(stats.packets_lost, 0);
    assert!(stats.concealed_ratio() < 0.01, "{stats:?}");
}

#[test]
fn packets_that_are_no_opus_are_counted_and_the_voice_goes_on() {
    let source = AudioSource::new();
    let mut encoder = AudioEncoder::new().unwrap();
    let mut tone = Tone::new(440.0, 0.283);
    let start = Instant::now();
    for tick in 0..600_usize {
        let now = start + ms(10) * tick as u32;
        if tick % 2 == 0 {
            let mut frame = [0.0; FRAME_SAMPLES];
            tone.fill(&mut frame);
            let payload = encoder.encode(&frame, true).unwrap().unwrap();
            let payload = if tick % 50 == 0 {
                Bytes::from_static(b"\xff\xff\xff")
            } else {
                payload
            };
            source.push(packet(tick / 2, payload, now));
        }
        block(&source, now);
    }
    let stats = source.stats();
    assert_eq!(stats.packets_discarded, 12, "{stats:?}");
    assert_eq!(stats.packets_lost, 0, "{stats:?}");
    assert!(stats.concealed_ratio() < 0.06, "{stats:?}");
    assert!((stats.tone_hz.unwrap() - 440.0).abs() < 0.6);
}

#[test]
fn a_flood_of_packets_costs_bounded_memory() {
    let source = AudioSource::new();
    let payload = AudioEncoder::new()
        .unwrap()
        .encode(&[0.0; FRAME_SAMPLES], true)
        .unwrap()
        .unwrap();
    let now = Instant::now();
    for n in 0..10_000 {
        source.push(packet(n, payload.clone(), now));
    }
    block(&source, now);
    let stats = source.stats();
    assert!(stats.packets_discarded >= 9_900, "{stats:?}");
}

#[test]
fn numbers_from_a_dice_box_never_crash_and_a_voice_is_heard_after_them() {
    let source = AudioSource::new();
    let mut encoder = AudioEncoder::new().unwrap();
    let mut dice = Dice(5);
    let start = Instant::now();
    for tick in 0..2_000_u32 {
        let now = start + ms(10) * tick;
        let payload = encoder
            .encode(&[0.1; FRAME_SAMPLES], true)
            .unwrap()
            .unwrap();
        let sequence = (dice.roll() * 65_536.0) as u16;
        let timestamp = (dice.roll() * f64::from(u32::MAX)) as u32;
        source.push(RtpPacket {
            sequence,
            timestamp,
            marker: false,
            payload,
            arrived: now,
        });
        block(&source, now);
    }
    let mut tone = Tone::new(440.0, 0.283);
    for tick in 0..400_usize {
        let now = start + ms(20_000 + 10 * tick as u64);
        if tick % 2 == 0 {
            let mut frame = [0.0; FRAME_SAMPLES];
            tone.fill(&mut frame);
            source.push(packet(
                tick / 2,
                encoder.encode(&frame, true).unwrap().unwrap(),
                now,
            ));
        }
        block(&source, now);
    }
    assert!((source.stats().tone_hz.unwrap() - 440.0).abs() < 0.6);
}
