//! All voices into one sound, without clipping. It has two channels as long as anything in it has.

use super::sound::Sound;

/// Up to here nothing is changed: −2.5 dBFS.
const KNEE: f32 = 0.75;

/// Adds `voice` to `mix`.
pub(crate) fn add(mix: &mut Sound, voice: &Sound) {
    mix.merge(voice, |mix, voice| {
        for (sum, sample) in mix.iter_mut().zip(voice) {
            *sum += sample;
        }
    });
}

/// Bends what would clip below full scale; one voice at a normal level passes unchanged.
pub(crate) fn limit(mix: &mut Sound) {
    mix.each(|channel| {
        for sample in channel {
            let magnitude = sample.abs();
            if magnitude > KNEE {
                let over = (magnitude - KNEE) / (1.0 - KNEE);
                *sample = sample.signum() * (KNEE + (1.0 - KNEE) * over.tanh());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_voice_passes_unchanged_and_many_never_clip() {
        let mut mix = Sound::from(vec![0.0; 3]);
        add(&mut mix, &Sound::from(vec![0.5, -0.7, 0.0]));
        limit(&mut mix);
        assert_eq!(mix, Sound::from(vec![0.5, -0.7, 0.0]));
        for _ in 0..20 {
            add(&mut mix, &Sound::from(vec![0.9, -0.9, 0.1]));
        }
        limit(&mut mix);
        assert!(
            mix.left().iter().all(|sample| sample.abs() <= 1.0),
            "{mix:?}"
        );
    }

    #[test]
    fn a_voice_among_music_is_heard_equally_on_both_sides() {
        let mut mix = Sound::from(vec![0.0; 2]);
        add(&mut mix, &Sound::from(vec![0.25; 2]));
        assert!(!mix.is_stereo());
        add(&mut mix, &Sound::from((vec![0.25; 2], vec![0.0; 2])));
        add(&mut mix, &Sound::from(vec![0.125; 2]));
        assert_eq!(mix, Sound::from((vec![0.625; 2], vec![0.375; 2])));
    }

    #[test]
    fn the_knee_bends_and_does_not_step() {
        let mut rising = Sound::from((0..2_000).map(|n| n as f32 / 1_000.0).collect::<Vec<_>>());
        limit(&mut rising);
        assert!(
            rising
                .left()
                .windows(2)
                .all(|pair| pair[1] >= pair[0] && pair[1] - pair[0] < 0.0011)
        );
    }
}
