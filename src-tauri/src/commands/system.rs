//! What the page asks about the app and the system around it.

use serde::Serialize;
use tauri::{AppHandle, Manager, State};
use visio_engine::video::h264::Library;

use super::{Answer, blocking, guarded};
use crate::clipboard;
use crate::frames::pull::Puller;
use crate::frames::server::FrameServer;
use crate::language::Language;
use crate::launch::Launch;
use crate::report::Reporter;
use crate::settings_store::SettingsStore;
use crate::trouble::Trouble;

/// The longest text that may be copied, in bytes: an invite with room to spare.
const MAX_COPIED_BYTES: usize = 64 * 1024;

/// What the page starts from.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// The language that the system speaks.
    language: Language,
    /// The app's version.
    version: &'static str,
    /// `linux`, `windows` or `macos`.
    platform: &'static str,
    /// An invite whose lobby to open at once.
    auto_invite: Option<String>,
    /// The name to open it with, instead of the settings'.
    auto_name: Option<String>,
    /// The file that damaged settings were put into at this start.
    settings_set_aside: Option<String>,
    /// What codes pictures: `builtIn`, `fetched` or `missing`.
    codec: &'static str,
}

/// Where frames are had from.
#[derive(Serialize)]
pub struct FramesEndpoint {
    /// A WebSocket.
    url: String,
    /// A base for `fetch`, for when the WebSocket doesn't work.
    fallback: String,
}

/// What the page starts from.
#[tauri::command]
pub async fn environment(app: AppHandle) -> Answer<Environment> {
    guarded(async {
        let launch = app.state::<Launch>();
        Ok(Environment {
            language: Language::of_the_system(),
            version: env!("CARGO_PKG_VERSION"),
            platform: std::env::consts::OS,
            // An invite that is joined at once needs no lobby.
            auto_invite: launch.invite.clone().filter(|_| !launch.join),
            auto_name: launch.name.clone(),
            settings_set_aside: app
                .state::<SettingsStore>()
                .set_aside()
                .map(|file| file.display().to_string()),
            codec: match Library::now() {
                Library::BuiltIn => "builtIn",
                Library::Fetched => "fetched",
                Library::Missing => "missing",
            },
        })
    })
    .await
}

/// Copies text for other programs to paste.
#[tauri::command]
pub async fn copy_text(app: AppHandle, text: String) -> Answer<()> {
    if text.len() > MAX_COPIED_BYTES {
        return Err(Trouble::of_kind("copyFailed"));
    }
    let copied = move || {
        clipboard::copy(&app, text).map_err(|error| {
            tracing::warn!(%error, "nothing was copied");
            Trouble::of_kind("copyFailed")
        })
    };
    blocking(copied).await
}

/// Where frames are had from.
#[tauri::command]
pub async fn frames_endpoint(server: State<'_, FrameServer>) -> Answer<FramesEndpoint> {
    guarded(async {
        Ok(FramesEndpoint {
            url: server.url(),
            fallback: Puller::url(),
        })
    })
    .await
}

/// The page has painted for the first time.
#[tauri::command]
pub async fn first_paint(reporter: State<'_, Reporter>) -> Answer<()> {
    reporter.painted();
    Ok(())
}
