//! Whatever has pixels to look at as a source: looked at again and again, handed on when it changed.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Instant;

use yuv::{YuvConversionMode, YuvRange, YuvStandardMatrix, bgra_to_yuv420};

use super::stillness::Stillness;
use crate::device::DeviceProblem;
use crate::video::frame::{Frame, FramePool, MAX_SIDE};
use crate::video::frame_rate::Metronome;
use crate::video::source::Source;
use crate::video::source::convert::planar;

/// How often a screen is looked at, times a second: scrolling and a mouse that moves look alive, and it leaves the machine to
/// the faces.
const FPS: f32 = 15.0;

/// Bytes of a pixel: blue, green, red, nothing.
pub(super) const PIXEL: usize = 4;

/// Something to look at.
pub(super) trait View {
    /// The system's own words for it.
    fn name(&self) -> &str;

    /// The pixels as they are now.
    ///
    /// # Errors
    /// [`DeviceProblem::Lost`] when there is nothing to be seen: a window that is closed or hidden.
    fn look(&mut self) -> Result<Pixels, DeviceProblem>;
}

/// What was seen.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Pixels {
    /// Row by row from the top, without gaps, [`PIXEL`] bytes each.
    bgrx: Vec<u8>,
    width: u32,
    height: u32,
}

impl Pixels {
    /// The first `width` of each row of `stride` bytes, and the first `height` rows, both made even, and all of it half as large
    /// until no side is longer than [`MAX_SIDE`].
    ///
    /// # Errors
    /// [`DeviceProblem::Lost`] when that is nothing, or there are fewer bytes than that.
    pub fn new(
        mut bgrx: Vec<u8>,
        stride: usize,
        width: u32,
        height: u32,
    ) -> Result<Self, DeviceProblem> {
        let (width, height) = (width & !1, height & !1);
        let (row, rows) = (width as usize * PIXEL, height as usize);
        // The last row may lack its gap.
        if row == 0 || rows == 0 || stride < row || bgrx.len() < stride * (rows - 1) + row {
            return Err(DeviceProblem::Lost);
        }
        if stride > row {
            (1..rows).for_each(|n| bgrx.copy_within(n * stride..n * stride + row, n * row));
        }
        bgrx.truncate(row * rows);
        let mut pixels = Self {
            bgrx,
            width,
            height,
        };
        while pixels.width.max(pixels.height) > MAX_SIDE {
            pixels = pixels.halved()?;
        }
        Ok(pixels)
    }

    /// Half as wide and as tall, each pixel the mean of four; still even.
    fn halved(self) -> Result<Self, DeviceProblem> {
        let half = |side: u32| (side / 2) & !1;
        let (width, height) = (half(self.width), half(self.height));
        if width == 0 || height == 0 {
            return Err(DeviceProblem::Lost);
        }
        let stride = self.width as usize * PIXEL;
        let mut bgrx = Vec::with_capacity(width as usize * height as usize * PIXEL);
        for rows in self.bgrx.chunks_exact(2 * stride).take(height as usize) {
            let (upper, lower) = rows.split_at(stride);
            let pairs = upper
                .chunks_exact(2 * PIXEL)
                .zip(lower.chunks_exact(2 * PIXEL));
            for (above, below) in pairs.take(width as usize) {
                bgrx.extend((0..PIXEL).map(|n| {
                    let four = [above[n], above[n + PIXEL], below[n], below[n + PIXEL]];
                    (four.map(u16::from).iter().sum::<u16>() / 4) as u8
                }));
            }
        }
        Ok(Self {
            bgrx,
            width,
            height,
        })
    }
}

/// Looks at one view.
pub(super) struct Watcher<V> {
    view: V,
    metronome: Metronome,
    stillness: Stillness,
    before: Pixels,
    pool: FramePool,
}

impl<V: View> Watcher<V> {
    /// Begins now.
    pub fn new(view: V) -> Self {
        Self {
            view,
            metronome: Metronome::new(FPS, Instant::now()),
            stillness: Stillness::default(),
            before: Pixels::default(),
            pool: FramePool::new(),
        }
    }

    fn frame(&mut self) -> Result<Arc<Frame>, DeviceProblem> {
        let Pixels {
            bgrx,
            width,
            height,
        } = &self.before;
        let drawn = self.pool.draw(*width, *height, Instant::now(), |frame| {
            let stride = frame.width * PIXEL as u32;
            bgra_to_yuv420(
                &mut planar(frame),
                bgrx,
                stride,
                YuvRange::Limited,
                YuvStandardMatrix::Bt601,
                YuvConversionMode::Balanced,
            )
        });
        drawn.map_err(|error| DeviceProblem::Failed(error.to_string()))
    }
}

impl<V: View> Source for Watcher<V> {
    fn name(&self) -> &str {
        self.view.name()
    }

    fn next_frame(&mut self) -> Result<Arc<Frame>, DeviceProblem> {
        loop {
            let now = Instant::now();
            sleep(self.metronome.next(now).saturating_duration_since(now));
            let seen = self.view.look()?;
            let changed = seen != self.before;
            self.before = seen;
            if self.stillness.admits(changed, Instant::now()) {
                return self.frame();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_gaps_and_odd_sides_are_cut_to_what_can_be_encoded() {
        let line = |of: u8| [of; 12].into_iter().chain([0xee; 4]);
        let seen: Vec<u8> = (1..=3).flat_map(line).collect();
        let pixels = Pixels::new(seen, 16, 3, 3).unwrap();
        assert_eq!((pixels.width, pixels.height), (2, 2));
        assert_eq!(pixels.bgrx, [[1; 8], [2; 8]].concat());
    }

    #[test]
    fn what_is_too_wide_is_seen_whole_and_smaller() {
        let (width, height) = (MAX_SIDE + 4, 6);
        let line = |of: [u8; 2]| of.into_iter().flat_map(|of| [of; PIXEL]).cycle();
        let length = width as usize * PIXEL;
        let seen: Vec<u8> = (0..height)
            .flat_map(|n| line(if n % 2 == 0 { [0, 40] } else { [80, 120] }).take(length))
            .collect();
        let pixels = Pixels::new(seen, length, width, height).unwrap();
        assert_eq!((pixels.width, pixels.height), (MAX_SIDE / 2 + 2, 2));
        assert!(pixels.bgrx.iter().all(|it| *it == 60));
        assert_eq!(pixels.bgrx.len(), (MAX_SIDE as usize / 2 + 2) * 2 * PIXEL);
    }

    #[test]
    fn too_little_is_nothing() {
        for (bytes, stride, width, height) in [
            (0, 0, 0, 0),
            (16, 8, 2, 1),
            (15, 8, 2, 2),
            (16, 4, 2, 2),
            (64, 16, 1, 4),
        ] {
            let pixels = Pixels::new(vec![0; bytes], stride, width, height);
            assert!(
                matches!(pixels, Err(DeviceProblem::Lost)),
                "{bytes} {stride}"
            );
        }
        assert!(Pixels::new(vec![0; 28], 16, 3, 2).is_ok());
    }
}
