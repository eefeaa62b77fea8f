//! What waits for a client that reads its stream more slowly than its peers send: a short queue that
//! loses the oldest media, because a picture that comes late is worth less than the next one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes that wait at most, [`FRAME_COST`] included: more than a keyframe, and a quarter of a second
/// at 2 Mbit/s. The oldest media goes first.
const MAX_BYTES: usize = 64 * 1024;

/// What a frame costs besides its bytes, in bytes: so that many tiny ones fill no memory either.
const FRAME_COST: usize = 128;

/// Buffers that are kept to be used again, at most: as many frames of full length as may wait.
const MAX_SPARE: usize = 48;

/// Answers that wait at most. A client that asks without ever reading gets no further ones.
const MAX_ANSWERS: usize = 64;

/// What has waited for longer is of no use to a call any more.
const MAX_AGE: Duration = Duration::from_millis(400);

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An answer of the relay: not dropped for media.
    Answer,
    /// Data of a peer.
    Media,
}

#[derive(Debug)]
struct Frame {
    bytes: Vec<u8>,
    kind: Kind,
    since: Instant,
}

impl Frame {
    fn cost(&self) -> usize {
        self.bytes.len() + FRAME_COST
    }
}

/// Frames that wait for one stream.
#[derive(Debug, Default)]
pub(super) struct FrameQueue {
    waiting: VecDeque<Frame>,
    bytes: usize,
    answers: usize,
    /// Buffers that were used and will be again.
    spare: Vec<Vec<u8>>,
}

impl FrameQueue {
    /// Puts a frame at the end.
    pub(super) fn push(&mut self, bytes: &[u8], kind: Kind, now: Instant) {
        if kind == Kind::Answer && self.answers == MAX_ANSWERS {
            return;
        }
        while self.bytes + bytes.len() + FRAME_COST > MAX_BYTES {
            let oldest = self.waiting.iter().position(|it| it.kind == Kind::Media);
            let Some(frame) = oldest.and_then(|place| self.waiting.remove(place)) else {
                break;
            };
            self.dropped(frame);
        }
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        let frame = Frame {
            bytes: buffer,
            kind,
            since: now,
        };
        self.bytes += frame.cost();
        self.answers += usize::from(kind == Kind::Answer);
        self.waiting.push_back(frame);
    }

    /// Takes the first frame that is not too old. [`FrameQueue::give_back`] takes its buffer.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Vec<u8>> {
        loop {
            let frame = self.waiting.pop_front()?;
            let late = now.saturating_duration_since(frame.since) > MAX_AGE;
            if frame.kind == Kind::Media && late {
                self.dropped(frame);
                continue;
            }
            self.bytes -= frame.cost();
            self.answers -= usize::from(frame.kind == Kind::Answer);
            return Some(frame.bytes);
        }
    }

    /// The buffer of a frame that was sent.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        if self.spare.len() < MAX_SPARE {
            self.spare.push(buffer);
        }
    }

    fn dropped(&mut self, frame: Frame) {
        self.bytes -= frame.cost();
        self.answers -= usize::from(frame.kind == Kind::Answer);
        self.give_back(frame.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(number: u8) -> [u8; 1024] {
        [number; 1024]
    }

    #[test]
    fn a_reader_that_keeps_up_gets_everything_in_order() {
        let now = Instant::now();
        let mut queue = FrameQueue::default();
        for number in 0..200 {
            queue.push(&media(number), Kind::Media, now);
            let frame = queue.pop(now).unwrap();
            assert_eq!(frame, media(number));
            queue.give_back(frame);
        }
        assert_eq!(queue.spare.len(), 1, "one buffer is enough");
    }

    #[test]
    fn a_slow_reader_loses_the_oldest_media_and_no_answer() {
        let now = Instant::now();
        let mut queue = FrameQueue::default();
        queue.push(b"answer", Kind::Answer, now);
        for number in 0..100 {
            queue.push(&media(number), Kind::Media, now);
        }
        assert_eq!(queue.pop(now).unwrap(), b"answer");
        // 56 of 1 KiB fit beside the answer.
        for number in 44..100 {
            assert_eq!(queue.pop(now).unwrap(), media(number));
        }
        assert_eq!(queue.pop(now), None);
    }

    #[test]
    fn media_that_has_waited_for_too_long_is_not_sent() {
        let mut now = Instant::now();
        let mut queue = FrameQueue::default();
        queue.push(&media(1), Kind::Media, now);
        queue.push(b"answer", Kind::Answer, now);
        now += MAX_AGE;
        queue.push(&media(2), Kind::Media, now);
        now += Duration::from_millis(1);
        assert_eq!(queue.pop(now).unwrap(), b"answer");
        assert_eq!(queue.pop(now).unwrap(), media(2));
    }

    #[test]
    fn whoever_asks_and_never_reads_fills_no_memory() {
        let now = Instant::now();
        let mut queue = FrameQueue::default();
        for _ in 0..10_000 {
            queue.push(b"answer", Kind::Answer, now);
            queue.push(&[], Kind::Media, now);
            queue.push(&media(1), Kind::Media, now);
        }
        assert_eq!(queue.answers, MAX_ANSWERS);
        assert!(queue.bytes <= MAX_BYTES);
        assert!(queue.waiting.len() <= MAX_BYTES / FRAME_COST);
        assert!(queue.spare.len() <= MAX_SPARE);
    }
}
