//! Cameras on Windows: Media Foundation, through nokhwa.

use nokhwa::utils::{ApiBackend, CameraIndex, RequestedFormatType};

use crate::device::{DeviceInfo, DeviceProblem};
use crate::video::source::device_list::ListedCamera;

/// HRESULTs as the system prints them, and what they mean (mferror.h, winerror.h).
const REASONS: [(&str, DeviceProblem); 7] = [
    ("0x80070005", DeviceProblem::Refused), // E_ACCESSDENIED: the privacy setting
    ("0xC00D3EA3", DeviceProblem::Busy),    // MF_E_VIDEO_RECORDING_DEVICE_PREEMPTED
    ("0xC00D3704", DeviceProblem::Busy),    // MF_E_HW_MFT_FAILED_START_STREAMING: in use elsewhere
    ("0x80070020", DeviceProblem::Busy),    // ERROR_SHARING_VIOLATION
    ("0xC00D3EA2", DeviceProblem::Lost),    // MF_E_VIDEO_RECORDING_DEVICE_INVALIDATED
    ("0xC00D3EA1", DeviceProblem::Lost),    // MF_E_DEVICE_INVALIDATED
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

/// Nothing to prepare.
pub fn prepare(_index: &CameraIndex) {}

/// Any mode: the right one is chosen from the list once the camera is open.
pub fn opening_requests() -> Vec<RequestedFormatType> {
    vec![RequestedFormatType::None]
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
