//! A stretch of sound: one channel, or a left and a right one of the same length.
//!
//! A voice has one channel and is worked on once, up to the mix. Music has two, which are cut, faded and mixed at the same
//! places. Where one sound of each kind meet, the one channel is heard on both sides; two channels that are the same to the
//! last bit become one again, so nothing needs to be told when somebody's music is over. Pure; no latency.

/// The seam between one sound and another, in samples: 5 ms, too short for an ear and too long for a click.
pub(crate) const SEAM_SAMPLES: usize = 240;

/// Samples at 48 kHz.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sound {
    left: Vec<f32>,
    /// As long as `left` where there are two channels, and of no meaning otherwise.
    right: Vec<f32>,
    stereo: bool,
}

impl Sound {
    /// Samples of each channel.
    pub(crate) fn len(&self) -> usize {
        self.left.len()
    }

    /// Whether it has two channels.
    #[cfg(test)]
    pub(crate) fn is_stereo(&self) -> bool {
        self.stereo
    }

    /// What is heard on the left.
    pub(crate) fn left(&self) -> &[f32] {
        &self.left
    }

    /// What is heard on the right: with one channel, the same as on the left.
    pub(crate) fn right(&self) -> &[f32] {
        if self.stereo { &self.right } else { &self.left }
    }

    /// Every channel that there is.
    pub(crate) fn channels(&self) -> impl Iterator<Item = &[f32]> {
        let right = self.stereo.then_some(&self.right[..]);
        std::iter::once(&self.left[..]).chain(right)
    }

    /// Does the same to every channel that there is. Their lengths must change alike.
    pub(crate) fn each(&mut self, mut change: impl FnMut(&mut Vec<f32>)) {
        change(&mut self.left);
        if self.stereo {
            change(&mut self.right);
            debug_assert_eq!(self.left.len(), self.right.len());
        }
    }

    /// Does the same to each side of this and of `other`; this gets a second channel if the other has two.
    pub(crate) fn merge(&mut self, other: &Self, mut change: impl FnMut(&mut Vec<f32>, &[f32])) {
        if other.stereo {
            self.widen();
        }
        change(&mut self.left, other.left());
        if self.stereo {
            change(&mut self.right, other.right());
            debug_assert_eq!(self.left.len(), self.right.len());
        }
    }

    /// The mean of all channels; `room` is where it is made if there is more than one.
    pub(crate) fn mean<'a>(&'a self, room: &'a mut Vec<f32>) -> &'a [f32] {
        if !self.stereo {
            return &self.left;
        }
        room.clear();
        let pairs = self.left.iter().zip(&self.right);
        room.extend(pairs.map(|(left, right)| (left + right) * 0.5));
        room
    }

    /// Becomes this many samples of silence, of one channel.
    pub(crate) fn silence(&mut self, samples: usize) {
        self.clear();
        self.left.resize(samples, 0.0);
    }

    /// Becomes no sound at all, of one channel.
    pub(crate) fn clear(&mut self) {
        self.left.clear();
        self.stereo = false;
    }

    /// Becomes these samples of 1 or 2 channels.
    pub(crate) fn set(&mut self, interleaved: &[f32], channels: usize) {
        self.clear();
        if channels == 1 {
            self.left.extend_from_slice(interleaved);
            return;
        }
        let pairs = interleaved.chunks_exact(2);
        self.fill_sides(|left, right| {
            left.extend(pairs.clone().map(|pair| pair[0]));
            right.extend(pairs.map(|pair| pair[1]));
        });
    }

    /// Becomes what is written, of equal length, to an empty left and an empty right.
    pub(crate) fn fill_sides(&mut self, write: impl FnOnce(&mut Vec<f32>, &mut Vec<f32>)) {
        self.left.clear();
        self.right.clear();
        write(&mut self.left, &mut self.right);
        debug_assert_eq!(self.left.len(), self.right.len());
        self.stereo = true;
        self.narrow();
    }

