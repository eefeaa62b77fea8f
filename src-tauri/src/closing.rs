//! The end of the app: the others are told that we leave, the report is written, and both within a bounded time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager, RunEvent, WindowEvent};

use crate::call::Call;
use crate::report::Reporter;
use crate::second_start;

/// How long leaving may take. The goodbye is one request to the server; a network that takes longer is as good as gone,
/// and the others notice by themselves.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// When the process ends in any case, whatever hangs.
const LAST_RESORT: Duration = Duration::from_secs(4);

/// How far the end has come.
#[derive(Default)]
pub struct Closing {
    begun: AtomicBool,
    done: AtomicBool,
}

/// Holds the app open, unseen, until the call has been left.
pub fn on_run_event(app: &AppHandle, event: RunEvent) {
    match event {
        RunEvent::WindowEvent {
            event: WindowEvent::CloseRequested { api, .. },
            ..
        } => {
            api.prevent_close();
            begin(app);
        }
        // The system's own "quit", as on macOS.
        RunEvent::ExitRequested { api, .. }
            if !app.state::<Closing>().done.load(Ordering::SeqCst) =>
        {
            api.prevent_exit();
            begin(app);
        }
        _ => {}
    }
}

/// Leaves gracefully when the system asks the process to end.
#[cfg(unix)]
pub fn on_signals(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            match signal(kind) {
                Ok(mut signals) => {
                    signals.recv().await;
                    begin(&app);
                }
                Err(error) => tracing::warn!(%error, "a signal can't be listened for"),
            }
        });
    }
}

/// Windows closes the window instead.
#[cfg(not(unix))]
pub fn on_signals(_: &AppHandle) {}

fn begin(app: &AppHandle) {
    if app.state::<Closing>().begun.swap(true, Ordering::SeqCst) {
        return;
    }
    // To the person it is closed already.
    for window in app.webview_windows().into_values() {
        let _ = window.hide();
    }
    std::thread::spawn(|| {
        std::thread::sleep(LAST_RESORT);
        std::process::exit(1);
    });
    // Whoever starts Visio from now on means a new one.
    second_start::watch_no_more(app);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let call = app.state::<Call>();
        if tokio::time::timeout(LEAVE_TIMEOUT, call.leave())
            .await
            .is_err()
        {
            tracing::warn!("leaving took too long: the others will notice by themselves");
        }
        app.state::<Reporter>().write(call.report().await);
        app.state::<Closing>().done.store(true, Ordering::SeqCst);
        app.exit(0);
    });
}
