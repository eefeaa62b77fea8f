//! Making a frame a little shorter or longer without changing its pitch.
//!
//! One pitch period (or several) is left out or repeated, cross-faded over its whole length, where the sound repeats itself
//! well enough that this goes unheard. That shrinks a delay that has grown too long, and follows a sender whose clock is
//! slightly faster or slower than ours. Pure; about 0.1 ms for a frame it changes; adds no latency.

/// The shortest period to leave out: 2.5 ms at 48 kHz, a 400 Hz voice.
const SHORTEST: usize = 120;

/// The longest: 9.6 ms, a 104 Hz voice. Two of them must fit into a frame of 20 ms.
const LONGEST: usize = 460;

/// Correlation of one period with the next above which the seam is not heard.
const ALIKE: f32 = 0.85;

/// Mean power below which anything may be left out or repeated: −55 dBFS.
const SILENT_POWER: f32 = 3.2e-6;

/// Only every fourth lag is tried at first, then the neighbours of the best.
const COARSE_STEP: usize = 4;

/// A period after which the sound repeats itself.
struct Period {
    lag: usize,
    alikeness: f32,
}

/// Leaves one period out; how many samples that were. The frame is unchanged when it does not repeat itself.
pub(crate) fn shrink(frame: &mut Vec<f32>) -> usize {
    let Some(lag) = seam(frame) else { return 0 };
    for n in 0..lag {
        frame[n] = crossfade(frame[n], frame[n + lag], n, lag);
    }
    frame.drain(lag..2 * lag);
    lag
}

/// Repeats one period; how many samples were added. The frame is unchanged when it does not repeat itself.
pub(crate) fn stretch(frame: &mut Vec<f32>) -> usize {
    let Some(lag) = seam(frame) else { return 0 };
    let repeated: Vec<f32> = (0..lag)
        .map(|n| crossfade(frame[n + lag], frame[n], n, lag))
        .collect();
    frame.splice(lag..lag, repeated);
    lag
}

fn crossfade(from: f32, to: f32, n: usize, length: usize) -> f32 {
    let share = n as f32 / length as f32;
    from * (1.0 - share) + to * share
}

fn seam(frame: &[f32]) -> Option<usize> {
    if frame.len() < 2 * LONGEST {
        return None;
    }
    let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len() as f32;
    if power < SILENT_POWER {
        return Some(LONGEST);
    }
    let coarse = (SHORTEST..=LONGEST).step_by(COARSE_STEP);
    let near = best(frame, coarse)?.lag;
    let fine = near.saturating_sub(COARSE_STEP).max(SHORTEST)..=(near + COARSE_STEP).min(LONGEST);
    best(frame, fine)
        .filter(|period| period.alikeness > ALIKE)
        .map(|period| period.lag)
}

fn best(frame: &[f32], lags: impl Iterator<Item = usize>) -> Option<Period> {
    lags.map(|lag| Period {
        lag,
        alikeness: correlation(&frame[..lag], &frame[lag..2 * lag]),
    })
    .max_by(|a, b| a.alikeness.total_cmp(&b.alikeness))
}

/// Normalised, from −1 to 1.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let (mut product, mut power_a, mut power_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        product += x * y;
        power_a += x * x;
        power_b += y * y;
    }
    product / (power_a * power_b).sqrt().max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::super::tone::Tone;
    use super::super::tone_detector::ToneDetector;
    use super::*;

    fn worst_step(samples: &[f32]) -> f32 {
        samples
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_keeps_pitch_and_smoothness_however_often_it_is_shrunk_and_stretched() {
        for pitch in [110.0, 233.0, 440.0, 1_000.0] {
            let mut tone = Tone::new(pitch, 0.3);
            let mut heard = Vec::new();
            let (mut shorter, mut longer) = (0, 0);
            for n in 0..80 {
                let mut frame = vec![0.0; 960];
                tone.fill(&mut frame);
                match n % 3 {
                    0 => shorter += shrink(&mut frame),
                    1 => longer += stretch(&mut frame),
                    _ => {}
                }
                heard.extend(frame);
            }
            assert!(shorter > 20 * SHORTEST && longer > 20 * SHORTEST, "{pitch}");
            assert_eq!(heard.len(), 80 * 960 - shorter + longer);
            let mut detector = ToneDetector::new();
            detector.feed(&heard);
            assert!((detector.tone_hz().unwrap() - pitch).abs() < 0.5, "{pitch}");
            let natural = std::f32::consts::TAU * pitch / 48_000.0 * 0.3;
            assert!(
                worst_step(&heard) < natural * 1.5 + 0.003,
                "{pitch}: {}",
                worst_step(&heard)
            );
        }
    }

    #[test]
    fn a_sound_that_does_not_repeat_itself_is_left_alone() {
        let mut seed = 3_u32;
        let mut noise: Vec<f32> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed as f32 / u32::MAX as f32 - 0.5
        })
        .take(960)
        .collect();
        assert_eq!(shrink(&mut noise), 0);
        assert_eq!(stretch(&mut noise), 0);
        assert_eq!(noise.len(), 960);
    }

    #[test]
    fn silence_can_always_be_shortened_and_a_short_frame_never() {
        let mut silence = vec![0.0; 960];
        assert_eq!(shrink(&mut silence), LONGEST);
        assert_eq!(shrink(&mut silence), 0);
    }
}
