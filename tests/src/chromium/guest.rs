//! A guest: Visio's own page in a browser, used as its user would, by what is on it.

use std::path::Path;

use serde_json::{Value, json};

use super::browser::base64;
use super::{Browser, Start};
use crate::net::Namespace;
use crate::{Result, Trouble};

/// What a guest's browser is started with.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// Where it runs; on this machine itself if nowhere else.
    pub host: Option<&'a Namespace>,
    /// What its camera shows, a y4m file; without one Chromium's own film.
    pub film: Option<&'a Path>,
    /// What its microphone hears, a WAV file; without one Chromium's own beeps.
    pub voice: Option<&'a Path>,
    /// The language of its user, as browsers name it.
    pub language: &'a str,
    /// A certificate that it believes in.
    pub trusts: Option<&'a Path>,
    /// The server is taken for one with a certificate: that of a lab has none, and browsers give such pages no camera.
    pub trusted: bool,
}

impl Default for Visit<'_> {
    fn default() -> Self {
        Self {
            host: None,
            film: None,
            voice: None,
            language: "en",
            trusts: None,
            trusted: false,
        }
    }
}

/// Before anything else: what a tone is sent and heard by without being taken for noise, and what a test has to count.
const BEGINNING: &str = r#"
    localStorage.getItem("visio.settings") ?? localStorage.setItem("visio.settings", JSON.stringify({ music: true }));
    window.connections = [];
    window.complaints = [];
    addEventListener("error", ({ message }) => complaints.push(message));
    addEventListener("unhandledrejection", ({ reason }) => complaints.push(String(reason)));
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => complaints.push(violatedDirective + " " + blockedURI));
    window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...all) { super(...all); connections.push(this); }
    };
"#;

/// A picture as the page shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Brightness, row by row.
    pub luma: Vec<u8>,
}

/// The page of a guest. Dropping it closes its browser.
pub struct PageGuest {
    /// The browser, for what is not said here.
    pub browser: Browser,
}

impl PageGuest {
    /// Opens an invite link.
    pub fn open(invite: &str, visit: &Visit) -> Result<Self> {
        let language = format!("--accept-lang={}", visit.language);
        // People on one machine, as in most scenarios, meet on its loopback interface.
        let mut more = vec![&*language, "--allow-loopback-in-peer-connection"];
        let server = invite.split("/j#").next().unwrap_or_default();
        let trusted = format!("--unsafely-treat-insecure-origin-as-secure={server}");
        if visit.trusted {
            more.push(&trusted);
        }
        let mut browser = Browser::start_empty(&Start {
            host: visit.host,
            film: visit.film,
            voice: visit.voice,
            trusts: visit.trusts,
            more: &more,
        })?;
        browser.begin_with(BEGINNING)?;
        browser.go(invite)?;
        let mut guest = Self { browser };
        if guest.wait_for("main").is_err() {
            // A network that was plugged in a moment ago may change once more by itself; the browser then breaks off what it
            // loads, and its user would load the page again.
            guest.browser.reload()?;
            guest.wait_for("main")?;
        }
        Ok(guest)
    }

    /// Opens an invite link, and goes into the call.
    pub fn join(invite: &str, name: &str, visit: &Visit) -> Result<Self> {
        let mut guest = Self::open(invite, visit)?;
        guest.enter(name)?;
        guest.click("#lobby-join")?;
        guest.wait_for("[data-screen=call]")?;
        Ok(guest)
    }

    /// Goes into the lobby.
    pub fn enter(&mut self, name: &str) -> Result<()> {
        self.type_into("#name", name)?;
        self.click("#continue-button")?;
        self.wait_for("[data-screen=lobby]")
    }

    /// Waits until there is an element that fits.
    pub fn wait_for(&mut self, selector: &str) -> Result<()> {
        let selector = json!(selector);
        self.browser
            .wait_until(&format!("document.querySelector({selector})"))
    }

    /// Clicks an element.
    pub fn click(&mut self, selector: &str) -> Result<()> {
        self.wait_for(selector)?;
        let click = format!("document.querySelector({}).click()", json!(selector));
        self.browser.evaluate(&click).map(drop)
    }

    /// Presses an element by the keyboard, which a browser takes for its user's own will as it does not take a click by a script.
    pub fn press_on(&mut self, selector: &str) -> Result<()> {
        self.wait_for(selector)?;
        let focus = format!("document.querySelector({}).focus()", json!(selector));
        self.browser.evaluate(&focus)?;
        self.browser.press("Enter")
    }

    /// Replaces what a field holds.
    pub fn type_into(&mut self, selector: &str, text: &str) -> Result<()> {
        self.wait_for(selector)?;
        let script = format!(
            "(() => {{ const field = document.querySelector({}); field.value = {}; \
             for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {{ bubbles: true }})); }})()",
            json!(selector),
            json!(text)
        );
        self.browser.evaluate(&script).map(drop)
    }

