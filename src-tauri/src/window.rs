//! The one window: our own page and nothing else.

use tauri::webview::{NewWindowResponse, PermissionResponse};
use tauri::{AppHandle, Manager, Url, WebviewWindowBuilder};

/// Tells the app once that the page has painted something.
const FIRST_PAINT: &str = include_str!("first_paint.js");

/// Opens it, as `tauri.conf.json` describes it.
///
/// The page can't leave the app: no other address, no second window, no download, no device (the engine has them all).
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    let config = app
        .config()
        .app
        .windows
        .first()
        .ok_or(tauri::Error::WindowNotFound)?;
    WebviewWindowBuilder::from_config(app, config)?
        .initialization_script(FIRST_PAINT)
        .zoom_hotkeys_enabled(true)
        .on_navigation(is_our_own)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .build()?;
    Ok(())
}

/// Brings it before the person: out of the dock and over other windows, as far as the system lets a program do that by itself.
pub fn to_front(app: &AppHandle) {
    for window in app.webview_windows().into_values() {
        let asked = window
            .unminimize()
            .and_then(|()| window.show())
            .and_then(|()| window.set_focus());
        if let Err(error) = asked {
            tracing::warn!(%error, "the window could not be brought to the front");
        }
    }
}

/// Whether an address is the app's own: `tauri://localhost`, which Windows' webview calls `http://tauri.localhost`.
fn is_our_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_stays_at_home() {
        assert!(is_our_own(&"tauri://localhost/index.html".parse().unwrap()));
        for elsewhere in [
            "https://example.org/",
            "http://localhost/",
            "tauri://example.org/",
            "file:///etc/passwd",
            "data:text/html,hello",
            "javascript:alert(1)",
            "http://tauri.localhost.example.org/",
        ] {
            assert!(!is_our_own(&elsewhere.parse().unwrap()), "{elsewhere}");
        }
    }
}
