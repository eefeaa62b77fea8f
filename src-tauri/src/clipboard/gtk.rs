//! GTK's clipboard, which speaks X11 and Wayland and keeps what was copied for as long as the app runs.

use std::sync::mpsc;
use std::time::Duration;

use tauri::AppHandle;

use super::NotCopied;

/// How long the main thread may take. It is idle but for windows and menus.
const PATIENCE: Duration = Duration::from_secs(2);

/// Copies `text`. Blocks until the main thread, where GTK lives, has done it.
pub fn copy(app: &AppHandle, text: String) -> Result<(), NotCopied> {
    let (done, copied) = mpsc::sync_channel(1);
    app.run_on_main_thread(move || {
        gtk::Clipboard::get(&gtk::gdk::SELECTION_CLIPBOARD).set_text(&text);
        let _ = done.send(());
    })
    .map_err(|error| NotCopied(error.to_string()))?;
    copied
        .recv_timeout(PATIENCE)
        .map_err(|error| NotCopied(error.to_string()))
}
