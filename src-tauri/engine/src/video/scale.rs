//! Scaling of I420 frames to any size: every source pixel counts when shrinking (area average), and
//! neighbours are blended when enlarging, so the test pattern's bars stay readable either way.
//!
//! Runs on whichever thread needs the smaller picture. 720p to 360p takes about a millisecond.

use std::convert::Infallible;
use std::sync::Arc;

use super::frame::{Frame, FramePool, even_side};

/// Weights of one output pixel sum to this, so that 255 × this still fits in 16 bits.
const WEIGHT_ONE: u32 = 256;

/// The frame at another size (rounded to even), stretched if the proportions differ.
pub fn scale(frame: &Frame, width: u32, height: u32) -> Frame {
    let mut scaled = Frame::new(width, height, frame.captured);
    Scaler::default().scale_into(frame, &mut scaled);
    scaled
}

/// The size of `width × height` shrunk, never enlarged, to fit `max_width × max_height` with its
/// proportions kept; even sides.
pub fn fit_within(width: u32, height: u32, max_width: u32, max_height: u32) -> (u32, u32) {
    if width <= max_width && height <= max_height {
        return (even_side(width), even_side(height));
    }
    let (w, h) = (u64::from(width), u64::from(height));
    let (max_w, max_h) = (u64::from(max_width), u64::from(max_height));
    let (fit_w, fit_h) = if w * max_h > h * max_w {
        (max_w, (h * max_w + w / 2) / w.max(1))
    } else {
        ((w * max_h + h / 2) / h.max(1), max_h)
    };
    (even_side(fit_w as u32), even_side(fit_h as u32))
}

/// Scales many frames between the same sizes: keeps the weights, the row in between and the memory
/// of the results.
#[derive(Default)]
pub struct Scaler {
    rows: Taps,
    columns: Taps,
    blended_row: Vec<u16>,
    pool: FramePool,
}

impl Scaler {
    /// The frame at another size; the same frame, not copied, when it has that size already.
    pub fn scale(&mut self, frame: &Arc<Frame>, width: u32, height: u32) -> Arc<Frame> {
        let (width, height) = (even_side(width), even_side(height));
        if (frame.width, frame.height) == (width, height) {
            return Arc::clone(frame);
        }
        let mut pool = std::mem::take(&mut self.pool);
        let scaled = pool.draw(width, height, frame.captured, |scaled| {
            self.scale_into(frame, scaled);
            Ok::<_, Infallible>(())
        });
        self.pool = pool;
        match scaled {
            Ok(scaled) => scaled,
            Err(never) => match never {},
        }
    }

    /// Scales `from` to the size that `to` has.
    pub fn scale_into(&mut self, from: &Frame, to: &mut Frame) {
        let source = (from.width as usize, from.height as usize);
        let target = (to.width as usize, to.height as usize);
        let half = |(width, height): (usize, usize)| (width / 2, height / 2);
        let planes = to.planes_mut();
        self.scale_plane(from.y(), source, planes.y, target);
        self.scale_plane(from.u(), half(source), planes.u, half(target));
        self.scale_plane(from.v(), half(source), planes.v, half(target));
    }

    /// One plane, without padding: first down the columns, a whole row at a time (which the compiler
    /// turns into vector instructions), then along that row.
    fn scale_plane(
        &mut self,
        from: &[u8],
        (from_width, from_height): (usize, usize),
        to: &mut [u8],
        (to_width, to_height): (usize, usize),
    ) {
        if (from_width, from_height) == (to_width, to_height) {
            to.copy_from_slice(from);
            return;
        }
        self.rows.prepare(from_height, to_height);
        self.columns.prepare(from_width, to_width);
        self.blended_row.resize(from_width, 0);
        for (line, out) in to.chunks_exact_mut(to_width).enumerate() {
            self.blended_row.fill(0);
            let (first, weights) = self.rows.of(line);
            for (offset, &weight) in weights.iter().enumerate() {
                let start = (first + offset) * from_width;
                let row = &from[start..start + from_width];
                for (sum, &pixel) in self.blended_row.iter_mut().zip(row) {
                    *sum += u16::from(pixel) * weight;
                }
            }
            for (column, out) in out.iter_mut().enumerate() {
                let (first, weights) = self.columns.of(column);
                let sum: u32 = self.blended_row[first..first + weights.len()]
                    .iter()
                    .zip(weights)
                    .map(|(&pixel, &weight)| u32::from(pixel) * u32::from(weight))
                    .sum();
                *out = ((sum + WEIGHT_ONE * WEIGHT_ONE / 2) / (WEIGHT_ONE * WEIGHT_ONE)) as u8;
            }
        }
    }
}

