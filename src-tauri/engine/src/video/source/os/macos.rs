//! Cameras on macOS: AVFoundation, through nokhwa.

use nokhwa::utils::{ApiBackend, CameraIndex, RequestedFormatType};
use nokhwa::{Camera, NokhwaError};

use super::layout::{exactly, open_with};
use crate::device::{DeviceInfo, DeviceProblem};
use crate::video::source::camera_mode::CameraMode;
use crate::video::source::convert::PixelFormat;
use crate::video::source::device_list::ListedCamera;

/// Sizes to ask for, best first: every Mac's camera gives the first, and older ones that are plugged in
/// the second. nokhwa's list of modes cannot be used here, it leaves out those of the layout asked for.
const SIZES: [(u32, u32); 2] = [(1280, 720), (640, 480)];

/// The cameras that AVFoundation lists; the id is the device's unique id.
pub fn list_cameras() -> Vec<ListedCamera> {
    nokhwa::query(ApiBackend::AVFoundation)
        .unwrap_or_default()
        .into_iter()
        .map(|camera| ListedCamera {
            info: DeviceInfo {
                id: camera.misc(),
                name: camera.human_name(),
                default: false,
            },
            index: camera.index().clone(),
        })
        .collect()
}

/// Cameras have no paths here.
pub fn is_path_of(_text: &str, _index: &CameraIndex) -> bool {
    false
}

/// Opens a camera near the wanted sizes, asking for permission first, which the system grants or not in
/// its own time; the camera is opened again when it was.
pub fn open_camera(index: &CameraIndex, layouts: &[PixelFormat]) -> Result<Camera, NokhwaError> {
    if !nokhwa::nokhwa_check() {
        nokhwa::nokhwa_initialize(|granted| tracing::info!(granted, "permission for the camera"));
    }
    for (width, height) in SIZES {
        let mode = CameraMode {
            width,
            height,
            fps: 30,
            format: PixelFormat::Yuyv,
        };
        let RequestedFormatType::Exact(near) = exactly(&mode) else {
            continue;
        };
        if let Ok(camera) = open_with(index, RequestedFormatType::Closest(near), layouts) {
            return Ok(camera);
        }
    }
    open_with(index, RequestedFormatType::None, layouts)
}

/// The system gives no numbers, but permission can be asked after.
pub fn problem_of(error: &str) -> DeviceProblem {
    if nokhwa::nokhwa_check() {
        DeviceProblem::Failed(error.to_owned())
    } else {
        DeviceProblem::Refused
    }
}

/// A read returns by itself when its device goes; there is no way to hasten it.
pub fn unblock_cameras() {}
