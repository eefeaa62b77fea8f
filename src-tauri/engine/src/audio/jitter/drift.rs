//! Two sound cards that disagree about how long a second is, for an hour. Without the codec, whose frames would only cost
//! time: what is heard is the tone that each packet stands for.

use std::collections::VecDeque;

use super::super::pace;
use super::super::sound::Sound;
use super::super::tone::Tone;
use super::super::tone_detector::ToneDetector;
use super::*;

const PITCH_HZ: f32 = 440.0;
const AMPLITUDE: f32 = 0.3;
const HOUR_FRAMES: u64 = 180_000;

/// The largest step that the tone itself makes from one sample to the next.
const NATURAL_STEP: f32 = std::f32::consts::TAU * PITCH_HZ / 48_000.0 * AMPLITUDE;

/// An hour of a tone from a sender whose card is faster by so many millionths.
fn listen(ppm: f64) {
    let start = Instant::now();
    let frame_every = Duration::from_secs_f64(0.02 / (1.0 + ppm * 1e-6));
    let (mut buffer, mut detector) = (JitterBuffer::new(), ToneDetector::new());
    let mut tone = Tone::new(PITCH_HZ, AMPLITUDE);
    let mut ready: VecDeque<f32> = VecDeque::new();
    let (mut sent, mut tick, mut before) = (0, 0_u32, 0.0_f32);
    let (mut shortest, mut longest, mut corrections) = (Duration::MAX, Duration::ZERO, 0);
    while sent < HOUR_FRAMES {
        let now = start + Duration::from_millis(10) * tick + Duration::from_millis(4);
        tick += 1;
        while start + frame_every.mul_f64(sent as f64) <= now && sent < HOUR_FRAMES {
            let packet = RtpPacket {
                sequence: sent as u16,
                timestamp: (sent as u32).wrapping_mul(FRAME_SAMPLES as u32),
                marker: false,
                payload: Bytes::from_static(b"tone"),
                arrived: start + frame_every.mul_f64(sent as f64),
            };
            buffer.insert(packet, FRAME_SAMPLES);
            sent += 1;
        }
        while ready.len() < 480 {
            let mut frame = Sound::default();
            match buffer.take(now) {
                Frame::Packet { waited, pace, .. } => {
                    frame.silence(FRAME_SAMPLES);
                    frame.each(|channel| tone.fill(channel));
                    let changed = match pace {
                        Pace::AsIs => None,
                        Pace::Shrink(haste) => Some(-(pace::shrink(&mut frame, haste) as i64)),
                        Pace::Stretch(haste) => Some(pace::stretch(&mut frame, haste) as i64),
                    };
                    if let Some(samples) = changed {
                        buffer.stretched(samples);
                        corrections += 1;
                    }
                    if tick > 1_000 {
                        (shortest, longest) = (shortest.min(waited), longest.max(waited));
                    }
                }
                Frame::Silence { samples } if tick < 100 => frame.silence(samples),
                other => panic!("{other:?} after {} s", tick / 100),
            }
            ready.extend(frame.left());
        }
        let block: Vec<f32> = ready.drain(..480).collect();
        // The last second of each minute is what the pitch is told from.
        if tick % 6_000 > 5_890 || tick.is_multiple_of(6_000) {
            detector.feed(&block);
        }
        for sample in block {
            let step = (sample - before).abs();
            assert!(
                step < NATURAL_STEP * 1.3,
                "a step of {step} after {} s",
                tick / 100
            );
            before = sample;
        }
        if tick.is_multiple_of(6_000) {
            let pitch = detector.tone_hz().expect("a tone");
            assert!((pitch - PITCH_HZ).abs() <= 1.0, "{pitch} Hz");
        }
    }
    println!("{ppm} ppm: {corrections} corrections, waited {shortest:?} to {longest:?}");
    assert_eq!(buffer.counts().concealed_samples, 0);
    assert_eq!(buffer.counts().discarded, 0);
    // 720 ms in an hour, some 7 ms at a time.
    assert!((50..2_000).contains(&corrections), "{corrections}");
    assert!(longest <= Duration::from_millis(45), "{longest:?}");
}

#[test]
fn a_sound_card_that_is_200_ppm_fast_is_followed_for_an_hour_without_a_click() {
    listen(200.0);
}

#[test]
fn a_sound_card_that_is_200_ppm_slow_is_followed_for_an_hour_without_a_click() {
    listen(-200.0);
}
