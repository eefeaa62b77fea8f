//! Cameras, microphones and speakers: which there are, which to use, and whether they are on.

use serde::{Deserialize, Serialize};
use tauri::State;
use visio_engine::call::Command;
use visio_engine::device::DeviceInfo;
use visio_engine::{audio, video};

use super::{Answer, blocking, guarded};
use crate::call::Call;
use crate::trouble::Trouble;

/// What this machine has.
#[derive(Serialize)]
pub struct Devices {
    cameras: Vec<DeviceInfo>,
    microphones: Vec<DeviceInfo>,
    speakers: Vec<DeviceInfo>,
}

/// The kinds of device that a call uses.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Camera,
    Microphone,
    Speaker,
}

/// What this machine has, asked anew; for the settings, outside a call. In a call, its state says it.
#[tauri::command]
pub async fn devices() -> Answer<Devices> {
    blocking(|| {
        Ok(Devices {
            cameras: video::cameras(),
            microphones: audio::microphones(),
            speakers: audio::speakers(),
        })
    })
    .await
}

/// Uses another device in the call that is on. (The page remembers the choice for later ones, in the settings.)
#[tauri::command]
pub async fn select_device(call: State<'_, Call>, kind: Kind, spec: String) -> Answer<()> {
    guarded(async {
        call.ask(match kind {
            Kind::Camera => Command::SelectCamera(parse(&spec)?),
            Kind::Microphone => Command::SelectMicrophone(parse(&spec)?),
            Kind::Speaker => Command::SelectSpeaker(parse(&spec)?),
        })
        .await
    })
    .await
}

/// Mutes or unmutes the microphone.
#[tauri::command]
pub async fn set_muted(call: State<'_, Call>, muted: bool) -> Answer<()> {
    guarded(call.ask(Command::SetMuted(muted))).await
}

/// Makes the noise around the microphone fainter in the call that is on, or leaves it.
#[tauri::command]
pub async fn set_noise_suppression(call: State<'_, Call>, on: bool) -> Answer<()> {
    guarded(call.ask(Command::SetNoiseSuppression(on))).await
}

/// Sends music as it is in the call that is on, or a voice.
#[tauri::command]
pub async fn set_music(call: State<'_, Call>, on: bool) -> Answer<()> {
    guarded(call.ask(Command::SetMusic(on))).await
}

/// Turns the camera off or on.
#[tauri::command]
pub async fn set_camera_off(call: State<'_, Call>, off: bool) -> Answer<()> {
    guarded(call.ask(Command::SetCameraOff(off))).await
}

/// Plays a short sound on the speaker of the call.
#[tauri::command]
pub async fn play_test_sound(call: State<'_, Call>) -> Answer<()> {
    guarded(call.ask(Command::PlayTestSound)).await
}

/// Reads a device as visio-cli names it.
pub fn parse<Spec: std::str::FromStr>(text: &str) -> Answer<Spec> {
    text.parse().map_err(|_| Trouble::of_kind("deviceUnknown"))
}
