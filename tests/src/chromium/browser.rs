//! A headless Chromium, driven through its DevTools protocol over two pipes: messages of JSON, each ended by a zero byte.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::net::{self, Namespace};
use crate::{Process, Result, Trouble};

/// A browser is ready within a second or two; a machine under full load may need longer.
const ANSWERS: Duration = Duration::from_secs(30);

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
    /// Opens `page`, a file, in a browser on `host` of a lab, or on this machine itself. Its camera plays `film`, a y4m
    /// file, and its microphone `voice`, a WAV file, each again and again.
    pub fn open(
        host: Option<&Namespace>,
        page: &Path,
        film: Option<&Path>,
        voice: Option<&Path>,
    ) -> Result<Self> {
        let profile = tempfile::Builder::new()
            .prefix("visio-chromium-")
            .tempdir()?;
        let mut command = match host {
            Some(host) => net::command(host.name(), "sh"),
            None => Command::new("sh"),
        };
        // The protocol is spoken on the descriptors 3 and 4; the shell puts our pipes there.
        command.args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >&2", "sh"]);
        command.args(FLAGS);
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
        let mut browser = Self {
            process,
            input,
            messages: listen(output),
            session: String::new(),
            number: 0,
            _profile: profile,
        };
        let url = format!("file://{}", page.display());
        let target = browser.ask("Target.createTarget", json!({ "url": url }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", attach)?;
        browser.session = text(&session["sessionId"])?;
        let deadline = Instant::now() + ANSWERS;
        while browser.evaluate("document.readyState + typeof ready")? != json!("completefunction") {
            if Instant::now() > deadline {
                return Err(browser.process.trouble("did not load its page"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(browser)
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
