//! A real camera, through nokhwa: V4L2, Media Foundation or AVFoundation.
//!
//! Reading blocks until the camera delivers, so it lives on a thread of its own that may be left behind
//! when it never does. The latency is the camera's own, and the conversion's (see [`super::convert`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use nokhwa::utils::{CameraFormat, FrameFormat, RequestedFormat, RequestedFormatType, Resolution};
use nokhwa::{Camera, NokhwaError};

use super::Source;
use super::camera_mode::{CameraMode, rank};
use super::convert::{ConvertError, Converter, PixelFormat};
use super::device_list::{ListedCamera, find, listed};
use super::os;
use crate::device::DeviceProblem;
use crate::video::frame::Frame;

/// Modes that are tried when a camera refuses what it offered.
const MODE_ATTEMPTS: usize = 4;

/// Buffers in a row that are no picture, after which the camera is taken for broken. The first few of
/// a camera that has just been switched on often are not.
const MAX_BAD_FRAMES: u32 = 60;

/// The layouts that can be converted.
const FORMATS: [FrameFormat; 6] = [
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::MJPEG,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];

/// An open camera that streams.
pub struct CameraSource {
    /// There until it is dropped.
    camera: Option<Camera>,
    name: String,
    converter: Converter,
}

impl CameraSource {
    /// Opens the first camera that works.
    ///
    /// # Errors
    /// Why the first of them does not.
    pub fn open_default() -> Result<Self, DeviceProblem> {
        let mut first_problem = None;
        for camera in listed() {
            match Self::open_listed(camera) {
                Ok(source) => return Ok(source),
                Err(problem) => {
                    first_problem.get_or_insert(problem);
                }
            }
        }
        Err(first_problem.unwrap_or(DeviceProblem::None))
    }

    /// Opens the camera with this id.
    ///
    /// # Errors
    /// Why it does not work.
    pub fn open(id: &str) -> Result<Self, DeviceProblem> {
        Self::open_listed(find(id)?)
    }

    fn open_listed(listed: ListedCamera) -> Result<Self, DeviceProblem> {
        os::prepare(&listed.index);
        let mut camera = open_in_some_mode(&listed).map_err(problem)?;
        set_best_mode(&mut camera);
        camera.open_stream().map_err(problem)?;
        let mode = camera.camera_format();
        tracing::info!(camera = %listed.info.name, %mode, "camera opened");
        Ok(Self {
            camera: Some(camera),
            name: listed.info.name,
            converter: Converter::default(),
        })
    }

    fn read(&mut self) -> Result<Result<Arc<Frame>, ConvertError>, NokhwaError> {
        let camera = self.camera.as_mut().ok_or(NokhwaError::UnitializedError)?;
        let mode = camera.camera_format();
        let data = camera.frame_raw()?;
        let format = pixel_format(mode.format());
        Ok(self
            .converter
            .convert(format, mode.width(), mode.height(), &data, Instant::now()))
    }
}

impl Source for CameraSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn next_frame(&mut self) -> Result<Arc<Frame>, DeviceProblem> {
        let mut last_error = None;
        for _ in 0..MAX_BAD_FRAMES {
            match self.read().map_err(problem)? {
                Ok(frame) => return Ok(frame),
                Err(error) => last_error = Some(error),
            }
        }
        let why = last_error.map_or_else(String::new, |error| error.to_string());
        Err(DeviceProblem::Failed(why))
    }
}

impl Drop for CameraSource {
    /// nokhwa panics when a camera cannot be closed properly. It is closed all the same.
    fn drop(&mut self) {
        let camera = self.camera.take();
        if catch_unwind(AssertUnwindSafe(|| drop(camera))).is_err() {
            tracing::warn!(camera = %self.name, "the camera did not close properly");
        }
    }
}

fn open_in_some_mode(listed: &ListedCamera) -> Result<Camera, NokhwaError> {
    let mut requests = os::opening_requests().into_iter();
    let mut attempt = requests.next().unwrap_or(RequestedFormatType::None);
    loop {
        let request = RequestedFormat::with_formats(attempt, &FORMATS);
        match (Camera::new(listed.index.clone(), request), requests.next()) {
            (Err(_), Some(next)) => attempt = next,
            (result, _) => return result,
        }
    }
}

/// Where the system lists modes, takes the best of them that the camera accepts.
fn set_best_mode(camera: &mut Camera) {
    let offered = camera.compatible_camera_formats().unwrap_or_default();
    let modes = offered.into_iter().map(|mode| CameraMode {
        width: mode.width(),
        height: mode.height(),
        fps: mode.frame_rate(),
        format: pixel_format(mode.format()),
    });
    for mode in rank(modes.collect()).into_iter().take(MODE_ATTEMPTS) {
        let resolution = Resolution::new(mode.width, mode.height);
        let exact = CameraFormat::new(resolution, frame_format(mode.format), mode.fps);
        if exact == camera.camera_format() {
            return;
        }
        let request = RequestedFormat::with_formats(RequestedFormatType::Exact(exact), &FORMATS);
        match camera.set_camera_requset(request) {
            Ok(_) => return,
            Err(error) => {
                tracing::debug!(%error, ?mode, "the camera refuses a mode that it offers")
            }
        }
    }
}

fn pixel_format(format: FrameFormat) -> PixelFormat {
    match format {
        FrameFormat::MJPEG => PixelFormat::Mjpeg,
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::GRAY => PixelFormat::Gray,
        FrameFormat::RAWRGB => PixelFormat::Rgb,
        FrameFormat::RAWBGR => PixelFormat::Bgr,
    }
}

fn frame_format(format: PixelFormat) -> FrameFormat {
    match format {
        PixelFormat::Mjpeg => FrameFormat::MJPEG,
        PixelFormat::Yuyv => FrameFormat::YUYV,
        PixelFormat::Nv12 => FrameFormat::NV12,
        PixelFormat::Gray => FrameFormat::GRAY,
        PixelFormat::Rgb => FrameFormat::RAWRGB,
        PixelFormat::Bgr => FrameFormat::RAWBGR,
    }
}

#[allow(clippy::needless_pass_by_value)] // so that it fits map_err
fn problem(error: NokhwaError) -> DeviceProblem {
    os::problem_of(&error.to_string())
}
