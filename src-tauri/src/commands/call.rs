//! From an invite into a call and out of it.

use std::str::FromStr;

use serde_json::Value;
use tauri::{AppHandle, Manager, State};
use visio_engine::call::{Command, InviteShown};
use visio_engine::session::SessionOptions;
use visio_engine::signaling;
use visio_protocol::Invite;

use super::devices::parse;
use super::{Answer, guarded};
use crate::call::Call;
use crate::hosting::Hosting;
use crate::launch::Launch;
use crate::link::Link;
use crate::report::Reporter;
use crate::settings_store::SettingsStore;
use crate::trouble::Trouble;

/// How tall somebody is shown of whom the page has not said so yet, rows of device pixels: a tile in a usual window.
const SHOWN_AT_FIRST: u32 = 720;

/// Says what an invite is, or what is wrong with it. Makes no request.
#[tauri::command]
pub async fn invite_check(text: String) -> Answer<InviteShown> {
    guarded(async { Ok(InviteShown::from(&Invite::parse(&text)?)) }).await
}

/// The invite link that the system handed over and the page has not had yet, as it was handed over.
#[tauri::command]
pub async fn link_take(link: State<'_, Link>) -> Answer<Option<String>> {
    guarded(async { Ok(link.take()) }).await
}

/// Makes a room on a server, and an invite to it.
#[tauri::command]
pub async fn call_create(server: String, host_code: String) -> Answer<InviteShown> {
    guarded(async {
        let address = server
            .parse()
            .map_err(|_| Trouble::with_server("serverAddress", &server))?;
        Ok(InviteShown::from(
            &signaling::create_room(&address, host_code.trim()).await?,
        ))
    })
    .await
}

/// Makes a room on this computer, for whoever is on the same network, and an invite to it.
#[tauri::command]
pub async fn call_host(hosting: State<'_, Hosting>) -> Answer<InviteShown> {
    guarded(async { Ok(InviteShown::from(&hosting.invite().await?)) }).await
}

/// Opens the lobby of a call, in place of any call that is on.
#[tauri::command]
pub async fn call_open(app: AppHandle, link: String, name: String) -> Answer<()> {
    guarded(open_call(&app, &link, Some(name), false)).await
}

/// Goes from the lobby into the call.
#[tauri::command]
pub async fn call_join(call: State<'_, Call>) -> Answer<()> {
    guarded(call.ask(Command::Join)).await
}

/// Leaves the lobby or the call. Does nothing when none is on.
#[tauri::command]
pub async fn call_leave(call: State<'_, Call>) -> Answer<()> {
    guarded(async {
        call.leave().await;
        Ok(())
    })
    .await
}

/// The state of the call that is on; null when none is.
#[tauri::command]
pub async fn call_state(call: State<'_, Call>) -> Answer<Option<Value>> {
    guarded(async { Ok(call.state().await) }).await
}

/// What was measured in the call that is on, or in the last one, with what the window has drawn.
#[tauri::command]
pub async fn call_report(call: State<'_, Call>, reporter: State<'_, Reporter>) -> Answer<Value> {
    guarded(async { Ok(reporter.complete(call.report().await)) }).await
}

/// Opens a call with the devices of the settings, and with what the environment wants instead of them. A name that isn't
/// given is the environment's or the settings'.
pub async fn open_call(
    app: &AppHandle,
    invite: &str,
    name: Option<String>,
    join: bool,
) -> Answer<()> {
    let (launch, settings) = (app.state::<Launch>(), app.state::<SettingsStore>().get());
    let options = SessionOptions {
        invite: Invite::parse(invite)?,
        name: name
            .or_else(|| launch.name.clone())
            .unwrap_or(settings.name),
        camera: chosen(launch.camera.as_deref(), &settings.camera)?,
        microphone: chosen(launch.microphone.as_deref(), &settings.microphone)?,
        speaker: chosen(launch.speaker.as_deref(), &settings.speaker)?,
        noise_suppression: settings.noise_suppression,
        music: settings.music,
        join,
        show: Some(SHOWN_AT_FIRST),
        most_picture: None,
    };
    app.state::<Hosting>().wake_for(&options.invite).await;
    app.state::<Call>().open(options).await;
    Ok(())
}

/// The device that the environment wants, or else the settings'. What the settings hold may be from another version: it is no
/// reason to stay out of a call.
pub(super) fn chosen<Spec: FromStr>(wanted: Option<&str>, remembered: &str) -> Answer<Spec> {
    wanted.map_or_else(|| parse(remembered).or_else(|_| parse("default")), parse)
}
