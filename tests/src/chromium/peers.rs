//! Pages in a call with one another.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Browser, Start};
use crate::net::Namespace;
use crate::{Result, Trouble};

/// What the browsers are started with.
#[derive(Clone, Debug)]
pub struct Media {
    /// What the cameras show, a y4m file.
    pub film: PathBuf,
    /// What the microphones hear, a WAV file; Chromium's own beeps where there is none.
    pub voice: Option<PathBuf>,
    /// The most that a picture may cost, bits per second.
    pub ceiling: u64,
}

/// One page each, on its own host. They are called by their index.
pub struct Peers {
    browsers: Vec<Browser>,
    _folder: TempDir,
}

impl Peers {
    /// Opens a browser on each of `hosts` (`None`: on this machine). Those of the first `senders` have cameras and
    /// microphones; the others only watch.
    pub fn open(hosts: &[Option<&Namespace>], senders: usize, media: &Media) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("visio-page-").tempdir()?;
        let page = folder.path().join("page.html");
        std::fs::write(&page, include_str!("page.html"))?;
        let mut browsers = Vec::new();
        for (index, host) in hosts.iter().enumerate() {
            let start = Start {
                host: *host,
                film: Some(&media.film),
                voice: media.voice.as_deref(),
                ..Start::default()
            };
            let mut browser = Browser::open(&page, &start)?;
            let sends = index < senders;
            browser.evaluate(&format!("ready({}, {sends}, {sends})", media.ceiling))?;
            browsers.push(browser);
        }
        Ok(Self {
            browsers,
            _folder: folder,
        })
    }

    /// Has page `from` connect to page `to`, under as many names as there are connections to be.
    pub fn connect(&mut self, from: usize, to: usize, connection: usize) -> Result<()> {
        let name = json!(format!("{to}.{connection}"));
        self.page(from)?
            .evaluate(&format!("connect({name}, true)"))
            .map(drop)
    }

    /// Carries what the pages have to say to one another.
    pub fn carry(&mut self) -> Result<()> {
        for from in 0..self.browsers.len() {
            let messages = self.browsers[from].evaluate("take()")?;
            for message in messages.as_array().into_iter().flatten() {
                let (to, connection) = message["to"]
                    .as_str()
                    .and_then(|to| to.split_once('.'))
                    .ok_or_else(|| Trouble::new("a page says something to nobody"))?;
                let to: usize = to.parse().map_err(|_| Trouble::new("to nobody known"))?;
                let name = json!(format!("{from}.{connection}"));
                self.page(to)?
                    .evaluate(&format!("hear({name}, {message})"))?;
            }
        }
        Ok(())
    }

    /// What page `who` measured of its connection to `from` so far.
    pub fn statistics(&mut self, who: usize, from: usize, connection: usize) -> Result<Value> {
        let name = json!(format!("{from}.{connection}"));
        self.page(who)?.evaluate(&format!(
            "connections.has({name}) ? statistics({name}) : {{}}"
        ))
    }

    /// Processor time that page `who`'s browser has used so far, seconds.
    pub fn cpu_seconds(&self, who: usize) -> f64 {
        self.browsers.get(who).map_or(0.0, Browser::cpu_seconds)
    }

    fn page(&mut self, index: usize) -> Result<&mut Browser> {
        self.browsers
            .get_mut(index)
            .ok_or_else(|| Trouble::new(format!("there is no page {index}")))
    }
}
