//! Listens at a speaker or in the air of a room, and knows when it heard what.

use std::io::Read;
use std::process::{Child, ChildStdout, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Rooms;
use crate::trouble::During;
use crate::{Result, Trouble};

/// Buffered between the room and the ear.
const LATENCY: &str = "--latency-msec=10";

/// Samples a second.
const RATE: u64 = 48_000;

/// Listens until it is asked what it heard.
pub struct Ear {
    recorder: Child,
    reader: Option<JoinHandle<Heard>>,
}

/// Mono samples at 48 kHz, full scale ±1, with their times.
#[derive(Debug, Default)]
pub struct Heard {
    /// The samples, from the first heard.
    pub samples: Vec<f32>,
    /// When the first was heard, as the quickest deliveries tell: what came late was delayed on its way to the ear.
    started: Option<Instant>,
}

impl Ear {
    /// Listens at the sink `at`.
    pub fn listen(rooms: &Rooms, at: &str) -> Result<Self> {
        let mut recorder = rooms
            .command("pacat")
            .args([
                "--record",
                "--raw",
                "--format=float32le",
                "--rate=48000",
                "--channels=1",
                LATENCY,
            ])
            .arg(format!("--device={at}.monitor"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .during("starting pacat")?;
        let stdout = recorder
            .stdout
            .take()
            .ok_or_else(|| Trouble::new("pacat has no output"))?;
        let reader = std::thread::spawn(move || read(stdout));
        Ok(Self {
            recorder,
            reader: Some(reader),
        })
    }

    /// Stops listening.
    pub fn heard(mut self) -> Heard {
        self.stop().unwrap_or_default()
    }

    fn stop(&mut self) -> Option<Heard> {
        let _ = self.recorder.kill();
        let _ = self.recorder.wait();
        self.reader.take().and_then(|reader| reader.join().ok())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read(mut recorder: ChildStdout) -> Heard {
    let mut heard = Heard::default();
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(read) = recorder.read(&mut piece) {
        if read == 0 {
            break;
        }
        let now = Instant::now();
        bytes.extend_from_slice(&piece[..read]);
        let (samples, rest) = bytes.as_chunks::<4>();
        heard
            .samples
            .extend(samples.iter().map(|sample| f32::from_le_bytes(*sample)));
        bytes = rest.to_vec();
        let started = now.checked_sub(lasting(heard.samples.len()));
        heard.started = heard.started.into_iter().chain(started).min();
    }
    heard
}

impl Heard {
    /// When each burst began: the sound exceeds `threshold` after at least `pause` below it.
    pub fn bursts(&self, threshold: f32, pause: Duration) -> Vec<Instant> {
        let Some(started) = self.started else {
            return Vec::new();
        };
        let pause = (pause.as_secs_f64() * RATE as f64) as usize;
        let mut bursts = Vec::new();
        let mut last = None;
        for (n, sample) in self.samples.iter().enumerate() {
            if sample.abs() > threshold {
                if last.is_none_or(|last| n - last > pause) {
                    bursts.push(started + lasting(n));
                }
                last = Some(n);
            }
        }
        bursts
    }
}

fn lasting(samples: usize) -> Duration {
    Duration::from_nanos(samples as u64 * 1_000_000_000 / RATE)
}
