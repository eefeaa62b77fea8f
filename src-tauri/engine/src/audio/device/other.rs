//! Windows and macOS: the system has one sound interface (WASAPI, CoreAudio), and it is quiet.

use std::sync::Arc;

use cpal::Host;

use crate::device::DeviceProblem;

/// The sound system to use.
pub(super) fn host() -> Result<Arc<Host>, DeviceProblem> {
    Ok(Arc::new(cpal::default_host()))
}

/// The same, to play to a speaker.
pub(super) fn host_to_play() -> Result<Arc<Host>, DeviceProblem> {
    host()
}

/// Whether a person should see this device in a list.
pub(super) fn is_shown(_: &cpal::DeviceId) -> bool {
    true
}

/// Nothing to silence here.
pub(super) fn be_quiet() {}
