//! "Test my connection".

use std::sync::{Mutex, PoisonError};

use tauri::ipc::Channel;
use tauri::{AppHandle, Manager};
use visio_engine::doctor::{Examined, Finding, conclude, examine};
use visio_protocol::Invite;

use super::call::chosen;
use super::{Answer, guarded};
use crate::launch::Launch;
use crate::settings_store::SettingsStore;
use crate::trouble::Trouble;

/// One examination at a time: two would find each other's camera busy.
#[derive(Default)]
pub struct Doctor {
    busy: tokio::sync::Mutex<()>,
}

/// Tries out all that a call needs, with the devices of the settings, and tells the page each finding when it is there. The
/// server is the invite's, or else the settings'. Answers the key of the sentence that sums everything up.
#[tauri::command]
pub async fn doctor(
    app: AppHandle,
    link: Option<String>,
    findings: Channel<Finding>,
) -> Answer<&'static str> {
    guarded(async {
        let doctor = app.state::<Doctor>();
        let _alone = doctor.busy.lock().await;
        let found = Mutex::new(Vec::new());
        examine(examined(&app, link.as_deref())?, |finding| {
            // A page that has gone meanwhile needs no answer.
            let _ = findings.send(finding.clone());
            found
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(finding);
        })
        .await;
        Ok(conclude(
            &found.into_inner().unwrap_or_else(PoisonError::into_inner),
        ))
    })
    .await
}

fn examined(app: &AppHandle, link: Option<&str>) -> Answer<Examined> {
    let (launch, settings) = (app.state::<Launch>(), app.state::<SettingsStore>().get());
    let invite = link.map(Invite::parse).transpose()?;
    let address = settings.server.trim();
    let server = if invite.is_some() || address.is_empty() {
        None
    } else {
        let server = address.parse();
        Some(server.map_err(|_| Trouble::with_server("serverAddress", address))?)
    };
    Ok(Examined {
        camera: chosen(launch.camera.as_deref(), &settings.camera)?,
        microphone: chosen(launch.microphone.as_deref(), &settings.microphone)?,
        speaker: chosen(launch.speaker.as_deref(), &settings.speaker)?,
        invite,
        server,
    })
}
