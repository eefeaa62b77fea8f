//! Which microphones and speakers there are.
//!
//! Asking takes milliseconds, and up to 2 s when a sound server hangs: not on a media thread.

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device, Host};

use super::{Direction, system};
use crate::device::DeviceInfo;

/// The microphones of this machine; none when there is no sound system.
pub fn microphones() -> Vec<DeviceInfo> {
    list(Direction::Capture)
}

/// The speakers of this machine; none when there is no sound system.
pub fn speakers() -> Vec<DeviceInfo> {
    list(Direction::Playback)
}

fn list(direction: Direction) -> Vec<DeviceInfo> {
    system::be_quiet();
    let Ok(host) = system::host() else {
        return Vec::new();
    };
    let Ok(devices) = host.devices() else {
        return Vec::new();
    };
    let default = default_device(&host, direction).and_then(|device| id_of(&device));
    devices
        .filter(|device| serves(device, direction))
        .filter(|device| device.id().is_ok_and(|id| system::is_shown(&id)))
        .filter_map(|device| {
            let id = id_of(&device)?;
            let default = default.as_ref() == Some(&id);
            Some(DeviceInfo {
                name: name_of(&device),
                default,
                id,
            })
        })
        .collect()
}

/// The device that the system would pick.
pub(super) fn default_device(host: &Host, direction: Direction) -> Option<Device> {
    match direction {
        Direction::Capture => host.default_input_device(),
        Direction::Playback => host.default_output_device(),
    }
}

/// The device with this id: as listed, or without the sound system's name in front.
pub(super) fn find(host: &Host, direction: Direction, id: &str) -> Option<Device> {
    let named = |device: &Device| {
        device
            .id()
            .is_ok_and(|own| own.to_string() == id || own.id() == id)
    };
    host.devices()
        .ok()?
        .find(|device| named(device) && serves(device, direction))
}

/// What identifies the device across restarts: the sound system's name and its own stable name for the device.
pub(super) fn id_of(device: &Device) -> Option<String> {
    device.id().ok().map(|id| id.to_string())
}

/// The system's words for the device.
pub(super) fn name_of(device: &Device) -> String {
    device.description().map_or_else(
        |_| "?".to_owned(),
        |description| description.name().to_owned(),
    )
}

fn serves(device: &Device, direction: Direction) -> bool {
    match direction {
        Direction::Capture => device.supports_input(),
        Direction::Playback => device.supports_output(),
    }
}
