//! A real camera, through nokhwa: V4L2, Media Foundation or AVFoundation.
//!
//! Reading blocks until the camera delivers, so it lives on a thread of its own that may be left behind
//! when it never does. The latency is the camera's own, and the conversion's (see [`super::convert`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use nokhwa::{Camera, NokhwaError};

use super::Source;
use super::convert::{ConvertError, Converter, PixelFormat};
use super::device_list::{ListedCamera, find, listed};
use super::os;
use crate::device::DeviceProblem;
use crate::video::frame::Frame;

/// Buffers in a row that are no picture, after which the camera is taken for broken. The first few of
/// a camera that has just been switched on often are not.
const MAX_BAD_FRAMES: u32 = 60;

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
            match Self::open_listed(camera, &PixelFormat::ALL) {
                Ok(source) => return Ok(source),
                Err(problem) => {
                    first_problem.get_or_insert(problem);
                }
            }
        }
        Err(first_problem.unwrap_or(DeviceProblem::None))
    }

    /// Opens the camera with this id, in one of these layouts.
    ///
    /// # Errors
    /// Why it does not work.
    pub fn open(id: &str, layouts: &[PixelFormat]) -> Result<Self, DeviceProblem> {
        Self::open_listed(find(id)?, layouts)
    }

    fn open_listed(listed: ListedCamera, layouts: &[PixelFormat]) -> Result<Self, DeviceProblem> {
        let mut camera = os::open_camera(&listed.index, layouts).map_err(problem)?;
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
        let format = os::layout::pixel_format(mode.format());
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

#[allow(clippy::needless_pass_by_value)] // so that it fits map_err
fn problem(error: NokhwaError) -> DeviceProblem {
    os::problem_of(&error.to_string())
}
