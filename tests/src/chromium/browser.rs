//! A headless Chromium, driven through its DevTools protocol over two pipes: messages of JSON, each ended by a zero byte.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::trust::trust;
use crate::net::{self, Namespace};
use crate::{Process, Result, Trouble};

/// A browser is ready within a second or two; a machine under full load may need longer.
const ANSWERS: Duration = Duration::from_secs(30);

/// How often the page is asked whether it is so far.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Messages that wait to be read, at most; a page that talks faster than that makes its browser wait.
const WAITING: usize = 256;

/// What makes it quiet, blind to whoever drives it, and independent of a screen, a sound card and the internet.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    // Hosts of a lab have nobody who would answer for a name that stands for their address.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--remote-debugging-pipe",
];

/// What a browser is started with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start<'a> {
    /// A host of a lab; otherwise this machine itself.
    pub host: Option<&'a Namespace>,
    /// A y4m file, which its camera plays again and again.
    pub film: Option<&'a Path>,
    /// A WAV file, the same for its microphone.
    pub voice: Option<&'a Path>,
    /// A certificate that it believes in. Needs [`TRUST_NEEDS`](super::TRUST_NEEDS).
    pub trusts: Option<&'a Path>,
    /// Options of its own.
    pub more: &'a [&'a str],
}

/// A running browser with one page open. Dropping it closes it.
pub struct Browser {
    process: Process,
    input: ChildStdin,
    messages: Receiver<Value>,
    session: String,
    number: u64,
    _profile: TempDir,
}

impl Browser {
    /// Opens `page`, a file.
    pub fn open(page: &Path, start: &Start) -> Result<Self> {
        let mut browser = Self::start(start)?;
        browser.attach(&format!("file://{}", page.display()))?;
        browser.wait_until("document.readyState + typeof ready === 'completefunction'")?;
        Ok(browser)
    }

    /// A browser with an empty page.
    pub fn start_empty(start: &Start) -> Result<Self> {
        let mut browser = Self::start(start)?;
        browser.attach("about:blank")?;
        Ok(browser)
    }

    fn start(start: &Start) -> Result<Self> {
        let Start {
            host,
            film,
            voice,
            trusts,
            more,
        } = *start;
        let profile = tempfile::Builder::new()
            .prefix("visio-chromium-")
            .tempdir()?;
        let mut command = match host {
            Some(host) => net::command(host.name(), "sh"),
            None => Command::new("sh"),
        };
        // The protocol is spoken on the descriptors 3 and 4; the shell puts our pipes there.
        command.args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >&2", "sh"]);
        command.args(FLAGS).args(more);
        if let Some(certificate) = trusts {
            trust(profile.path(), certificate)?;
            command.env("HOME", profile.path());
        }
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        if let Some(film) = film {
            command.arg(format!(
                "--use-file-for-fake-video-capture={}",
                film.display()
            ));
        }
        if let Some(voice) = voice {
            command.arg(format!(
                "--use-file-for-fake-audio-capture={}",
                voice.display()
            ));
        }
        command.arg("about:blank");
        let (process, input, output) = Process::spawn_to_talk("chromium", &mut command)?;
        Ok(Self {
            process,
            input,
            messages: listen(output),
            session: String::new(),
            number: 0,
            _profile: profile,
        })
    }

    /// Opens a page to be driven.
    fn attach(&mut self, url: &str) -> Result<()> {
        let target = self.ask("Target.createTarget", json!({ "url": url }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.ask("Target.attachToTarget", attach)?;
        self.session = text(&session["sessionId"])?;
        Ok(())
    }

    /// Goes to an address, and waits until the page there has loaded.
    pub fn go(&mut self, url: &str) -> Result<()> {
        let answer = self.ask("Page.navigate", json!({ "url": url }))?;
        match answer.get("errorText") {
            Some(error) => Err(Trouble::new(format!("{url} can't be opened: {error}"))),
            None => self.wait_until("document.readyState === 'complete'"),
        }
    }

    /// Loads the page once more, as its user would.
    pub fn reload(&mut self) -> Result<()> {
        self.evaluate("window.isOld = true")?;
        self.ask("Page.reload", json!({}))?;
        self.wait_until("!window.isOld && document.readyState === 'complete'")
    }

    /// Has every page that is opened from now on begin with a script.
    pub fn begin_with(&mut self, script: &str) -> Result<()> {
        self.ask("Page.enable", json!({}))?;
        let script = json!({ "source": script });
        self.ask("Page.addScriptToEvaluateOnNewDocument", script)?;
        Ok(())
    }

    /// Shows the page in this size; as on a phone, with fingers and so many device pixels to one of CSS, or as in a window.
    pub fn resize(&mut self, width: u32, height: u32, phone: Option<f64>) -> Result<()> {
        let scale = phone.unwrap_or(1.0);
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone.is_some() });
        self.ask("Emulation.setDeviceMetricsOverride", metrics)?;
        let touch = json!({ "enabled": phone.is_some() });
        self.ask("Emulation.setTouchEmulationEnabled", touch)?;
        Ok(())
    }

