//! Cameras on Linux: V4L2 nodes, asked directly what nokhwa does not tell.
#![allow(unsafe_code)] // one ioctl that frees a blocked reader

mod modes;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use nokhwa::utils::{CameraIndex, RequestedFormatType};
use nokhwa::{Camera, NokhwaError};
use v4l::Device;
use v4l::capability::Flags;

use super::layout::{exactly, open_with};
use crate::device::{DeviceInfo, DeviceProblem};
use crate::video::source::camera_mode::rank;
use crate::video::source::convert::PixelFormat;
use crate::video::source::device_list::ListedCamera;

/// Where the kernel lists its video nodes.
const NODES: &str = "/sys/class/video4linux";

/// Modes that are tried when a camera refuses what it offered.
const MODE_ATTEMPTS: usize = 4;

/// Nodes that capture video into shared memory. Others of the same cameras carry metadata, radio,
/// or pictures in the other direction.
pub fn list_cameras() -> Vec<ListedCamera> {
    let mut cameras: Vec<ListedCamera> = Vec::new();
    for number in node_numbers() {
        // The bindings panic on names that are not UTF-8.
        let Ok(Some((bus, name))) = catch_unwind(|| describe(number)) else {
            continue;
        };
        let same_bus = cameras
            .iter()
            .filter(|camera| bus_of(&camera.info.id) == bus)
            .count();
        // A second camera on one plug is the infrared one.
        let id = if same_bus == 0 {
            bus
        } else {
            format!("{bus}#{same_bus}")
        };
        cameras.push(ListedCamera {
            info: DeviceInfo {
                id,
                name,
                default: false,
            },
            index: CameraIndex::Index(number),
        });
    }
    cameras
}

fn bus_of(id: &str) -> &str {
    id.split('#').next().unwrap_or(id)
}

fn node_numbers() -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir(NODES) else {
        return Vec::new();
    };
    let mut numbers: Vec<u32> = entries
        .filter_map(|entry| {
            entry
                .ok()?
                .file_name()
                .to_str()?
                .strip_prefix("video")?
                .parse()
                .ok()
        })
        .filter(|number| path(*number).exists())
        .collect();
    numbers.sort_unstable();
    numbers
}

fn path(number: u32) -> PathBuf {
    PathBuf::from(format!("/dev/video{number}"))
}

/// Bus and name of a node that captures. One that may not be opened is listed all the same, if it is
/// the first of its device, so that its person can be told why.
fn describe(number: u32) -> Option<(String, String)> {
    let Ok(device) = Device::new(number as usize) else {
        let attribute = |name: &str| {
            let file = Path::new(NODES).join(format!("video{number}")).join(name);
            std::fs::read_to_string(file)
                .ok()
                .map(|text| text.trim().to_owned())
        };
        let first_of_device = attribute("index").is_none_or(|index| index == "0");
        let name = attribute("name")?;
        return first_of_device.then(|| (path(number).display().to_string(), name));
    };
    let capabilities = device.query_caps().ok()?;
    let captures = capabilities
        .capabilities
        .contains(Flags::VIDEO_CAPTURE | Flags::STREAMING);
    let other_use = capabilities
        .capabilities
        .intersects(Flags::TOUCH | Flags::VIDEO_M2M);
    (captures && !other_use).then_some((capabilities.bus, capabilities.card))
}

/// `/dev/video2`, or a link to it.
pub fn is_path_of(text: &str, index: &CameraIndex) -> bool {
    let CameraIndex::Index(number) = index else {
        return false;
    };
    let resolved = std::fs::canonicalize(text).unwrap_or_else(|_| PathBuf::from(text));
    resolved == path(*number)
}

/// Opens a camera in the best mode of these layouts that it accepts. The mode is set before nokhwa sees the
/// camera, because nokhwa mistakes 2/25 s for 1/25 s, and refuses whatever it cannot express.
pub fn open_camera(index: &CameraIndex, layouts: &[PixelFormat]) -> Result<Camera, NokhwaError> {
    let mut last_error = None;
    if let CameraIndex::Index(number) = index
        && let Ok(device) = Device::new(*number as usize)
    {
        let ranked = rank(modes::offered(&device, layouts));
        for mode in ranked.into_iter().take(MODE_ATTEMPTS) {
            match modes::set(&device, &mode) {
                Ok(()) => {}
                // Another program streams: no mode can be set.
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                    return Err(NokhwaError::OpenStreamError(error.to_string()));
                }
                Err(error) => {
                    tracing::debug!(%error, ?mode, "the camera refuses a mode that it offers");
                    continue;
                }
            }
            match open_with(index, exactly(&mode), layouts) {
                Ok(camera) => return Ok(camera),
                Err(error) => last_error = Some(error),
            }
        }
    }
    match last_error {
        Some(error) => Err(error),
        None => open_with(index, RequestedFormatType::None, layouts),
    }
}

/// nokhwa passes the system's words on, which end in the error's number.
pub fn problem_of(error: &str) -> DeviceProblem {
    let number = error
        .rsplit_once("(os error ")
        .and_then(|(_, rest)| rest.split(')').next()?.parse().ok());
    match number {
        Some(libc::EBUSY) => DeviceProblem::Busy,
        Some(libc::EACCES | libc::EPERM) => DeviceProblem::Refused,
        Some(libc::ENODEV | libc::ENXIO | libc::ENOENT) => DeviceProblem::Lost,
        _ => DeviceProblem::Failed(error.to_owned()),
    }
}

/// Stops the streams of every camera that this process has open. A reader that waits for a picture then
/// wakes with an error and lets go of its camera.
pub fn unblock_cameras() {
    let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    for entry in descriptors.flatten() {
        let is_camera = std::fs::read_link(entry.path())
            .is_ok_and(|target| target.to_string_lossy().starts_with("/dev/video"));
        let number = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        if let (true, Some(descriptor)) = (is_camera, number) {
            stop_stream(descriptor);
        }
    }
}

fn stop_stream(descriptor: i32) {
    let mut kind = v4l::buffer::Type::VideoCapture as u32;
    // SAFETY: STREAMOFF reads one int during the call. Should the descriptor have been closed and
    // opened as something else meanwhile, the call fails with ENOTTY and does nothing.
    let stopped = unsafe {
        v4l::v4l2::ioctl(
            descriptor,
            v4l::v4l2::vidioc::VIDIOC_STREAMOFF,
            (&raw mut kind).cast(),
        )
    };
    if let Err(error) = stopped {
        tracing::debug!(%error, descriptor, "a camera's stream could not be stopped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_reasons_are_told_apart() {
        let problem = |text: &str| problem_of(text).kind();
        assert_eq!(
            problem("Could not open device stream: Device or resource busy (os error 16)"),
            "busy"
        );
        assert_eq!(
            problem("V4L2 Error: Permission denied (os error 13)"),
            "refused"
        );
        assert_eq!(
            problem("Could not capture frame: No such device (os error 19)"),
            "lost"
        );
        assert_eq!(problem("Failed to Fufill"), "failed");
    }

    #[test]
    fn freeing_readers_where_there_are_none_does_nothing() {
        unblock_cameras();
    }
}
