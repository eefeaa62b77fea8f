//! The thread on which one open device lives and dies.
//!
//! Opening, asking and closing may each block for as long as a sound server hangs. So each device has a thread of its own
//! for that; one that never returns is left behind, and [`MOST_STUCK`] bounds how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use super::{Open, Opened, Standing, Wanted, system};
use crate::audio::ring::Gauge;
use crate::device::DeviceProblem;

/// How often the system is asked whether the default device has changed, the open one is gone, or a lost one is back.
/// Asking costs ALSA some 10 ms of CPU, so not more often than a person would notice.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Closing takes some milliseconds; waiting for it lets the same device be opened again at once.
const CLOSING_TAKES: Duration = Duration::from_millis(500);

/// With so many threads stuck in the sound system, no more are sent there.
const MOST_STUCK: usize = 8;

/// Threads that are in a session now, stuck or not. Two run in a call.
static SESSIONS: AtomicUsize = AtomicUsize::new(0);

/// What happens on the session's thread.
pub(super) enum News<End> {
    Opened { name: String, end: End },
    Failed(DeviceProblem),
    Superseded,
    Gone,
}

/// A device that is being opened, or is open, until this is dropped.
pub(super) struct Session {
    stop: Option<Sender<()>>,
    done: Receiver<()>,
    pub(super) gauge: Arc<Gauge>,
}

impl Session {
    /// Begins to open a device. `tell` is called on the session's thread.
    pub(super) fn begin<End: 'static>(
        open: Open<End>,
        wanted: Wanted,
        tell: impl Fn(News<End>) + Send + 'static,
    ) -> Self {
        let gauge = Arc::new(Gauge::default());
        let (stop, stopped) = mpsc::channel();
        let (finished, done) = mpsc::channel();
        let session = Self {
            stop: Some(stop),
            done,
            gauge: gauge.clone(),
        };
        if SESSIONS.load(Ordering::Relaxed) >= MOST_STUCK {
            tell(News::Failed(DeviceProblem::Failed(
                "the sound system hangs".into(),
            )));
            return session;
        }
        let life = move || {
            let _counted = Counted::new();
            system::be_quiet();
            live(&open, &wanted, &gauge, &tell, &stopped);
            drop(finished);
        };
        if let Err(why) = std::thread::Builder::new()
            .name("audio-device".into())
            .spawn(life)
        {
            tracing::error!(%why, "no thread for a sound device");
        }
        session
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop = None;
        // Ends early, with an error, when the thread is done; a stuck one is left to itself.
        let _ = self.done.recv_timeout(CLOSING_TAKES);
    }
}

fn live<End>(
    open: &Open<End>,
    wanted: &Wanted,
    gauge: &Arc<Gauge>,
    tell: &impl Fn(News<End>),
    stopped: &Receiver<()>,
) {
    let Opened { device, end } = match open(wanted, gauge) {
        Ok(opened) => opened,
        Err(problem) => return tell(News::Failed(problem)),
    };
    tell(News::Opened {
        name: device.name().to_owned(),
        end,
    });
    while stopped.recv_timeout(ASK_EVERY) == Err(RecvTimeoutError::Timeout) {
        match device.standing() {
            Standing::Right => {}
            Standing::Superseded => tell(News::Superseded),
            Standing::Gone => tell(News::Gone),
        }
    }
}

/// Counts a session's thread for as long as it lives, panics included.
struct Counted;

impl Counted {
    fn new() -> Self {
        SESSIONS.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        SESSIONS.fetch_sub(1, Ordering::Relaxed);
    }
}
