//! The screen that is shared: what could be, and what is.

use tauri::State;
use visio_engine::call::Command;
use visio_engine::video::{self, ScreenInfo};

use super::devices::parse;
use super::{Answer, blocking, guarded};
use crate::call::Call;

/// The screens and windows that could be shared now.
#[tauri::command]
pub async fn screens() -> Answer<Vec<ScreenInfo>> {
    blocking(|| Ok(video::screens())).await
}

/// Shares one of them, by its id; or nothing any more, with `none`.
#[tauri::command]
pub async fn share_screen(call: State<'_, Call>, spec: String) -> Answer<()> {
    guarded(async { call.ask(Command::Share(parse(&spec)?)).await }).await
}
