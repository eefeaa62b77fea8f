//! The thread that waits for the system's notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::settle::Settling;
use super::system::{Bell, since_boot};
use super::view::View;
use super::{NetworkChange, addresses};

/// How often the thread wakes without being called: to see that it slept, and to end.
const TICK: Duration = Duration::from_secs(1);

/// A wake so much later than it should be was a machine that slept, or a program that was stopped.
/// Far more than a busy machine makes a thread wait.
const SLEPT: Duration = Duration::from_secs(4);

/// Watches the network until it is dropped.
pub struct NetworkWatch {
    over: Arc<AtomicBool>,
}

impl NetworkWatch {
    /// Starts to watch. `tell` is called on the watch's own thread: at once with what there is, then
    /// whenever that changes. It may block; when it returns false, nobody listens any more.
    ///
    /// A system that gives no notices is looked at once a second instead.
    pub fn start(tell: impl FnMut(NetworkChange) -> bool + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let watcher = Watcher {
            over: over.clone(),
            tell,
        };
        let started = thread::Builder::new()
            .name("network watch".to_owned())
            .spawn(move || watcher.run());
        if let Err(error) = started {
            tracing::warn!(%error, "changes of the network go unnoticed");
        }
        Self { over }
    }
}

impl Drop for NetworkWatch {
    /// The thread ends within a second.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

struct Watcher<T> {
    over: Arc<AtomicBool>,
    tell: T,
}

impl<T: FnMut(NetworkChange) -> bool> Watcher<T> {
    fn run(mut self) {
        // Before the first look: what changes in between is then noticed.
        let bell = Bell::hang()
            .inspect_err(|error| tracing::warn!(%error, "the system tells of no changes"))
            .ok();
        let mut view = look();
        let mut settling = Settling::default();
        let first = NetworkChange {
            addresses: view.addresses.iter().copied().collect(),
            moved: false,
        };
        let mut listened_to = (self.tell)(first);
        while listened_to && !self.over.load(Ordering::Relaxed) {
            let now = Instant::now();
            let due = settling.due().map_or(TICK, |due| due - now.min(due));
            let wait = due.min(TICK);
            let asleep = since_boot();
            let rang = match &bell {
                Some(bell) => bell.wait(wait),
                None => {
                    thread::sleep(TICK);
                    true
                }
            };
            let slept = since_boot().saturating_sub(asleep) > wait.max(TICK) + SLEPT;
            let now = Instant::now();
            if rang {
                settling.noticed(now);
            }
            if slept || settling.take(now) {
                let after = look();
                if let Some(change) = after.since(&view, slept) {
                    tracing::info!(?change, slept, "the network changed");
                    listened_to = (self.tell)(change);
                }
                view = after;
            }
        }
    }
}

/// What there is now.
fn look() -> View {
    let usable = addresses::usable_addresses().unwrap_or_else(|error| {
        tracing::warn!(%error, "the network interfaces can't be listed");
        Vec::new()
    });
    View {
        addresses: usable.into_iter().collect(),
        favourites: addresses::favourites(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_there_is_is_told_at_once_and_the_thread_ends_when_nobody_listens() {
        let (tell, told) = mpsc::channel();
        let watch = NetworkWatch::start(move |change| tell.send(change).is_ok());
        let first = told.recv_timeout(Duration::from_secs(20));
        assert!(!first.expect("a first report").moved);
        drop(watch);
        let patience = Duration::from_secs(20);
        // Its end of the channel goes with the thread.
        while told.recv_timeout(patience) != Err(mpsc::RecvTimeoutError::Disconnected) {}
    }
}
