//! By GTK, which asks the desktop, or its portal, which program opens the web.

use std::sync::mpsc;
use std::time::Duration;

use tauri::{AppHandle, Url};

use super::NotOpened;

/// How long the main thread may take: starting a program, not waiting for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens `url`. Blocks until the main thread, where GTK lives, has done it.
pub fn open(app: &AppHandle, url: &Url) -> Result<(), NotOpened> {
    let (done, opened) = mpsc::sync_channel(1);
    let url = url.to_string();
    app.run_on_main_thread(move || {
        let result = gtk::show_uri_on_window(None::<&gtk::Window>, &url, gtk::current_event_time());
        let _ = done.send(result.map_err(|error| error.to_string()));
    })
    .map_err(|error| NotOpened(error.to_string()))?;
    opened
        .recv_timeout(PATIENCE)
        .map_err(|error| NotOpened(error.to_string()))?
        .map_err(NotOpened)
}
