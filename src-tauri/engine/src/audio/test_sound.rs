//! The sound behind "Play a sound": three soft notes, up a chord, about a second.

use std::f32::consts::TAU;

use super::SAMPLE_RATE;

/// C5, E5, G5 in Hz: a chord everybody takes for a doorbell and nobody for an alarm.
const NOTES_HZ: [f32; 3] = [523.25, 659.26, 783.99];

/// One note follows the other after 200 ms.
const NOTE_EVERY: usize = SAMPLE_RATE as usize / 5;

/// Each note has faded to nothing 600 ms after it was struck.
const NOTE_SAMPLES: usize = SAMPLE_RATE as usize * 3 / 5;

/// A note rises within 5 ms, so that it does not click.
const ATTACK_SAMPLES: f32 = SAMPLE_RATE as f32 * 0.005;

/// Peak of one note; three overlapping stay well below full scale.
const AMPLITUDE: f32 = 0.2;

/// Plays once, then is over.
#[derive(Debug, Default)]
pub(crate) struct TestSound {
    position: usize,
}

impl TestSound {
    /// Samples from the first note's start to the last one's end.
    pub(crate) const SAMPLES: usize = (NOTES_HZ.len() - 1) * NOTE_EVERY + NOTE_SAMPLES;

    /// Writes the next samples; `false` once it is over.
    pub(crate) fn fill(&mut self, out: &mut [f32]) -> bool {
        for sample in out.iter_mut() {
            *sample = value_at(self.position);
            self.position += 1;
        }
        self.position < Self::SAMPLES
    }
}

fn value_at(position: usize) -> f32 {
    NOTES_HZ
        .iter()
        .enumerate()
        .filter_map(|(index, hz)| {
            let since = position
                .checked_sub(index * NOTE_EVERY)
                .filter(|since| *since < NOTE_SAMPLES)? as f32;
            let attack = (since / ATTACK_SAMPLES).min(1.0);
            let decay = 1.0 - since / NOTE_SAMPLES as f32;
            Some((TAU * hz * since / SAMPLE_RATE as f32).sin() * AMPLITUDE * attack * decay * decay)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_heard_never_clips_and_ends() {
        let mut sound = TestSound::default();
        let mut heard = vec![0.0; TestSound::SAMPLES - 1];
        assert!(sound.fill(&mut heard));
        assert!(!sound.fill(&mut [0.0]));
        let peak = heard
            .iter()
            .fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak > 0.1 && peak < 0.7, "{peak}");
        let click = heard
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(click < 0.06, "{click}");
    }
}
