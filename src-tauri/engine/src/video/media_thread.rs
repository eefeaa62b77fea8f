//! A thread that media depends on: named, told to stop when its owner goes, and begun anew when it dies.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between the death of a thread's work and its next beginning, so that what fails at once does not
/// burn a core.
const RESTART_DELAY: Duration = Duration::from_millis(200);

/// Asks a thread to end.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks it.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was asked.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A running thread; dropping it asks it to end and waits until it has.
#[derive(Debug)]
pub struct MediaThread {
    stop: StopFlag,
    handle: Option<JoinHandle<()>>,
}

impl MediaThread {
    /// Runs `work` until it returns. If it panics, that is logged in one line, and it runs again.
    /// `work` must return soon (within a tenth of a second or so) once the flag is set.
    pub fn spawn(name: &'static str, work: impl FnMut(&StopFlag) + Send + 'static) -> Self {
        let stop = StopFlag::default();
        let flag = stop.clone();
        let mut work = work;
        let run = move || {
            while catch_unwind(AssertUnwindSafe(|| work(&flag))).is_err() && !flag.is_stopped() {
                tracing::error!(thread = name, "a media thread died and is started again");
                thread::sleep(RESTART_DELAY);
            }
        };
        let handle = thread::Builder::new()
            .name(name.into())
            .spawn(run)
            .inspect_err(
                |error| tracing::error!(thread = name, %error, "no thread could be started"),
            )
            .ok();
        Self { stop, handle }
    }
}

impl MediaThread {
    /// Asks it to end, without waiting; for an owner that can also wake it.
    pub fn stop(&self) {
        self.stop.stop();
    }
}

impl Drop for MediaThread {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(handle) = self.handle.take()
            && handle.thread().id() != thread::current().id()
        {
            // A panic was logged where it happened.
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn work_that_panics_is_begun_anew() {
        let (sender, receiver) = mpsc::channel();
        let mut attempts = 0;
        let _thread = MediaThread::spawn("test", move |_| {
            attempts += 1;
            sender.send(attempts).unwrap();
            assert!(attempts > 1, "the first attempt dies, as this test wants");
        });
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn dropping_ends_the_work() {
        let (sender, receiver) = mpsc::channel::<()>();
        let thread = MediaThread::spawn("test", move |stop| {
            let _held = &sender;
            while !stop.is_stopped() {
                thread::yield_now();
            }
        });
        drop(thread);
        assert!(
            receiver.recv().is_err(),
            "the thread has given up what it held"
        );
    }
}
