//! Making a frame a little shorter or longer without changing its pitch.
//!
//! One pitch period (or several) is left out or repeated, cross-faded, where the sound repeats itself well enough that this
//! goes unheard. That shrinks a delay that has grown too long, and follows a sender whose clock is slightly faster or
//! slower than ours. How often is for the jitter buffer to ration. Of stereo both channels are changed at the same place.
//! Pure; about 0.1 ms for a frame it changes, twice that for stereo; adds no latency.

use super::sound::Sound;

/// The shortest period to leave out: 2.5 ms at 48 kHz, a 400 Hz voice. Higher ones are left out several at a time.
const SHORTEST: usize = 120;

/// The longest: 15 ms, a 67 Hz voice. What is left of a frame of 20 ms is enough for the cross-fade.
const LONGEST: usize = 720;

/// The shortest frame that is changed: 20 ms.
const LEAST_FRAME: usize = 960;

/// Correlation of one period with the next above which the seam is not heard.
const ALIKE: f32 = 0.85;

/// Mean power below which anything may be left out or repeated: −55 dBFS.
const SILENT_POWER: f32 = 3.2e-6;

/// Of silence so much goes at a time: half a frame.
const SILENT_LAG: usize = 480;

/// Only every fourth lag is tried at first, then the neighbours of the best.
const COARSE_STEP: usize = 4;

/// How well a sound must repeat itself to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// As well as goes unheard.
    None,
    /// As well as it can: noises too.
    Some,
}

/// Where a sound repeats itself.
struct Seam {
    /// After so many samples.
    lag: usize,
    /// The normalised correlation of the two, −1 to 1.
    alikeness: f32,
}

/// Leaves one period out; how many samples that were. The frame is unchanged when it does not repeat itself.
pub(crate) fn shrink(frame: &mut Sound, haste: Haste) -> usize {
    let Some(seam) = seam(frame, haste) else {
        return 0;
    };
    frame.each(|channel| seam.leave_out(channel));
    seam.lag
}

/// Repeats one period; how many samples were added. The frame is unchanged when it does not repeat itself.
pub(crate) fn stretch(frame: &mut Sound, haste: Haste) -> usize {
    let Some(seam) = seam(frame, haste) else {
        return 0;
    };
    frame.each(|channel| seam.repeat(channel));
    seam.lag
}

impl Seam {
    fn leave_out(&self, channel: &mut Vec<f32>) {
        let (lag, fade) = (self.lag, fade_of(self.lag, channel.len()));
        for n in 0..fade {
            channel[n] = self.crossfade(channel[n], channel[n + lag], n, fade);
        }
        channel.drain(fade..fade + lag);
    }

    fn repeat(&self, channel: &mut Vec<f32>) {
        let (lag, fade) = (self.lag, fade_of(self.lag, channel.len()));
        let repeated: Vec<f32> = (0..fade)
            .map(|n| self.crossfade(channel[n + lag], channel[n], n, fade))
            .chain(channel[fade..lag].iter().copied())
            .collect();
        channel.splice(lag..lag, repeated);
    }

    /// Keeps the loudness where the two are not quite alike, too: the sum of two noises is fainter than either.
    fn crossfade(&self, from: f32, to: f32, n: usize, length: usize) -> f32 {
        let share = n as f32 / length as f32;
        let rest = 1.0 - share;
        let power = share * share + rest * rest + 2.0 * self.alikeness.max(0.0) * share * rest;
        (from * rest + to * share) / power.sqrt()
    }
}

/// The cross-fade takes a whole period, or what the frame leaves of it.
fn fade_of(lag: usize, frame: usize) -> usize {
    lag.min(frame - lag)
}

/// One for all channels: their images in the room stay where they are.
fn seam(frame: &Sound, haste: Haste) -> Option<Seam> {
    if frame.len() < LEAST_FRAME {
        return None;
    }
    let power = |channel: &[f32]| channel.iter().map(|sample| sample * sample).sum::<f32>();
    let loudest = frame.channels().map(power).fold(0.0, f32::max) / frame.len() as f32;
    if loudest < SILENT_POWER {
        let (lag, alikeness) = (SILENT_LAG, 0.0);
        return Some(Seam { lag, alikeness });
    }
    let coarse = (SHORTEST..=LONGEST).step_by(COARSE_STEP);
    let near = best(frame, coarse)?.lag;
    let fine = near.saturating_sub(COARSE_STEP).max(SHORTEST)..=(near + COARSE_STEP).min(LONGEST);
    best(frame, fine).filter(|seam| haste == Haste::Some || seam.alikeness > ALIKE)
}

fn best(frame: &Sound, lags: impl Iterator<Item = usize>) -> Option<Seam> {
    lags.map(|lag| {
        let alikeness = alikeness(frame, lag);
        Seam { lag, alikeness }
    })
    .max_by(|a, b| a.alikeness.total_cmp(&b.alikeness))
}

