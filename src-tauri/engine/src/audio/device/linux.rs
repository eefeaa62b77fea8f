//! Linux: PulseAudio (or PipeWire in its place) where a server answers, ALSA otherwise.
//!
//! `VISIO_AUDIO_HOST=pulseaudio` or `=alsa` asks for one of them alone, for tests and for machines where the choice is
//! wrong. alsa-lib writes to stderr whatever does not work while it probes; [`be_quiet`] sends that nowhere, for the thread
//! that calls it.

use std::sync::Arc;

use cpal::{Host, HostId};

use super::pulseaudio;
use crate::device::DeviceProblem;

/// Names the one host to use.
const HOST_VARIABLE: &str = "VISIO_AUDIO_HOST";

/// ALSA invents some twenty devices around each card. Shown are those that a person can tell apart; each of the others can
/// still be opened by its id.
const ALSA_SHOWN: [&str; 3] = ["default", "plughw:", "hdmi:"];

/// PulseAudio lists what each speaker plays as a source too, which is nobody's microphone.
const MONITOR_SUFFIX: &str = ".monitor";

/// The sound system to use, connected to: to look at its devices, and to record.
pub(super) fn host() -> Result<Arc<Host>, DeviceProblem> {
    connected(pulseaudio::connection)
}

/// The same, for one speaker that is played to while this is kept.
pub(super) fn host_to_play() -> Result<Arc<Host>, DeviceProblem> {
    connected(pulseaudio::connection_to_play)
}

fn connected(
    pulseaudio: impl FnOnce() -> Result<Arc<Host>, DeviceProblem>,
) -> Result<Arc<Host>, DeviceProblem> {
    let wanted = std::env::var(HOST_VARIABLE)
        .ok()
        .filter(|name| !name.is_empty());
    match wanted.as_deref() {
        Some("pulseaudio") => pulseaudio(),
        Some("alsa") => alsa(),
        Some(other) => Err(DeviceProblem::Failed(format!(
            "{HOST_VARIABLE}={other} is neither pulseaudio nor alsa"
        ))),
        None => pulseaudio().or_else(|_| alsa()),
    }
}

fn alsa() -> Result<Arc<Host>, DeviceProblem> {
    let host = cpal::host_from_id(HostId::Alsa).map_err(|_| DeviceProblem::None)?;
    Ok(Arc::new(host))
}

/// Whether a person should see this device in a list.
pub(super) fn is_shown(id: &cpal::DeviceId) -> bool {
    match id.host() {
        HostId::Alsa => ALSA_SHOWN.iter().any(|shown| id.id().starts_with(shown)),
        _ => !id.id().ends_with(MONITOR_SUFFIX),
    }
}

/// Keeps alsa-lib from writing to stderr on the calling thread.
pub(super) fn be_quiet() {
    if let Err(why) = alsa::Output::local_error_handler() {
        tracing::debug!(%why, "alsa-lib keeps writing its errors to stderr");
    }
}