/// For each output position of one axis: which inputs count, and how much.
#[derive(Default)]
struct Taps {
    key: (usize, usize),
    /// Per output: first input, and where its weights lie in `weights`.
    spans: Vec<(usize, std::ops::Range<usize>)>,
    weights: Vec<u16>,
}

impl Taps {
    fn of(&self, output: usize) -> (usize, &[u16]) {
        let (first, range) = &self.spans[output];
        (*first, &self.weights[range.clone()])
    }

    fn prepare(&mut self, inputs: usize, outputs: usize) {
        if self.key == (inputs, outputs) {
            return;
        }
        self.key = (inputs, outputs);
        self.spans.clear();
        self.weights.clear();
        let ratio = inputs as f64 / outputs as f64;
        // Shrinking: the area under the output pixel. Enlarging: a triangle over two neighbours.
        let reach = ratio.max(1.0) / 2.0 + if ratio < 1.0 { 0.5 } else { 0.0 };
        for output in 0..outputs {
            let centre = (output as f64 + 0.5) * ratio;
            let first = (centre - reach).floor().max(0.0) as usize;
            let last = ((centre + reach).ceil() as usize).clamp(first + 1, inputs);
            let first = first.min(last - 1);
            let raw: Vec<f64> = (first..last)
                .map(|input| {
                    if ratio < 1.0 {
                        (1.0 - (input as f64 + 0.5 - centre).abs()).max(0.0)
                    } else {
                        let left = (input as f64).max(centre - reach);
                        let right = (input as f64 + 1.0).min(centre + reach);
                        (right - left).max(0.0)
                    }
                })
                .collect();
            self.push(first, &raw);
        }
    }

    /// Rounds the weights so that they sum to exactly [`WEIGHT_ONE`]: flat areas stay flat.
    fn push(&mut self, first: usize, raw: &[f64]) {
        let total: f64 = raw.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let start = self.weights.len();
        let mut exact = 0.0;
        let mut given = 0;
        for weight in raw {
            exact += weight / total * f64::from(WEIGHT_ONE);
            let share = (exact.round() as u32).min(WEIGHT_ONE) - given;
            given += share;
            self.weights.push(share as u16);
        }
        self.spans.push((first, start..self.weights.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn gradient(width: u32, height: u32) -> Frame {
        let mut frame = Frame::new(width, height, Instant::now());
        let row = frame.width as usize;
        for (index, pixel) in frame.planes_mut().y.iter_mut().enumerate() {
            *pixel = (16 + 200 * (index % row) / row) as u8;
        }
        frame
    }

    #[test]
    fn a_flat_picture_stays_exactly_flat_at_any_size() {
        let mut flat = Frame::new(1280, 720, Instant::now());
        flat.data.fill(255);
        for (width, height) in [
            (640, 360),
            (320, 180),
            (322, 178),
            (426, 240),
            (1920, 1080),
            (2, 2),
        ] {
            assert!(
                scale(&flat, width, height)
                    .data
                    .iter()
                    .all(|&pixel| pixel == 255)
            );
        }
    }

    #[test]
    fn halving_averages_two_by_two() {
        let mut frame = Frame::new(4, 4, Instant::now());
        frame.planes_mut().y[..8].copy_from_slice(&[10, 20, 100, 120, 30, 40, 140, 160]);
        assert_eq!(scale(&frame, 2, 2).y(), &[25, 130, 16, 16]);
    }

    #[test]
    fn a_gradient_survives_shrinking_and_enlarging() {
        let there = scale(&gradient(1280, 64), 426, 20);
        let back = scale(&there, 1280, 64);
        let worst = gradient(1280, 64)
            .y()
            .iter()
            .zip(back.y())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(worst.unwrap() <= 3, "{worst:?}");
    }

    #[test]
    fn a_picture_fits_a_layer_with_its_proportions_and_is_never_enlarged() {
        assert_eq!(fit_within(1280, 720, 640, 360), (640, 360));
        assert_eq!(fit_within(640, 480, 1280, 720), (640, 480));
        assert_eq!(fit_within(640, 480, 320, 180), (240, 180));
        assert_eq!(fit_within(1080, 1920, 1280, 720), (404, 720));
        assert_eq!(fit_within(4096, 2, 320, 180), (320, 2));
    }
}
