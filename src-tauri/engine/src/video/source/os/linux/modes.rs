//! The modes of a V4L2 camera, as the kernel lists them.

use std::io;

use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::{FrameSizeEnum, Stepwise};
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, FourCC, Fraction};

use crate::video::source::camera_mode::CameraMode;
use crate::video::source::convert::PixelFormat;

/// Sizes to ask of a camera that takes any, best first.
const FREE_SIZES: [(u32, u32); 3] = [(1280, 720), (640, 480), (640, 360)];

/// The rate to ask of a camera that takes any, or lists none.
const FREE_FPS: u32 = 30;

/// Every mode of these layouts with a whole number of frames a second; nokhwa knows no others.
pub fn offered(device: &Device, layouts: &[PixelFormat]) -> Vec<CameraMode> {
    let listed = device.enum_formats().unwrap_or_default();
    let mut modes = Vec::new();
    for &format in layouts {
        let fourcc = fourcc(format);
        if !listed
            .iter()
            .any(|description| description.fourcc == fourcc)
        {
            continue;
        }
        for (width, height) in sizes(device, fourcc) {
            for fps in rates(device, fourcc, width, height) {
                modes.push(CameraMode {
                    width,
                    height,
                    fps,
                    format,
                });
            }
        }
    }
    modes
}

/// Sets a mode, and makes sure that it is the one that was set.
pub fn set(device: &Device, mode: &CameraMode) -> io::Result<()> {
    let wanted = Format::new(mode.width, mode.height, fourcc(mode.format));
    let set = device.set_format(&wanted)?;
    let interval = device.set_params(&Parameters::with_fps(mode.fps))?.interval;
    let same_picture =
        (set.width, set.height, set.fourcc) == (wanted.width, wanted.height, wanted.fourcc);
    if same_picture && whole_rate(interval) == Some(mode.fps) && interval.numerator == 1 {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "it sets {set} and {interval} s instead"
        )))
    }
}

fn fourcc(format: PixelFormat) -> FourCC {
    FourCC::new(match format {
        PixelFormat::Mjpeg => b"MJPG",
        PixelFormat::Yuyv => b"YUYV",
        PixelFormat::Nv12 => b"NV12",
        PixelFormat::Gray => b"GRAY",
        PixelFormat::Rgb => b"RGB3",
        PixelFormat::Bgr => b"BGR3",
    })
}

fn sizes(device: &Device, fourcc: FourCC) -> Vec<(u32, u32)> {
    let listed = device.enum_framesizes(fourcc).unwrap_or_default();
    listed
        .into_iter()
        .flat_map(|listed| match listed.size {
            FrameSizeEnum::Discrete(size) => vec![(size.width, size.height)],
            FrameSizeEnum::Stepwise(range) => FREE_SIZES.map(|size| nearest(&range, size)).to_vec(),
        })
        .collect()
}

fn nearest(range: &Stepwise, (width, height): (u32, u32)) -> (u32, u32) {
    let fit = |wanted: u32, least: u32, most: u32, step: u32| {
        let wanted = wanted.clamp(least, most.max(least));
        wanted - (wanted - least) % step.max(1)
    };
    (
        fit(width, range.min_width, range.max_width, range.step_width),
        fit(
            height,
            range.min_height,
            range.max_height,
            range.step_height,
        ),
    )
}

fn rates(device: &Device, fourcc: FourCC, width: u32, height: u32) -> Vec<u32> {
    let listed = device
        .enum_frameintervals(fourcc, width, height)
        .unwrap_or_default();
    if listed.is_empty() {
        return vec![FREE_FPS];
    }
    listed
        .into_iter()
        .filter_map(|listed| match listed.interval {
            FrameIntervalEnum::Discrete(interval) => whole_rate(interval),
            FrameIntervalEnum::Stepwise(range) => {
                // The shortest interval is the highest rate.
                Some(whole_rate(range.min).unwrap_or(FREE_FPS).min(FREE_FPS))
            }
        })
        .collect()
}

/// Frames a second of an interval in seconds, where that is a whole number.
fn whole_rate(interval: Fraction) -> Option<u32> {
    let whole = interval.numerator > 0 && interval.denominator.is_multiple_of(interval.numerator);
    whole.then(|| interval.denominator / interval.numerator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_rates_count() {
        assert_eq!(whole_rate(Fraction::new(1, 30)), Some(30));
        assert_eq!(whole_rate(Fraction::new(2, 60)), Some(30));
        assert_eq!(whole_rate(Fraction::new(2, 25)), None);
        assert_eq!(whole_rate(Fraction::new(0, 25)), None);
    }

    #[test]
    fn a_camera_that_takes_any_size_is_asked_for_the_nearest_it_can() {
        let range = Stepwise {
            min_width: 48,
            max_width: 800,
            step_width: 32,
            min_height: 32,
            max_height: 2000,
            step_height: 0,
        };
        assert_eq!(nearest(&range, (1280, 720)), (784, 720));
        assert_eq!(nearest(&range, (640, 480)), (624, 480));
    }
}
