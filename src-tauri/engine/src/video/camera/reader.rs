//! One source on its own thread, from opening to the end of its pictures.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::device::DeviceProblem;
use crate::video::media_thread::StopFlag;
use crate::video::slot::FrameSlot;
use crate::video::source::Spec;

/// How long the end of a reader is waited for: a camera delivers, and its reader notices, within a
/// frame. After that the reader is told to let go by other means, and after twice that left behind.
const END_PATIENCE: Duration = Duration::from_millis(500);

/// What a reader tells of.
pub enum ReaderEvent {
    /// The source is open, with this name.
    Opened(String),
    /// There will be no more pictures.
    Ended(DeviceProblem),
}

/// A reader at work. Dropping it stops it, waiting at most twice [`END_PATIENCE`].
pub struct Reader<S: Spec> {
    spec: S,
    stop: StopFlag,
    last_frame: Arc<Mutex<Option<Instant>>>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl<S: Spec> Reader<S> {
    /// Starts the thread.
    pub fn start(
        spec: S,
        slot: Arc<FrameSlot>,
        tell: impl Fn(ReaderEvent) + Send + 'static,
    ) -> Self {
        let stop = StopFlag::default();
        let last_frame = Arc::default();
        let (alive, ended) = channel();
        let work = Work {
            spec: spec.clone(),
            slot,
            stop: stop.clone(),
            last_frame: Arc::clone(&last_frame),
            _alive: alive,
        };
        // Not a MediaThread, which would be waited for.
        let spawned = thread::Builder::new()
            .name(S::THREAD.into())
            .spawn(move || {
                let problem = catch_unwind(AssertUnwindSafe(|| work.run(&tell)))
                    .unwrap_or_else(|_| DeviceProblem::Failed("its driver broke down".into()));
                drop(work);
                tell(ReaderEvent::Ended(problem));
            });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread could be started for the camera");
        }
        Self {
            spec,
            stop,
            last_frame,
            ended,
        }
    }

    /// When it last delivered.
    pub fn last_frame(&self) -> Option<Instant> {
        *self
            .last_frame
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Spec> Drop for Reader<S> {
    fn drop(&mut self) {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        self.stop.stop();
        if self.ended.recv_timeout(END_PATIENCE) != Err(Timeout) {
            return;
        }
        self.spec.unblock();
        if self.ended.recv_timeout(END_PATIENCE) == Err(Timeout) {
            tracing::warn!(spec = %self.spec, "a camera or screen does not answer; its thread is left behind");
        }
    }
}

struct Work<S> {
    spec: S,
    slot: Arc<FrameSlot>,
    stop: StopFlag,
    last_frame: Arc<Mutex<Option<Instant>>>,
    _alive: Sender<()>,
}

impl<S: Spec> Work<S> {
    fn run(&self, tell: &impl Fn(ReaderEvent)) -> DeviceProblem {
        let mut source = match self.spec.open() {
            Ok(source) => source,
            Err(problem) => return problem,
        };
        let mut told = false;
        while !self.stop.is_stopped() {
            let frame = match source.next_frame() {
                Ok(frame) => frame,
                Err(problem) => return problem,
            };
            // One that was left behind must not disturb its successor.
            if self.stop.is_stopped() {
                break;
            }
            *self
                .last_frame
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            self.slot.publish(frame);
            if !told {
                tell(ReaderEvent::Opened(source.name().to_owned()));
                told = true;
            }
        }
        DeviceProblem::Lost
    }
}
