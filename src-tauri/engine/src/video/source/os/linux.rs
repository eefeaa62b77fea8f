//! Cameras on Linux: V4L2 nodes, asked directly what nokhwa does not tell.
#![allow(unsafe_code)] // one ioctl that frees a blocked reader

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use nokhwa::utils::{CameraIndex, RequestedFormatType};
use v4l::capability::Flags;
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, FourCC};

use crate::device::{DeviceInfo, DeviceProblem};
use crate::video::source::device_list::ListedCamera;

/// Where the kernel lists its video nodes.
const NODES: &str = "/sys/class/video4linux";

/// The layouts that nokhwa knows.
const KNOWN: [&[u8; 4]; 6] = [b"MJPG", b"YUYV", b"NV12", b"RGB3", b"BGR3", b"GRAY"];

/// What a camera is set to when it stands at something that nokhwa refuses to read.
const SAFE_FPS: u32 = 30;

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

/// nokhwa refuses a camera that stands at a layout it does not know, or at a broken number of frames
/// a second, before it sets its own.
pub fn prepare(index: &CameraIndex) {
    let CameraIndex::Index(number) = index else {
        return;
    };
    let Ok(device) = Device::new(*number as usize) else {
        return;
    };
    if let Ok(mut format) = device.format()
        && !is_known(format.fourcc)
        && let Ok(formats) = device.enum_formats()
        && let Some(known) = formats.into_iter().find(|format| is_known(format.fourcc))
    {
        format.fourcc = known.fourcc;
        let _ = device.set_format(&format);
    }
    if let Ok(parameters) = device.params()
        && parameters.interval.numerator != 1
    {
        let _ = device.set_params(&Parameters::with_fps(SAFE_FPS));
    }
}

fn is_known(fourcc: FourCC) -> bool {
    KNOWN.contains(&&fourcc.repr)
}

/// Any mode: the right one is chosen from the list once the camera is open.
pub fn opening_requests() -> Vec<RequestedFormatType> {
    vec![RequestedFormatType::None]
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
