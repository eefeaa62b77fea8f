//! Samples and the times they belong to, from a real-time callback to a media thread, without a lock.
//!
//! What a callback hands over at once is a piece: so many frames, the position of the first one in the stream, and the
//! moment at which it was captured or will be heard. What does not fit is lost, newest first, because a producer can't take
//! the oldest out; positions count on, so that the reader sees the gap. Adds no latency.

use std::time::Instant;

use rtrb::{Consumer, Producer, RingBuffer};

/// Pieces on their way: a fifth of a second even of callbacks that come every millisecond, as some systems prefer.
const PIECES: usize = 256;

/// What one callback handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Frames of the stream before it, lost ones included.
    pub(crate) position: u64,
    /// Frames of it that fitted.
    pub(crate) frames: usize,
    /// When its first frame was captured, or will be heard.
    pub(crate) at: Instant,
}

/// The callback's side.
pub(crate) struct StampedFeed {
    samples: Producer<f32>,
    pieces: Producer<Piece>,
    channels: usize,
    position: u64,
}

/// The media thread's side.
pub(crate) struct StampedEnd {
    samples: Consumer<f32>,
    pieces: Consumer<Piece>,
    channels: usize,
}

/// A ring for `frames` frames of `channels` interleaved samples each.
pub(crate) fn stamped_ring(frames: usize, channels: usize) -> (StampedFeed, StampedEnd) {
    let (samples_in, samples_out) = RingBuffer::new(frames * channels);
    let (pieces_in, pieces_out) = RingBuffer::new(PIECES);
    let feed = StampedFeed {
        samples: samples_in,
        pieces: pieces_in,
        channels,
        position: 0,
    };
    let end = StampedEnd {
        samples: samples_out,
        pieces: pieces_out,
        channels,
    };
    (feed, end)
}

impl StampedFeed {
    /// Samples in each frame.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Takes in `frames` frames, whose first one belongs to `at`, from an iterator over their interleaved samples.
    /// Real-time safe.
    pub(crate) fn push(
        &mut self,
        frames: usize,
        at: Instant,
        interleaved: impl Iterator<Item = f32>,
    ) {
        let position = self.position;
        self.position += frames as u64;
        if self.pieces.is_full() {
            return;
        }
        let room = frames.min(self.samples.slots() / self.channels);
        let written = match self.samples.write_chunk_uninit(room * self.channels) {
            Ok(chunk) => chunk.fill_from_iter(interleaved),
            Err(_) => 0,
        };
        // There is room: only this side adds pieces.
        let _ = self.pieces.push(Piece {
            position,
            frames: written / self.channels,
            at,
        });
    }
}

impl StampedEnd {
    /// Samples in each frame.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Whether the callback's side is gone for good.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.samples.is_abandoned()
    }

    /// The next piece, its samples appended to `interleaved`.
    pub(crate) fn take(&mut self, interleaved: &mut Vec<f32>) -> Option<Piece> {
        let piece = self.pieces.pop().ok()?;
        if let Ok(chunk) = self.samples.read_chunk(piece.frames * self.channels) {
            let (first, second) = chunk.as_slices();
            interleaved.extend_from_slice(first);
            interleaved.extend_from_slice(second);
            chunk.commit_all();
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_comes_out_as_it_went_in_with_its_time() {
        let (mut feed, mut end) = stamped_ring(8, 2);
        let now = Instant::now();
        feed.push(2, now, [1.0, 2.0, 3.0, 4.0].into_iter());
        let mut samples = Vec::new();
        let piece = end.take(&mut samples).unwrap();
        assert_eq!((piece.position, piece.frames, piece.at), (0, 2, now));
        assert_eq!(samples, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(end.take(&mut samples), None);
    }

    #[test]
    fn what_does_not_fit_is_lost_and_leaves_a_gap_in_the_positions() {
        let (mut feed, mut end) = stamped_ring(3, 1);
        let now = Instant::now();
        feed.push(2, now, [1.0, 2.0].into_iter());
        feed.push(2, now, [3.0, 4.0].into_iter());
        feed.push(2, now, [5.0, 6.0].into_iter());
        let mut samples = Vec::new();
        let taken: Vec<_> = std::iter::from_fn(|| end.take(&mut samples))
            .map(|piece| (piece.position, piece.frames))
            .collect();
        assert_eq!(taken, [(0, 2), (2, 1), (4, 0)]);
        assert_eq!(samples, [1.0, 2.0, 3.0]);
        feed.push(1, now, [7.0].into_iter());
        assert_eq!(end.take(&mut samples).unwrap().position, 6);
    }

    #[test]
    fn a_reader_that_sleeps_for_long_makes_nothing_grow() {
        let (mut feed, mut end) = stamped_ring(480, 1);
        let now = Instant::now();
        for _ in 0..10_000 {
            feed.push(480, now, std::iter::repeat_n(0.5, 480));
        }
        let mut samples = Vec::new();
        while end.take(&mut samples).is_some() {}
        assert_eq!(samples.len(), 480);
    }
}
