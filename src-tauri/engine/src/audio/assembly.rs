//! Blocks of 10 ms become frames of 20 ms. Runs on the capture thread; a frame is complete with its second block.

use super::FRAME_SAMPLES;
use super::device_input::Captured;
use super::processing::BLOCK_SAMPLES;

/// Gathers blocks until a frame is whole.
pub(super) struct Assembly {
    /// Both channels' mean.
    mono: [f32; FRAME_SAMPLES],
    /// Both channels, interleaved; only when there are two.
    stereo: [f32; 2 * FRAME_SAMPLES],
    channels: usize,
    filled: usize,
}

/// 20 ms of sound.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    /// For meters and for speech.
    pub(super) mono: &'a [f32; FRAME_SAMPLES],
    /// For music, of a device with two channels: interleaved.
    pub(super) stereo: Option<&'a [f32; 2 * FRAME_SAMPLES]>,
}

impl Assembly {
    pub(super) fn new() -> Self {
        Self {
            mono: [0.0; FRAME_SAMPLES],
            stereo: [0.0; 2 * FRAME_SAMPLES],
            channels: 1,
            filled: 0,
        }
    }

    /// Adds a block; the frame that it completes. A frame has either one channel or two: at a change it begins anew.
    pub(super) fn add(&mut self, block: &Captured<'_>) -> Option<Frame<'_>> {
        let channels = if block.right.is_some() { 2 } else { 1 };
        if channels != self.channels {
            self.channels = channels;
            self.filled = 0;
        }
        let mono = &mut self.mono[self.filled..self.filled + BLOCK_SAMPLES];
        mono.copy_from_slice(&block.left[..]);
        if let Some(right) = &block.right {
            for (mean, other) in mono.iter_mut().zip(right.iter()) {
                *mean = (*mean + other) * 0.5;
            }
            let pairs = self.stereo[2 * self.filled..].chunks_exact_mut(2);
            for (pair, (left, right)) in pairs.zip(block.left.iter().zip(right.iter())) {
                pair.copy_from_slice(&[*left, *right]);
            }
        }
        self.filled += BLOCK_SAMPLES;
        if self.filled < FRAME_SAMPLES {
            return None;
        }
        self.filled = 0;
        Some(Frame {
            mono: &self.mono,
            stereo: (channels == 2).then_some(&self.stereo),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn two_blocks_are_a_frame_and_two_channels_keep_their_sides() {
        let mut assembly = Assembly::new();
        let mut add = |left: f32, right: Option<f32>| {
            let (mut left, mut right) =
                ([left; BLOCK_SAMPLES], right.map(|it| [it; BLOCK_SAMPLES]));
            let block = Captured {
                left: &mut left,
                right: right.as_mut(),
                at: Instant::now(),
            };
            let frame = assembly.add(&block)?;
            let stereo = frame.stereo.map(|it| (it[0], it[1], it[1919]));
            Some((frame.mono[0], frame.mono[959], stereo))
        };
        assert_eq!(add(0.25, None), None);
        assert_eq!(add(0.5, None), Some((0.25, 0.5, None)));
        assert_eq!(add(0.25, None), None);
        assert_eq!(add(0.5, Some(0.0)), None, "begins anew with two channels");
        assert_eq!(
            add(1.0, Some(0.5)),
            Some((0.25, 0.75, Some((0.5, 0.0, 0.5))))
        );
    }
}
