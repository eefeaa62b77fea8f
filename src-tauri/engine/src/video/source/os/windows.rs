//! Cameras on Windows: Media Foundation, through nokhwa.

use nokhwa::utils::{ApiBackend, CameraIndex, RequestedFormat, RequestedFormatType};
use nokhwa::{Camera, NokhwaError};

use super::layout::{exactly, frame_format, open_with, pixel_format};
use crate::device::{DeviceInfo, DeviceProblem};
use crate::video::source::camera_mode::{CameraMode, rank};
use crate::video::source::convert::PixelFormat;
use crate::video::source::device_list::ListedCamera;

/// Modes that are tried when a camera refuses what it offered.
const MODE_ATTEMPTS: usize = 4;

/// HRESULTs as the system prints them, and what they mean (mferror.h, winerror.h).
const REASONS: [(&str, DeviceProblem); 6] = [
    ("0x80070005", DeviceProblem::Refused), // E_ACCESSDENIED: the privacy setting
    ("0xC00D3EA3", DeviceProblem::Busy),    // MF_E_VIDEO_RECORDING_DEVICE_PREEMPTED
    ("0xC00D3704", DeviceProblem::Busy),    // MF_E_HW_MFT_FAILED_START_STREAMING: in use elsewhere
    ("0x80070020", DeviceProblem::Busy),    // ERROR_SHARING_VIOLATION
    ("0xC00D3EA2", DeviceProblem::Lost),    // MF_E_VIDEO_RECORDING_DEVICE_INVALIDATED
    ("0x8007001F", DeviceProblem::Lost),    // ERROR_GEN_FAILURE: pulled out while reading
];

/// The cameras that Media Foundation lists; the id is the symbolic link of the device.
pub fn list_cameras() -> Vec<ListedCamera> {
    nokhwa::query(ApiBackend::MediaFoundation)
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

/// Cameras have no paths here but their ids.
pub fn is_path_of(_text: &str, _index: &CameraIndex) -> bool {
    false
}

/// Opens a camera in any mode of these layouts, then sets the best that it lists and accepts.
pub fn open_camera(index: &CameraIndex, layouts: &[PixelFormat]) -> Result<Camera, NokhwaError> {
    let mut camera = open_with(index, RequestedFormatType::None, layouts)?;
    let offered = camera.compatible_camera_formats().unwrap_or_default();
    let modes = offered.into_iter().map(|mode| CameraMode {
        width: mode.width(),
        height: mode.height(),
        fps: mode.frame_rate(),
        format: pixel_format(mode.format()),
    });
    let wanted = modes
        .filter(|mode| layouts.contains(&mode.format))
        .collect();
    for mode in rank(wanted).into_iter().take(MODE_ATTEMPTS) {
        let layout = [frame_format(mode.format)];
        let request = RequestedFormat::with_formats(exactly(&mode), &layout);
        match camera.set_camera_requset(request) {
            Ok(_) => break,
            Err(error) => {
                tracing::debug!(%error, ?mode, "the camera refuses a mode that it offers")
            }
        }
    }
    Ok(camera)
}

/// nokhwa passes the system's words on, which hold the error's number.
pub fn problem_of(error: &str) -> DeviceProblem {
    REASONS
        .iter()
        .find(|(code, _)| {
            error
                .to_ascii_uppercase()
                .contains(&code.to_ascii_uppercase())
        })
        .map_or_else(
            || DeviceProblem::Failed(error.to_owned()),
            |(_, problem)| problem.clone(),
        )
}

/// A read returns by itself when its device goes; there is no way to hasten it.
pub fn unblock_cameras() {}
