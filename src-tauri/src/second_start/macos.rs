//! macOS: the system starts a program once, and tells it of whatever is opened later ([`on_run_event`]).

use tauri::{AppHandle, Builder, RunEvent, Wry};

use crate::link;

/// Nothing to watch for.
pub fn watch(builder: Builder<Wry>) -> Builder<Wry> {
    builder
}

/// A link was opened, or the program started again.
pub fn on_run_event(app: &AppHandle, event: &RunEvent) {
    match event {
        RunEvent::Opened { urls } => link::open(app, urls.iter().map(ToString::to_string)),
        RunEvent::Reopen { .. } => link::open(app, []),
        _ => {}
    }
}

/// Nothing was watched for.
pub fn watch_no_more(_: &AppHandle) {}
