//! What is written, felt and asked for by hand.

use serde_json::Value;
use tauri::{AppHandle, State, Url};
use visio_engine::call::Command;
use visio_engine::session;
use visio_protocol::Reaction;

use super::{Answer, blocking, guarded};
use crate::browser;
use crate::call::Call;
use crate::trouble::Trouble;

/// The longest text that is looked at, in bytes; of what is longer than a message may be, the engine takes the beginning.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Everything that is written in the call that is on, in order.
#[tauri::command]
pub async fn chat_messages(call: State<'_, Call>) -> Answer<Value> {
    guarded(async { Ok(call.messages().await) }).await
}

/// Writes this to everybody.
#[tauri::command]
pub async fn chat_say(call: State<'_, Call>, text: String) -> Answer<()> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Trouble::internal("a text too long to be typed"));
    }
    guarded(call.ask(session::say(&text))).await
}

/// Shows everybody a feeling for some seconds.
#[tauri::command]
pub async fn chat_react(call: State<'_, Call>, feeling: Reaction) -> Answer<()> {
    guarded(call.ask(Command::React(feeling))).await
}

/// Raises the hand, or lowers it.
#[tauri::command]
pub async fn raise_hand(call: State<'_, Call>, up: bool) -> Answer<()> {
    guarded(call.ask(session::raise_hand(up))).await
}

/// Opens a link that somebody wrote, in the system's browser.
#[tauri::command]
pub async fn open_link(app: AppHandle, url: String) -> Answer<()> {
    let url = of_the_web(&url)?;
    let opened = move || {
        browser::open(&app, &url).map_err(|error| {
            tracing::warn!(%error, "no browser took the link");
            Trouble::of_kind("linkFailed")
        })
    };
    blocking(opened).await
}

/// A link of the web and of nothing else, whatever the page asks for: a program of this computer could be opened by other schemes.
fn of_the_web(text: &str) -> Answer<Url> {
    let url: Url = text.parse().map_err(|_| Trouble::of_kind("linkFailed"))?;
    let plain = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain {
        Ok(url)
    } else {
        Err(Trouble::of_kind("linkFailed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_is_opened() {
        let opened = of_the_web("https://example.org/a b?c=\"d\"&e").unwrap();
        assert_eq!(opened.as_str(), "https://example.org/a%20b?c=%22d%22&e");
        for url in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "visio://call.example.org/j#CODE",
            "ms-settings:privacy",
            "https://bank.example@evil.example/",
            "-https://example.org",
            "/usr/bin/true",
            "https://",
            "",
        ] {
            assert_eq!(
                of_the_web(url),
                Err(Trouble::of_kind("linkFailed")),
                "{url}"
            );
        }
    }
}