    /// The text of an element, as it is shown.
    pub fn text(&mut self, selector: &str) -> Result<String> {
        self.wait_for(selector)?;
        let text = format!("document.querySelector({}).innerText", json!(selector));
        let text = self.browser.evaluate(&text)?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until these people, and nobody else, are seen with a picture.
    pub fn sees(&mut self, names: &[&str]) -> Result<()> {
        self.browser.wait_until(&format!(
            "JSON.stringify([...document.querySelectorAll('[data-test=tile][data-picture=true] .words')].map((it) => it.textContent).sort()) \
             === JSON.stringify({}.sort())",
            json!(names)
        ))
    }

    /// The ids of the tiles, in order.
    pub fn tiles(&mut self) -> Result<Vec<String>> {
        let ids =
            "[...document.querySelectorAll('[data-test=tile]')].map((it) => it.dataset.person)";
        Ok(serde_json::from_value(self.browser.evaluate(ids)?)?)
    }

    /// The id of a person's tile.
    pub fn tile(&mut self, name: &str) -> Result<String> {
        let id = format!(
            "[...document.querySelectorAll('[data-test=tile]')].find((it) => it.querySelector('.words')?.textContent === {})?.dataset.person",
            json!(name)
        );
        let id = self.browser.evaluate(&id)?;
        let id = id.as_str().map(str::to_owned);
        id.ok_or_else(|| Trouble::new(format!("there is no tile of {name}")))
    }

    /// How many pictures of a tile were shown so far.
    pub fn drawn(&mut self, tile: &str) -> Result<u64> {
        let drawn = "JSON.parse(document.querySelector('#pictures')?.dataset.drawn ?? '{}')";
        let drawn = self.browser.evaluate(drawn)?;
        Ok(drawn[tile].as_u64().unwrap_or_default())
    }

    /// The picture that a tile shows now, drawn on a canvas of at most this width.
    pub fn picture(&mut self, tile: &str, most: u32) -> Result<Shown> {
        let script = format!(
            "(() => {{ const video = document.querySelector('video[data-tile=\"{tile}\"]'); \
             if (!video?.videoWidth) return null; \
             const width = Math.min({most}, video.videoWidth) & ~1, height = Math.round(width * video.videoHeight / video.videoWidth) & ~1; \
             const context = Object.assign(document.createElement('canvas'), {{ width, height }}).getContext('2d'); \
             context.drawImage(video, 0, 0, width, height); \
             const {{ data }} = context.getImageData(0, 0, width, height); \
             let luma = ''; \
             for (let at = 0; at < data.length; at += 4) luma += String.fromCharCode(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]); \
             return {{ width, height, luma: btoa(luma) }}; }})()"
        );
        let shown = self.browser.evaluate(&script)?;
        let side = |name: &str| shown[name].as_u64().unwrap_or_default() as u32;
        let luma = shown["luma"].as_str();
        let luma =
            luma.ok_or_else(|| Trouble::new(format!("no picture is shown in tile {tile}")))?;
        Ok(Shown {
            width: side("width"),
            height: side("height"),
            luma: base64(luma)?,
        })
    }

    /// The tone that a person is heard with, in Hz: the loudest frequency of half a second; none in silence.
    pub fn tone(&mut self, tile: &str) -> Result<Option<f64>> {
        let script = format!(
            "(async () => {{ const voice = document.querySelector('audio[data-voice=\"{tile}\"]'); \
             if (!voice?.srcObject || voice.paused || voice.muted) return null; \
             const context = new AudioContext({{ sampleRate: 48000 }}); await context.resume(); \
             const analyser = new AnalyserNode(context, {{ fftSize: 16384, smoothingTimeConstant: 0 }}); \
             context.createMediaStreamSource(voice.srcObject).connect(analyser); \
             await new Promise((done) => setTimeout(done, 700)); \
             const bins = new Float32Array(analyser.frequencyBinCount); analyser.getFloatFrequencyData(bins); \
             await context.close(); \
             let best = 0; for (let bin = 0; bin < bins.length; bin++) if (bins[bin] > bins[best]) best = bin; \
             return bins[best] > -70 ? best * 48000 / 16384 : null; }})()"
        );
        Ok(self.browser.evaluate(&script)?.as_f64())
    }

    /// A number of the statistics of all connections, the newest of each kind first: `kind` is `inbound-rtp` and so on, `media` audio or
    /// video. Streams that nothing has come or gone by are left out.
    pub fn statistics(&mut self, kind: &str, media: &str, field: &str) -> Result<Vec<Value>> {
        let script = format!(
            "(async () => {{ const all = []; \
             for (const connection of connections.filter((it) => it.connectionState === 'connected')) \
             for (const it of (await connection.getStats()).values()) \
             if (it.type === '{kind}' && it.kind === '{media}' && (it.packetsReceived || it.packetsSent)) all.push(it['{field}'] ?? null); \
             return all; }})()"
        );
        Ok(serde_json::from_value(self.browser.evaluate(&script)?)?)
    }

    /// What carries packets to the relay by which the only connection goes: udp, tcp or tls; nothing without a relay.
    pub fn relay_protocol(&mut self) -> Result<String> {
        let script = "(async () => { \
             const all = await connections.find((it) => it.connectionState === 'connected').getStats(); \
             const pair = [...all.values()].find((it) => it.type === 'transport').selectedCandidatePairId; \
             return all.get(all.get(pair).localCandidateId).relayProtocol ?? ''; })()";
        Ok(serde_json::from_value(self.browser.evaluate(script)?)?)
    }

    /// What went wrong in the page: errors, and what its security policy did not allow.
    pub fn complaints(&mut self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(
            self.browser.evaluate("complaints")?,
        )?)
    }

    /// What axe-core, given as its source, finds wrong with the page as it is now, each in a line.
    pub fn axe(&mut self, source: &str) -> Result<Vec<String>> {
        self.browser.evaluate(&format!("{source};0"))?;
        let run = "axe.run().then(({ violations }) => violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target}`)))";
        Ok(serde_json::from_value(self.browser.evaluate(run)?)?)
    }
}
