//! A sound from one sample rate to another, and to one channel where no more are wanted.
//!
//! Where two channels may come there is a resampler for each at all times, though a voice would need but one: one that began
//! in the middle of a sound would be heard to begin. Between equal rates neither costs anything; otherwise each takes some
//! 0.15 ms for 10 ms. Runs on the capture and playout threads; latency as [`Resampler`] says.

use rubato::ResamplerConstructionError;

use super::resampler::Resampler;
use super::sound::Sound;

/// Converts a stream of sound.
pub(crate) struct Conversion {
    left: Resampler,
    /// `None` if one channel is wanted, which is the mean of two.
    right: Option<Resampler>,
    mean: Vec<f32>,
    converted: Sound,
}

impl Conversion {
    /// From `from` Hz to `to` Hz, and to `channels`, 1 or 2.
    ///
    /// # Errors
    /// When a rate is zero.
    pub(crate) fn new(
        from: u32,
        to: u32,
        channels: usize,
    ) -> Result<Self, ResamplerConstructionError> {
        let right = (channels == 2).then(|| Resampler::new(from, to));
        Ok(Self {
            left: Resampler::new(from, to)?,
            right: right.transpose()?,
            mean: Vec::new(),
            converted: Sound::default(),
        })
    }

    /// What `sound` completes.
    pub(crate) fn run(&mut self, sound: &Sound) -> &Sound {
        match &mut self.right {
            None => {
                let mean = sound.mean(&mut self.mean);
                self.converted.clear();
                self.converted
                    .each(|channel| self.left.process(mean, channel));
            }
            Some(right) => self.converted.fill_sides(|converted, converted_right| {
                self.left.process(sound.left(), converted);
                right.process(sound.right(), converted_right);
            }),
        }
        &self.converted
    }
}

#[cfg(test)]
mod tests {
    use super::super::tone::Tone;
    use super::*;

    /// 300 ms of a tone at 44.1 kHz: on both sides, then on the left alone, then on both.
    fn convert(channels: usize) -> Sound {
        let mut conversion = Conversion::new(48_000, 44_100, channels).unwrap();
        let (mut tone, mut heard) = (Tone::new(440.0, 0.25), Sound::default());
        for n in 0..30 {
            let mut left = vec![0.0; 480];
            tone.fill(&mut left);
            let sound = if (10..20).contains(&n) {
                Sound::from((left, vec![0.0; 480]))
            } else {
                Sound::from(left)
            };
            heard.append(conversion.run(&sound));
        }
        heard
    }

    fn peak(samples: &[f32]) -> f32 {
        samples.iter().fold(0.0, |peak, it| it.abs().max(peak))
    }

    #[test]
    fn a_channel_that_comes_and_goes_leaves_the_other_as_it_is() {
        let heard = convert(2);
        let steps = heard.left()[200..].windows(2);
        let worst = steps
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(worst < 0.02, "{worst}");
        assert!(peak(&heard.right()[5_500..8_000]) < 1e-3);
        assert!(heard.left()[10_000..] == heard.right()[10_000..]);
    }

    #[test]
    fn where_one_channel_is_wanted_it_is_the_mean() {
        let heard = convert(1);
        assert!(!heard.is_stereo());
        assert!((peak(&heard.left()[6_000..8_000]) - 0.125).abs() < 0.002);
    }
}
