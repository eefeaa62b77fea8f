//! Between our names for modes and layouts and nokhwa's.

use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};
use nokhwa::{Camera, NokhwaError};

use crate::video::source::camera_mode::CameraMode;
use crate::video::source::convert::PixelFormat;

/// nokhwa's name of a layout.
pub fn frame_format(format: PixelFormat) -> FrameFormat {
    match format {
        PixelFormat::Mjpeg => FrameFormat::MJPEG,
        PixelFormat::Yuyv => FrameFormat::YUYV,
        PixelFormat::Nv12 => FrameFormat::NV12,
        PixelFormat::Gray => FrameFormat::GRAY,
        PixelFormat::Rgb => FrameFormat::RAWRGB,
        PixelFormat::Bgr => FrameFormat::RAWBGR,
    }
}

/// Our name of a layout.
pub fn pixel_format(format: FrameFormat) -> PixelFormat {
    match format {
        FrameFormat::MJPEG => PixelFormat::Mjpeg,
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::GRAY => PixelFormat::Gray,
        FrameFormat::RAWRGB => PixelFormat::Rgb,
        FrameFormat::RAWBGR => PixelFormat::Bgr,
    }
}

/// A request for this mode and no other.
pub fn exactly(mode: &CameraMode) -> RequestedFormatType {
    let resolution = Resolution::new(mode.width, mode.height);
    let format = CameraFormat::new(resolution, frame_format(mode.format), mode.fps);
    RequestedFormatType::Exact(format)
}

/// Opens a camera with one request, of these layouts only.
///
/// # Errors
/// The system's, in nokhwa's words.
pub fn open_with(
    index: &CameraIndex,
    request: RequestedFormatType,
    layouts: &[PixelFormat],
) -> Result<Camera, NokhwaError> {
    let layouts: Vec<_> = layouts.iter().copied().map(frame_format).collect();
    Camera::new(
        index.clone(),
        RequestedFormat::with_formats(request, &layouts),
    )
}
