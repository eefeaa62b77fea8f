//! All voices into one, without clipping.

/// Up to here nothing is changed: −2.5 dBFS.
const KNEE: f32 = 0.75;

/// Adds `voice` to `mix`.
pub(crate) fn add(mix: &mut [f32], voice: &[f32]) {
    for (sum, sample) in mix.iter_mut().zip(voice) {
        *sum += sample;
    }
}

/// Bends what would clip below full scale; one voice at a normal level passes unchanged.
pub(crate) fn limit(mix: &mut [f32]) {
    for sample in mix {
        let magnitude = sample.abs();
        if magnitude > KNEE {
            let over = (magnitude - KNEE) / (1.0 - KNEE);
            *sample = sample.signum() * (KNEE + (1.0 - KNEE) * over.tanh());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_voice_passes_unchanged_and_many_never_clip() {
        let mut mix = [0.0; 3];
        add(&mut mix, &[0.5, -0.7, 0.0]);
        limit(&mut mix);
        assert_eq!(mix, [0.5, -0.7, 0.0]);
        for _ in 0..20 {
            add(&mut mix, &[0.9, -0.9, 0.1]);
        }
        limit(&mut mix);
        assert!(mix.iter().all(|sample| sample.abs() <= 1.0), "{mix:?}");
    }

    #[test]
    fn the_knee_bends_and_does_not_step() {
        let mut rising: Vec<f32> = (0..2_000).map(|n| n as f32 / 1_000.0).collect();
        limit(&mut rising);
        assert!(
            rising
                .windows(2)
                .all(|pair| pair[1] >= pair[0] && pair[1] - pair[0] < 0.0011)
        );
    }
}
