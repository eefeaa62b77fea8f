//! Where pictures come from: a camera, the test pattern, a file, a screen. All alike behind [`Source`].

mod camera;
#[cfg_attr(target_os = "macos", allow(dead_code))] // there is no list to rank there
mod camera_mode;
mod convert;
mod device_list;
mod drawn;
mod file;
mod jpeg;
mod os;
mod screen;
mod spec;
mod y4m;

use std::fmt;
use std::sync::Arc;

pub use convert::PixelFormat;
pub use device_list::cameras;
pub use jpeg::{JpegDecoder, JpegError, trim_to_end_of_image};
#[cfg(target_os = "linux")]
pub(in crate::video) use screen::StreamFormat;
pub use screen::{ScreenInfo, ScreenSpec, ScreenSpecParseError, screens};
pub use spec::{CameraSpec, CameraSpecError, SpecParseError};
pub use y4m::{Y4mError, Y4mHeader, Y4mReader};

use super::content::Content;
use super::frame::Frame;
use crate::device::DeviceProblem;

/// Something that delivers pictures at its own pace. It lives on one capture thread.
pub trait Source {
    /// The system's own words for it, to be shown to people.
    fn name(&self) -> &str;

    /// Waits for the next picture.
    ///
    /// # Errors
    /// When it delivers no more; it must then be opened anew.
    fn next_frame(&mut self) -> Result<Arc<Frame>, DeviceProblem>;
}

/// What names something that delivers pictures.
pub trait Spec: Clone + PartialEq + fmt::Display + Send + 'static {
    /// Nothing.
    const NONE: Self;

    /// What the thread that reads it is called.
    const THREAD: &'static str;

    /// Opens what it names. Blocks for as long as that takes.
    ///
    /// # Errors
    /// Why there are no pictures. Nothing is [`DeviceProblem::None`].
    fn open(&self) -> Result<Box<dyn Source>, DeviceProblem>;

    /// Whether opening it asks the person, who takes their time: it is then opened once, and not again when it fails or ends.
    fn asks(&self) -> bool {
        false
    }

    /// Makes a blocked `open` or `next_frame` return, where the system has a way. Called by the watchdog from another thread.
    fn unblock(&self) {}
}

impl Spec for CameraSpec {
    const NONE: Self = Self::None;
    const THREAD: &'static str = "camera-read";

    fn open(&self) -> Result<Box<dyn Source>, DeviceProblem> {
        open(self)
    }

    fn unblock(&self) {
        unblock(self);
    }
}

/// Opens what the specification names. Blocks for as long as the device takes.
///
/// # Errors
/// Why there are no pictures. [`CameraSpec::None`] is [`DeviceProblem::None`].
pub fn open(spec: &CameraSpec) -> Result<Box<dyn Source>, DeviceProblem> {
    match spec {
        CameraSpec::None => Err(DeviceProblem::None),
        CameraSpec::Pattern { width, height, fps } => Ok(Box::new(drawn::DrawnSource::new(
            Content::Camera,
            *width,
            *height,
            *fps,
        ))),
        CameraSpec::File(path) => match file::FileSource::open(path) {
            Ok(source) => Ok(Box::new(source)),
            Err(error) => Err(DeviceProblem::Failed(error.to_string())),
        },
        CameraSpec::Default => Ok(Box::new(camera::CameraSource::open_default()?)),
        CameraSpec::Device(id) => open_camera(id, &PixelFormat::ALL),
    }
}

/// Opens the camera with this id in one of these layouts, where [`open`] takes whichever suits best: for
/// tests of each.
///
/// # Errors
/// Why there are no pictures.
pub fn open_camera(id: &str, layouts: &[PixelFormat]) -> Result<Box<dyn Source>, DeviceProblem> {
    Ok(Box::new(camera::CameraSource::open(id, layouts)?))
}

/// Makes a blocked `next_frame` of this camera return, where the system has a way. Called by the
/// watchdog from another thread.
pub fn unblock(spec: &CameraSpec) {
    if matches!(spec, CameraSpec::Default | CameraSpec::Device(_)) {
        os::unblock_cameras();
    }
}
