//! Which of a camera's modes to use: the one nearest to 1280×720 at 30 frames a second. Pure.

use super::convert::PixelFormat;

/// The picture that the largest layer has.
const WANTED_PIXELS: f64 = 1280.0 * 720.0;

/// The rate at which people look alive.
const WANTED_FPS: f64 = 30.0;

/// Cost of half or twice the pixels.
const SIZE_COST: f64 = 2.0;

/// Cost of standing still; half the rate costs half of it. Dearer than detail: 640×480 at 30 is better
/// to talk to than 1280×720 at 10, which is all that many cameras give uncompressed.
const SLOW_COST: f64 = 8.0;

/// Cost of 30 frames a second more than wanted: they are only thrown away.
const FAST_COST: f64 = 0.5;

/// Cost of proportions other than 16:9, which leave bars or a cut.
const SHAPE_COST: f64 = 0.2;

/// One way in which a camera can deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraMode {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
    /// Layout of the pixels.
    pub format: PixelFormat,
}

impl CameraMode {
    /// How far this is from what is wanted; smaller is better.
    fn cost(&self) -> f64 {
        let pixels = f64::from(self.width.max(1)) * f64::from(self.height.max(1));
        let size = (pixels / WANTED_PIXELS).log2().abs() * SIZE_COST;
        let short = (WANTED_FPS - f64::from(self.fps)) / WANTED_FPS;
        let rate = if short > 0.0 {
            short * SLOW_COST
        } else {
            -short * FAST_COST
        };
        let wide = u64::from(self.width) * 9 == u64::from(self.height) * 16;
        size + rate + if wide { 0.0 } else { SHAPE_COST } + self.format_cost()
    }

    /// What converting it takes, and grey faces.
    fn format_cost(&self) -> f64 {
        match self.format {
            PixelFormat::Nv12 => 0.0,
            PixelFormat::Yuyv => 0.02,
            PixelFormat::Rgb | PixelFormat::Bgr => 0.06,
            PixelFormat::Mjpeg => 0.1,
            PixelFormat::Gray => 6.0,
        }
    }
}

/// The modes from best to worst.
pub fn rank(mut modes: Vec<CameraMode>) -> Vec<CameraMode> {
    modes.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
    modes.dedup();
    modes
}

#[cfg(test)]
mod tests {
    use super::*;
    use PixelFormat::{Gray, Mjpeg, Nv12, Yuyv};

    fn best(modes: &[(u32, u32, u32, PixelFormat)]) -> (u32, u32, u32, PixelFormat) {
        let modes = modes
            .iter()
            .map(|&(width, height, fps, format)| CameraMode {
                width,
                height,
                fps,
                format,
            })
            .collect();
        let best = rank(modes)[0];
        (best.width, best.height, best.fps, best.format)
    }

    #[test]
    fn the_usual_webcam_gives_720p_as_mjpeg() {
        let webcam = [
            (640, 480, 30, Yuyv),
            (1280, 720, 10, Yuyv),
            (1920, 1080, 5, Yuyv),
            (1280, 720, 30, Mjpeg),
            (1920, 1080, 30, Mjpeg),
        ];
        assert_eq!(best(&webcam), (1280, 720, 30, Mjpeg));
    }

    #[test]
    fn without_compression_motion_matters_more_than_detail() {
        let old = [
            (640, 480, 30, Yuyv),
            (1280, 720, 10, Yuyv),
            (320, 240, 30, Yuyv),
        ];
        assert_eq!(best(&old), (640, 480, 30, Yuyv));
    }

    #[test]
    fn the_cheapest_of_equal_modes_is_taken() {
        let rich = [
            (1280, 720, 30, Mjpeg),
            (1280, 720, 30, Yuyv),
            (1280, 720, 30, Nv12),
            (1280, 720, 60, Nv12),
        ];
        assert_eq!(best(&rich), (1280, 720, 30, Nv12));
    }

    #[test]
    fn colour_is_preferred_to_an_infrared_camera_of_the_right_size() {
        assert_eq!(
            best(&[(1280, 720, 30, Gray), (640, 360, 30, Yuyv)]),
            (640, 360, 30, Yuyv)
        );
    }
}
