//! The clipboard of Windows and of macOS, which keep what was copied by themselves.

use tauri::AppHandle;

use super::NotCopied;

/// Copies `text`. Blocks for as long as the system takes.
pub fn copy(_: &AppHandle, text: String) -> Result<(), NotCopied> {
    arboard::Clipboard::new()
        .and_then(|mut clipboard| clipboard.set_text(text))
        .map_err(|error| NotCopied(error.to_string()))
}
