//! Reads a cable's counters at a steady pace, on a thread of its own, for as long as it lives.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Cable;
use super::cable::Reading;

/// How often it is read.
pub const EVERY: Duration = Duration::from_millis(100);

/// The cable at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Since the gauge was started.
    pub at: Duration,
    /// From the host into the network.
    pub up: Reading,
    /// From the network to the host.
    pub down: Reading,
}

/// Reads until it is dropped or asked for what it read.
pub struct Gauge {
    samples: Arc<Mutex<Vec<Sample>>>,
    started: Instant,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Gauge {
    /// Begins to read `cable`.
    pub fn start(cable: &Cable) -> Self {
        let samples = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let started = Instant::now();
        let read = cable.reader();
        let (kept, stopping) = (Arc::clone(&samples), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                let (up, down) = read();
                let at = started.elapsed();
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(Sample { at, up, down });
                std::thread::sleep(EVERY);
            }
        });
        Self {
            samples,
            started,
            stop,
            thread: Some(thread),
        }
    }

    /// How long it has been reading: the clock of its samples.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// What it has read so far.
    pub fn samples(&self) -> Vec<Sample> {
        self.samples
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
