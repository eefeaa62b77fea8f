//! The cameras of this machine. Listing them opens each for a moment, about a millisecond apiece.

use nokhwa::utils::CameraIndex;

use super::os;
use crate::device::{DeviceInfo, DeviceProblem};

/// A camera, and what nokhwa calls it.
pub struct ListedCamera {
    /// What people and settings call it.
    pub info: DeviceInfo,
    /// What it is opened by.
    pub index: CameraIndex,
}

/// The cameras of this machine, in the system's order; the first is the default.
pub fn cameras() -> Vec<DeviceInfo> {
    listed().into_iter().map(|camera| camera.info).collect()
}

/// The same, with what they are opened by.
pub fn listed() -> Vec<ListedCamera> {
    let mut cameras = os::list_cameras();
    if let Some(first) = cameras.first_mut() {
        first.info.default = true;
    }
    cameras
}

/// The camera with this id, or with this path where the system has paths.
///
/// # Errors
/// [`DeviceProblem::None`] when it is not there.
pub fn find(id: &str) -> Result<ListedCamera, DeviceProblem> {
    listed()
        .into_iter()
        .find(|camera| camera.info.id == id || os::is_path_of(id, &camera.index))
        .ok_or(DeviceProblem::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_is_not_there_is_none() {
        assert!(matches!(find("no such camera"), Err(DeviceProblem::None)));
    }

    #[test]
    fn at_most_one_camera_is_the_default_and_ids_differ() {
        let cameras = cameras();
        assert!(cameras.iter().filter(|camera| camera.default).count() <= 1);
        for (index, camera) in cameras.iter().enumerate() {
            assert!(cameras[..index].iter().all(|other| other.id != camera.id));
        }
    }
}
