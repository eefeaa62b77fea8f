//! Reading and writing what is remembered.

use tauri::{AppHandle, Manager};

use super::{Answer, blocking, guarded};
use crate::settings::Settings;
use crate::settings_store::SettingsStore;
use crate::trouble::Trouble;

/// The settings.
#[tauri::command]
pub async fn settings_get(app: AppHandle) -> Answer<Settings> {
    guarded(async { Ok(app.state::<SettingsStore>().get()) }).await
}

/// Takes other settings. The trouble `settings` means that they hold until the app is closed.
#[tauri::command]
pub async fn settings_set(app: AppHandle, settings: Settings) -> Answer<()> {
    let written = move || {
        app.state::<SettingsStore>().set(settings).map_err(|error| {
            tracing::error!(%error, "the settings can't be written");
            Trouble::of_kind("settings")
        })
    };
    blocking(written).await
}
