//! From one sample rate to another, mono, in a stream.
//!
//! Runs on the capture and playout threads, never in a callback. Latency: half of the filter plus the chunk being gathered,
//! about 4 ms at 44.1 kHz; none when the rates are equal.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Resampler as _, ResamplerConstructionError, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

/// Taps of the filter: 128 keep the band up to about 20 kHz at 44.1 kHz and cost 1.5 ms.
const FILTER_TAPS: usize = 128;

/// Filter phases kept in a table; linear interpolation between 256 leaves errors below 16 bits.
const FILTER_PHASES: usize = 256;

/// Chunks a second: 2.5 ms of input are converted at once, so little waits for its chunk to fill.
const CHUNKS_PER_SECOND: u32 = 400;

/// Converts a mono stream of one rate into one of another.
pub(crate) struct Resampler {
    /// `None` when the rates are equal: samples pass through.
    filter: Option<Filter>,
}

struct Filter {
    inner: Async<f32>,
    chunk: usize,
    pending: Vec<f32>,
    converted: Vec<f32>,
}

impl Resampler {
    /// From `from` Hz to `to` Hz. Any two rates, also odd ones.
    ///
    /// # Errors
    /// When a rate is zero.
    pub(crate) fn new(from: u32, to: u32) -> Result<Self, ResamplerConstructionError> {
        if from == to && from > 0 {
            return Ok(Self { filter: None });
        }
        if from == 0 || to == 0 {
            return Err(ResamplerConstructionError::InvalidSampleRate {
                input: from as usize,
                output: to as usize,
            });
        }
        let parameters = SincInterpolationParameters {
            sinc_len: FILTER_TAPS,
            f_cutoff: None,
            oversampling_factor: FILTER_PHASES,
            interpolation: SincInterpolationType::Linear,
            window: WindowFunction::BlackmanHarris2,
        };
        let chunk = from.div_ceil(CHUNKS_PER_SECOND) as usize;
        let ratio = f64::from(to) / f64::from(from);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, chunk, 1, FixedAsync::Input)?;
        let converted = vec![0.0; inner.output_frames_max()];
        Ok(Self {
            filter: Some(Filter {
                inner,
                chunk,
                pending: Vec::with_capacity(2 * chunk),
                converted,
            }),
        })
    }

    /// Takes in `input` and appends to `output` what it completes.
    pub(crate) fn process(&mut self, input: &[f32], output: &mut Vec<f32>) {
        let Some(filter) = &mut self.filter else {
            output.extend_from_slice(input);
            return;
        };
        filter.pending.extend_from_slice(input);
        let mut taken = 0;
        while filter.pending.len() - taken >= filter.chunk {
            let chunk = &filter.pending[taken..taken + filter.chunk];
            taken += filter.chunk;
            let capacity = filter.converted.len();
            let (Ok(source), Ok(mut target)) = (
                InterleavedSlice::new(chunk, 1, filter.chunk),
                InterleavedSlice::new_mut(&mut filter.converted, 1, capacity),
            ) else {
                continue;
            };
            if let Ok((_, written)) = filter.inner.process_into_buffer(&source, &mut target, None) {
                output.extend_from_slice(&filter.converted[..written]);
            }
        }
        filter.pending.drain(..taken);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone_detector::ToneDetector;
    use super::*;

    /// Two seconds of a tone at `from` Hz, pushed in uneven pieces as devices do.
    fn convert_tone(from: u32, to: u32, hz: f32) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let input: Vec<f32> = (0..from * 2)
            .map(|n| (std::f32::consts::TAU * hz * (n % from) as f32 / from as f32).sin() * 0.5)
            .collect();
        let mut output = Vec::new();
        let mut rest = &input[..];
        for size in [1, 441, 480, 77, 1_024].into_iter().cycle() {
            let (piece, left) = rest.split_at(size.min(rest.len()));
            resampler.process(piece, &mut output);
            rest = left;
            if rest.is_empty() {
                return output;
            }
        }
        unreachable!("the cycle ends with the input")
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_level_from_any_rate_to_48_khz() {
        for rate in [
            8_000, 11_025, 16_000, 22_050, 32_000, 44_056, 44_100, 47_999, 48_000, 88_200, 96_000,
            192_000,
        ] {
            let output = convert_tone(rate, 48_000, 440.0);
            assert!(
                output.len().abs_diff(96_000) < 1_000,
                "{rate}: {}",
                output.len()
            );
            let mut detector = ToneDetector::new();
            detector.feed(&output);
            assert!((detector.tone_hz().unwrap() - 440.0).abs() < 0.2, "{rate}");
            for block in output[4_800..90_000].chunks_exact(4_800) {
                let level = super::super::level::rms_dbfs(block);
                assert!((level + 9.03).abs() < 0.2, "{rate}: {level}");
            }
        }
    }

    #[test]
    fn a_tone_keeps_its_level_on_the_way_to_a_devices_rate() {
        for rate in [16_000, 44_100, 96_000] {
            let output = convert_tone(48_000, rate, 1_000.0);
            assert!(output.len().abs_diff(rate as usize * 2) < 1_000, "{rate}");
            let level = super::super::level::rms_dbfs(&output[rate as usize / 2..rate as usize]);
            assert!((level + 9.03).abs() < 0.2, "{rate}: {level}");
        }
    }

    #[test]
    fn what_lies_above_the_new_rate_is_filtered_and_not_folded_down() {
        let output = convert_tone(96_000, 16_000, 11_000.0);
        let level = super::super::level::rms_dbfs(&output[4_000..20_000]);
        assert!(level < -60.0, "{level}");
    }

    #[test]
    fn a_rate_of_zero_is_an_error() {
        assert!(Resampler::new(0, 48_000).is_err());
        assert!(Resampler::new(0, 0).is_err());
        assert!(Resampler::new(48_000, 0).is_err());
    }
}