    /// What is heard on the left and on the right, sample by sample.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = [f32; 2]> {
        let pairs = self.left().iter().zip(self.right());
        pairs.map(|(left, right)| [*left, *right])
    }

    /// Goes on with `other`.
    pub(crate) fn append(&mut self, other: &Self) {
        self.merge(other, |here, more| here.extend_from_slice(more));
    }

    /// Moves its first samples to `out`, in place of what was there.
    pub(crate) fn take_front(&mut self, samples: usize, out: &mut Self) {
        out.clear();
        out.left.extend(self.left.drain(..samples));
        if self.stereo {
            out.right.clear();
            out.right.extend(self.right.drain(..samples));
            out.stereo = true;
            out.narrow();
            self.narrow();
        }
    }

    /// Begins out of `before`, which fades as this rises.
    pub(crate) fn fade_from(&mut self, before: &Self) {
        let length = before.len() as f32;
        self.merge(before, |here, before| {
            for (n, (sample, before)) in here.iter_mut().zip(before).enumerate() {
                let share = n as f32 / length;
                *sample = before * (1.0 - share) + *sample * share;
            }
        });
    }

    /// Fades to nothing.
    pub(crate) fn fade_out(&mut self) {
        let length = self.len() as f32;
        self.each(|channel| {
            for (n, sample) in channel.iter_mut().enumerate() {
                *sample *= 1.0 - n as f32 / length;
            }
        });
    }

    /// Gets a second channel, the same as the first.
    fn widen(&mut self) {
        if !self.stereo {
            self.right.clone_from(&self.left);
            self.stereo = true;
        }
    }

    /// Two channels that are the same are one. Costs next to nothing where they are not.
    fn narrow(&mut self) {
        self.stereo = self.stereo && self.left != self.right;
    }
}

/// Of one channel.
#[cfg(test)]
impl From<Vec<f32>> for Sound {
    fn from(samples: Vec<f32>) -> Self {
        Self {
            left: samples,
            ..Self::default()
        }
    }
}

/// Of two.
#[cfg(test)]
impl From<(Vec<f32>, Vec<f32>)> for Sound {
    fn from((left, right): (Vec<f32>, Vec<f32>)) -> Self {
        Self {
            left,
            right,
            stereo: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stereo(left: &[f32], right: &[f32]) -> Sound {
        Sound::from((left.to_vec(), right.to_vec()))
    }

    #[test]
    fn a_voice_is_heard_on_both_sides_of_what_it_meets() {
        let mut sound = Sound::from(vec![0.5]);
        sound.append(&stereo(&[0.25], &[-0.25]));
        sound.append(&Sound::from(vec![1.0]));
        assert_eq!(sound, stereo(&[0.5, 0.25, 1.0], &[0.5, -0.25, 1.0]));
        let pairs: Vec<_> = sound.pairs().collect();
        assert_eq!(pairs, [[0.5, 0.5], [0.25, -0.25], [1.0, 1.0]]);
        assert_eq!(sound.mean(&mut Vec::new()), [0.5, 0.0, 1.0]);
    }

    #[test]
    fn channels_that_are_the_same_are_one_as_soon_as_what_differs_is_gone() {
        let mut sound = stereo(&[1.0, 0.5, 0.5], &[0.0, 0.5, 0.5]);
        let mut front = Sound::default();
        sound.take_front(1, &mut front);
        assert!(front.is_stereo() && !sound.is_stereo());
        sound.take_front(1, &mut front);
        assert_eq!(front.channels().count(), 1);
        assert_eq!((front.left(), front.right()), (&[0.5][..], &[0.5][..]));
        sound.set(&[0.1, 0.1, 0.2, 0.2], 2);
        assert_eq!(sound.channels().collect::<Vec<_>>(), [&[0.1, 0.2]]);
    }

    #[test]
    fn one_sound_begins_out_of_another_whatever_channels_they_have() {
        let mut sound = Sound::from(vec![1.0; 4]);
        sound.fade_from(&stereo(&[0.0; 2], &[1.0; 2]));
        assert_eq!(sound, stereo(&[0.0, 0.5, 1.0, 1.0], &[1.0; 4]));
        let mut sound = stereo(&[1.0; 3], &[-1.0; 3]);
        sound.fade_from(&Sound::from(vec![0.0; 2]));
        assert_eq!(sound, stereo(&[0.0, 0.5, 1.0], &[0.0, -0.5, -1.0]));
        sound.fade_out();
        assert_eq!(sound.right()[0], 0.0);
        assert!((sound.right()[2] + 1.0 / 3.0).abs() < 1e-6);
    }
}