    /// Presses a key, by its name in the DOM: `Tab`, `Enter`, `m`.
    pub fn press(&mut self, key: &str) -> Result<()> {
        let text = match key {
            "Enter" => "\r",
            key if key.len() == 1 => key,
            _ => "",
        };
        let code = match key {
            "Enter" => 13,
            "Tab" => 9,
            "Escape" => 27,
            " " => 32,
            key => u32::from(key.to_ascii_uppercase().as_bytes()[0]),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event =
                json!({ "type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code });
            self.ask("Input.dispatchKeyEvent", event)?;
        }
        Ok(())
    }

    /// What the page looks like, as a PNG.
    pub fn screenshot(&mut self) -> Result<Vec<u8>> {
        let answer = self.ask("Page.captureScreenshot", json!({ "format": "png" }))?;
        base64(&text(&answer["data"])?)
    }

    /// Waits until an expression is true in the page.
    pub fn wait_until(&mut self, expression: &str) -> Result<()> {
        let deadline = Instant::now() + ANSWERS;
        // While a page is being left there is nothing that could answer.
        while !matches!(
            self.evaluate(&format!("Boolean({expression})")),
            Ok(Value::Bool(true))
        ) {
            if Instant::now() > deadline {
                let shown = self.evaluate("document.body.innerText")?;
                return Err(self.process.trouble(&format!(
                    "waited in vain for {expression}; the page says: {shown}"
                )));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// The value of an expression in the page; a promise is waited for.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let question =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.ask("Runtime.evaluate", question)?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(Trouble::new(format!(
                "the page could not evaluate {expression:.80}: {details}"
            ))),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// Processor time of the browser and all its children so far.
    pub fn cpu_seconds(&self) -> f64 {
        crate::usage::seconds_of_tree(self.process.id())
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = serde_json::to_vec(&message)?;
        bytes.push(0);
        self.input
            .write_all(&bytes)
            .map_err(|error| self.process.trouble(&format!("does not listen: {error}")))?;
        let deadline = Instant::now() + ANSWERS;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = self
                .messages
                .recv_timeout(left)
                .map_err(|_| self.process.trouble(&format!("did not answer {method}")))?;
            if answer["id"] == json!(self.number) {
                return match answer.get("error") {
                    Some(error) => Err(Trouble::new(format!("{method}: {error}"))),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }
}

/// Reads messages on a thread of its own, until the browser closes its end.
fn listen(output: ChildStdout) -> Receiver<Value> {
    let (sender, messages) = mpsc::sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut bytes = Vec::new();
        while output.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            bytes.pop();
            let message = serde_json::from_slice(&bytes);
            bytes.clear();
            // Events that nobody has asked for carry no number and are nobody's answer.
            if let Ok(message @ Value::Object(_)) = message
                && message.get("id").is_some()
                && sender.send(message).is_err()
            {
                return;
            }
        }
    });
    messages
}

fn text(value: &Value) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Trouble::new("chromium left its answer out"))
}

/// The bytes that base64 stands for (RFC 4648, section 4).
pub(super) fn base64(text: &str) -> Result<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = ALPHABET.iter().position(|known| *known == letter);
        let value = value.ok_or_else(|| Trouble::new("no base64"))?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(base64(text).unwrap(), bytes.as_bytes());
        }
        assert!(base64("a b").is_err());
    }
}
