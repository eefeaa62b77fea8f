//! Cameras on macOS: AVFoundation, through nokhwa.

use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormatType, Resolution,
};

use crate::device::{DeviceInfo, DeviceProblem};
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

/// Asks for permission, which the system does once; the camera is opened again when it was given.
pub fn prepare(_index: &CameraIndex) {
    if !nokhwa::nokhwa_check() {
        nokhwa::nokhwa_initialize(|granted| tracing::info!(granted, "permission for the camera"));
    }
}

/// The modes to open a camera with, until one works.
pub fn opening_requests() -> Vec<RequestedFormatType> {
    let closest = SIZES.iter().map(|&(width, height)| {
        let resolution = Resolution::new(width, height);
        RequestedFormatType::Closest(CameraFormat::new(resolution, FrameFormat::YUYV, 30))
    });
    closest.chain([RequestedFormatType::None]).collect()
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
