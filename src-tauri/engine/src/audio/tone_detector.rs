//! Which pitch dominates the last second: for the call report, so that a test tone sent by one is recognised at the other.
//!
//! Costs a sum per sample while listening, and one Fourier transform (about 0.2 ms) when asked. No latency.

use realfft::RealFftPlanner;

use super::SAMPLE_RATE;

/// Six samples become one: 8 kHz, so pitches up to 4 kHz are told.
const DECIMATION: usize = 6;

/// Length of what is looked at: one second.
const WINDOW: usize = SAMPLE_RATE as usize / DECIMATION;

/// Below this RMS (−60 dBFS) there is no tone to speak of.
const FAINTEST_RMS: f32 = 0.001;

/// The share of the energy that must lie within ±3 Hz of the peak: a tone has nearly all, speech a fraction.
const DOMINANT_SHARE: f32 = 0.5;

/// Listens to mono 48 kHz samples.
#[derive(Clone)]
pub(crate) struct ToneDetector {
    /// The last second at 8 kHz; a ring, `at` is the oldest.
    window: Vec<f32>,
    at: usize,
    sum: f32,
    summed: usize,
}

impl ToneDetector {
    pub(crate) fn new() -> Self {
        Self {
            window: vec![0.0; WINDOW],
            at: 0,
            sum: 0.0,
            summed: 0,
        }
    }

    /// Takes in the next samples.
    pub(crate) fn feed(&mut self, samples: &[f32]) {
        for sample in samples {
            self.sum += sample;
            self.summed += 1;
            if self.summed == DECIMATION {
                self.window[self.at] = self.sum / DECIMATION as f32;
                self.at = (self.at + 1) % WINDOW;
                self.sum = 0.0;
                self.summed = 0;
            }
        }
    }

    /// The dominant frequency of the last second in Hz, to a tenth; `None` when no single one dominates.
    pub(crate) fn tone_hz(&self) -> Option<f32> {
        let mut signal: Vec<f32> = self.window[self.at..]
            .iter()
            .chain(&self.window[..self.at])
            .copied()
            .collect();
        let rms = (signal.iter().map(|s| s * s).sum::<f32>() / WINDOW as f32).sqrt();
        if rms < FAINTEST_RMS {
            return None;
        }
        for (n, sample) in signal.iter_mut().enumerate() {
            let hann = 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / WINDOW as f32).cos();
            *sample *= hann;
        }
        let transform = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
        let mut spectrum = transform.make_output_vec();
        transform.process(&mut signal, &mut spectrum).ok()?;
        let power: Vec<f32> = spectrum.iter().map(|bin| bin.norm_sqr()).collect();
        let total: f32 = power.iter().skip(1).sum();
        let bins = 3..power.len() - 3;
        let peak = bins.max_by(|a, b| power[*a].total_cmp(&power[*b]))?;
        let near: f32 = power[peak - 3..=peak + 3].iter().sum();
        if near < total * DOMINANT_SHARE {
            return None;
        }
        // A parabola through the logarithms of the peak and its neighbours finds the pitch between the 1 Hz bins.
        let [left, middle, right] =
            [peak - 1, peak, peak + 1].map(|bin| power[bin].max(f32::MIN_POSITIVE).ln());
        let curvature = left - 2.0 * middle + right;
        let offset = if curvature < 0.0 {
            0.5 * (left - right) / curvature
        } else {
            0.0
        };
        let hz_per_bin = SAMPLE_RATE as f32 / DECIMATION as f32 / WINDOW as f32;
        Some(((peak as f32 + offset) * hz_per_bin * 10.0).round() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone::Tone;
    use super::*;

    #[test]
    fn a_tone_is_told_to_a_tenth_of_a_hertz() {
        for pitch in [110.0, 440.0, 440.5, 1_234.3, 3_000.0] {
            let mut detector = ToneDetector::new();
            let mut second = vec![0.0; 50_000];
            Tone::new(pitch, 0.1).fill(&mut second);
            detector.feed(&second);
            let told = detector.tone_hz().unwrap();
            assert!((told - pitch).abs() <= 0.11, "{pitch} told as {told}");
        }
    }

    #[test]
    fn silence_noise_and_a_chord_are_no_tone() {
        let mut detector = ToneDetector::new();
        assert_eq!(detector.tone_hz(), None);
        let mut seed = 1_u32;
        let noise: Vec<f32> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed as f32 / u32::MAX as f32 - 0.5
        })
        .take(50_000)
        .collect();
        detector.feed(&noise);
        assert_eq!(detector.tone_hz(), None);
        let mut chord = vec![0.0; 50_000];
        for pitch in [300.0, 500.0, 700.0] {
            let mut note = vec![0.0; 50_000];
            Tone::new(pitch, 0.2).fill(&mut note);
            chord
                .iter_mut()
                .zip(&note)
                .for_each(|(sum, sample)| *sum += sample);
        }
        detector.feed(&chord);
        assert_eq!(detector.tone_hz(), None);
    }
}
