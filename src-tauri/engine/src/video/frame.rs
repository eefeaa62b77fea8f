//! One uncompressed picture, and the pool that its memory comes back to.
//!
//! Leaf types: no thread, no latency of their own. A 720p frame is 1.4 MB, thirty times a second per
//! participant, which is why frames are shared as `Arc<Frame>` and their memory is used again.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// Largest width or height of a frame, in pixels. Beyond it nothing is converted, scaled or decoded.
pub const MAX_SIDE: u32 = 4096;

/// A picture in planar 4:2:0 (I420), BT.601, studio range (luma 16..=235), as H.264 without colour
/// description means it. Shared as `Arc<Frame>`.
#[derive(Clone)]
pub struct Frame {
    /// Pixels per row; even, 2..=[`MAX_SIDE`].
    pub width: u32,
    /// Rows; even, 2..=[`MAX_SIDE`].
    pub height: u32,
    /// Y, U and V one after the other without padding: `width × height × 3 / 2` bytes.
    pub data: Vec<u8>,
    /// When it was captured, drawn or decoded, on this machine.
    pub captured: Instant,
}

/// The three planes of a [`Frame`], to be drawn into. U and V rows are half as long and half as many.
pub struct PlanesMut<'a> {
    /// Luma, `width × height`.
    pub y: &'a mut [u8],
    /// Blue difference, `width/2 × height/2`.
    pub u: &'a mut [u8],
    /// Red difference, `width/2 × height/2`.
    pub v: &'a mut [u8],
}

impl Frame {
    /// A black frame; width and height are rounded down to even, and kept within 2..=[`MAX_SIDE`].
    pub fn new(width: u32, height: u32, captured: Instant) -> Self {
        let (width, height) = (even_side(width), even_side(height));
        let luma = width as usize * height as usize;
        let mut data = vec![128; luma * 3 / 2];
        data[..luma].fill(16);
        Self {
            width,
            height,
            data,
            captured,
        }
    }

    /// Number of luma bytes, which is also where U begins.
    fn luma_len(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Luma plane, rows of `width` bytes.
    pub fn y(&self) -> &[u8] {
        &self.data[..self.luma_len()]
    }

    /// First chroma plane, rows of `width / 2` bytes.
    pub fn u(&self) -> &[u8] {
        let luma = self.luma_len();
        &self.data[luma..luma + luma / 4]
    }

    /// Second chroma plane, rows of `width / 2` bytes.
    pub fn v(&self) -> &[u8] {
        let luma = self.luma_len();
        &self.data[luma + luma / 4..luma + luma / 2]
    }

    /// All three planes, to be drawn into.
    pub fn planes_mut(&mut self) -> PlanesMut<'_> {
        let luma = self.luma_len();
        let (y, chroma) = self.data.split_at_mut(luma);
        let (u, v) = chroma.split_at_mut(luma / 4);
        PlanesMut {
            y,
            u,
            v: &mut v[..luma / 4],
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({}x{})", self.width, self.height)
    }
}

/// The nearest smaller even side within 2..=[`MAX_SIDE`].
pub fn even_side(side: u32) -> u32 {
    side.clamp(2, MAX_SIDE) & !1
}

/// Frames kept for re-use by one producer. More than a slot, an encoder, a preview and a window hold
/// at once are not worth keeping; beyond this many a frame is allocated and given back as usual.
const POOLED_FRAMES: usize = 6;

/// Memory for the frames of one producer: a frame that nobody holds any more is drawn over.
#[derive(Default)]
pub struct FramePool {
    frames: Vec<Arc<Frame>>,
}

impl FramePool {
    /// An empty pool; it grows to what is in use at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `draw` fill a frame of this size (rounded as in [`Frame::new`]). What it holds before is
    /// some earlier picture.
    ///
    /// # Errors
    /// Whatever `draw` returns; the memory is kept.
    pub fn draw<E>(
        &mut self,
        width: u32,
        height: u32,
        captured: Instant,
        draw: impl FnOnce(&mut Frame) -> Result<(), E>,
    ) -> Result<Arc<Frame>, E> {
        let (width, height) = (even_side(width), even_side(height));
        // A frame of a former size that is free would only occupy memory.
        self.frames.retain_mut(|frame| {
            (frame.width == width && frame.height == height) || Arc::get_mut(frame).is_none()
        });
        let free = self.frames.iter_mut().position(|frame| {
            frame.width == width && frame.height == height && Arc::get_mut(frame).is_some()
        });
        let mut frame = match free {
            Some(index) => self.frames.swap_remove(index),
            None => Arc::new(Frame::new(width, height, captured)),
        };
        // Nobody else holds it: it is new, or was found free above and taken out of the pool.
        let drawn = match Arc::get_mut(&mut frame) {
            Some(inner) => {
                inner.captured = captured;
                draw(inner)
            }
            None => Ok(()),
        };
        if self.frames.len() < POOLED_FRAMES {
            self.frames.push(Arc::clone(&frame));
        }
        drawn.map(|()| frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn draw(pool: &mut FramePool, width: u32, height: u32) -> Arc<Frame> {
        pool.draw(width, height, Instant::now(), |_| Ok::<_, Infallible>(()))
            .unwrap()
    }

    #[test]
    fn a_frame_that_nobody_holds_is_drawn_over() {
        let mut pool = FramePool::new();
        let first = draw(&mut pool, 64, 48);
        let address = first.data.as_ptr();
        drop(first);
        assert_eq!(draw(&mut pool, 64, 48).data.as_ptr(), address);
    }

    #[test]
    fn a_frame_that_somebody_holds_is_left_alone() {
        let mut pool = FramePool::new();
        let first = draw(&mut pool, 64, 48);
        let second = draw(&mut pool, 64, 48);
        assert_ne!(first.data.as_ptr(), second.data.as_ptr());
    }

    #[test]
    fn a_pool_forgets_frames_of_a_former_size() {
        let mut pool = FramePool::new();
        drop(draw(&mut pool, 64, 48));
        drop(draw(&mut pool, 32, 16));
        assert_eq!(pool.frames.len(), 1);
    }

    #[test]
    fn odd_and_absurd_sizes_are_made_sensible() {
        let frame = Frame::new(641, 0, Instant::now());
        assert_eq!((frame.width, frame.height), (640, 2));
        assert_eq!(frame.data.len(), 640 * 2 * 3 / 2);
        assert_eq!(
            frame.y().len() + frame.u().len() + frame.v().len(),
            frame.data.len()
        );
    }
}