/// The normalised correlation of a sound with itself so much later, from −1 to 1: that of all channels together, and not of
/// their mean, in which what one channel has and the other lacks would cancel out.
fn alikeness(frame: &Sound, lag: usize) -> f32 {
    let fade = fade_of(lag, frame.len());
    let (mut product, mut power_a, mut power_b) = (0.0, 0.0, 0.0);
    for channel in frame.channels() {
        for (x, y) in channel[..fade].iter().zip(&channel[lag..lag + fade]) {
            product += x * y;
            power_a += x * x;
            power_b += y * y;
        }
    }
    product / (power_a * power_b).sqrt().max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::super::level::rms_dbfs;
    use super::super::tone::Tone;
    use super::super::tone_detector::ToneDetector;
    use super::*;

    fn worst_step(samples: &[f32]) -> f32 {
        samples
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max)
    }

    fn noise(seed: &mut u32, length: usize) -> Vec<f32> {
        std::iter::repeat_with(|| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (*seed as f32 / u32::MAX as f32 - 0.5) * 0.2
        })
        .take(length)
        .collect()
    }

    /// A tone of 80 frames, of which some are changed; what is heard, and by how many samples it is longer.
    fn paced(pitch: f32, mut change: impl FnMut(usize, &mut Sound) -> i64) -> (Vec<f32>, i64) {
        let mut tone = Tone::new(pitch, 0.3);
        let (mut heard, mut longer) = (Vec::new(), 0);
        for n in 0..80 {
            let mut frame = vec![0.0; 960];
            tone.fill(&mut frame);
            let mut frame = Sound::from(frame);
            longer += change(n, &mut frame);
            heard.extend(frame.left());
        }
        assert_eq!(heard.len() as i64, 80 * 960 + longer);
        (heard, longer)
    }

    fn assert_same_tone(pitch: f32, heard: &[f32]) {
        let mut detector = ToneDetector::new();
        detector.feed(heard);
        let told = detector.tone_hz().unwrap();
        assert!((told - pitch).abs() < 0.6, "{pitch} heard as {told}");
        let natural = std::f32::consts::TAU * pitch / 48_000.0 * 0.3;
        let worst = worst_step(heard);
        assert!(worst < natural * 1.5 + 0.003, "{pitch}: a step of {worst}");
        for block in heard.chunks_exact(960) {
            assert!((rms_dbfs(block) + 13.5).abs() < 1.0, "{pitch}: a dent");
        }
    }

    #[test]
    fn a_tone_keeps_pitch_and_smoothness_however_often_it_is_shrunk_and_stretched() {
        for pitch in [75.0, 110.0, 233.0, 440.0, 1_000.0] {
            let (heard, _) = paced(pitch, |n, frame| match n % 3 {
                0 => -(shrink(frame, Haste::None) as i64),
                1 => stretch(frame, Haste::None) as i64,
                _ => 0,
            });
            assert_same_tone(pitch, &heard);
        }
    }

    #[test]
    fn a_tone_that_is_shortened_or_lengthened_by_15_percent_is_the_same_tone() {
        for pitch in [100.0, 220.0, 440.0, 880.0] {
            let mut due = 0;
            let (heard, shorter) = paced(pitch, |_, frame| {
                due += 144;
                let lag = if due > 0 {
                    shrink(frame, Haste::None)
                } else {
                    0
                };
                due -= lag as i64;
                -(lag as i64)
            });
            assert!(shorter < -10_000, "{pitch}: {shorter} of −11,520");
            assert_same_tone(pitch, &heard);
            let mut due = 0;
            let (heard, longer) = paced(pitch, |_, frame| {
                due += 144;
                let lag = if due > 0 {
                    stretch(frame, Haste::None)
                } else {
                    0
                };
                due -= lag as i64;
                lag as i64
            });
            assert!(longer > 10_000, "{pitch}: {longer} of 11,520");
            assert_same_tone(pitch, &heard);
        }
    }

    #[test]
    fn a_sound_that_does_not_repeat_itself_is_left_alone() {
        let mut noise = Sound::from(noise(&mut 3, 960));
        assert_eq!(shrink(&mut noise, Haste::None), 0);
        assert_eq!(stretch(&mut noise, Haste::None), 0);
        assert_eq!(noise.len(), 960);
    }

    #[test]
    fn in_haste_a_noise_is_changed_too_and_is_as_loud_as_before() {
        let mut seed = 5;
        let (mut heard, mut shorter, mut longer) = (Vec::new(), 0, 0);
        for n in 0..100 {
            let mut frame = Sound::from(noise(&mut seed, 960));
            match n % 2 {
                0 => shorter += shrink(&mut frame, Haste::Some),
                _ => longer += stretch(&mut frame, Haste::Some),
            }
            heard.extend(frame.left());
        }
        assert!(shorter >= 50 * SHORTEST && longer >= 50 * SHORTEST);
        for block in heard.chunks_exact(480) {
            let off = rms_dbfs(block) - rms_dbfs(&noise(&mut 9, 48_000));
            assert!(off.abs() < 1.5, "{off} dB");
        }
    }

    #[test]
    fn silence_can_always_be_shortened_and_a_short_frame_never() {
        let mut silence = Sound::from(vec![0.0; 960]);
        assert_eq!(shrink(&mut silence, Haste::None), SILENT_LAG);
        assert_eq!(shrink(&mut silence, Haste::None), 0);
    }

    #[test]
    fn the_channels_of_stereo_stay_in_phase_and_cannot_cancel_each_other_out() {
        // A tone, with its opposite or a quarter of it on the other side.
        for side in [-1.0, 0.25] {
            let mut tone = Tone::new(233.0, 0.3);
            for n in 0..80 {
                let mut left = vec![0.0; 960];
                tone.fill(&mut left);
                let right = left.iter().map(|sample| sample * side).collect();
                let mut frame = Sound::from((left, right));
                let changed = match n % 2 {
                    0 => shrink(&mut frame, Haste::None),
                    _ => stretch(&mut frame, Haste::None),
                };
                assert!(changed > 0 && changed != SILENT_LAG, "{changed}");
                let off = frame.left().iter().zip(frame.right());
                let off = off.map(|(left, right)| (left * side - right).abs());
                assert!(off.fold(0.0, f32::max) < 1e-6);
                assert!(worst_step(frame.left()) < 0.015, "a click");
            }
        }
    }
}
