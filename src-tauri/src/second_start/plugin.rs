//! Linux and Windows: a name that only one Visio can have, on the person's message bus (D-Bus) or as a mutex. A link is an
//! argument of a start. Where there is no bus, every start opens a window.

use tauri::{AppHandle, Builder, RunEvent, Wry};

use crate::link;

/// Has later starts told to this one. Where another Visio runs already, it is told of this start, and this process ends when
/// the app is built.
pub fn watch(builder: Builder<Wry>) -> Builder<Wry> {
    builder.plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
        link::open(app, arguments);
    }))
}

/// Leaves the name to whoever starts next.
pub fn watch_no_more(app: &AppHandle) {
    let held = app.clone();
    // Windows lets a window be closed only by the thread that made it.
    let left = app.run_on_main_thread(move || tauri_plugin_single_instance::destroy(&held));
    if let Err(error) = left {
        tracing::warn!(%error, "later starts are still told to this one");
    }
}

/// Nothing to do for the window's own events.
pub fn on_run_event(_: &AppHandle, _: &RunEvent) {}
