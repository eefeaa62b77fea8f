//! The system's stream of pictures of one screen or window.
#![allow(unsafe_code)] // the framework has no safe face

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use block2::RcBlock;
use dispatch2::DispatchQueue;
use objc2::AnyThread;
use objc2::rc::Retained;
use objc2::runtime::ProtocolObject;
use objc2_core_media::CMTime;
use objc2_core_video::kCVPixelFormatType_32BGRA;
use objc2_foundation::NSError;
use objc2_screen_capture_kit::{SCStream, SCStreamConfiguration, SCStreamOutputType};

use super::output::{Output, Shown, problem_of};
use super::subject::Subject;
use crate::device::DeviceProblem;
use crate::video::source::screen::watcher::Pixels;

/// Pictures a second, at most: as often as they are looked at.
const FPS: i32 = 15;

/// Buffers that the system keeps for us: one is copied while it fills the next, and one is to spare.
const BUFFERS: isize = 3;

/// Longest time that the beginning may take: some tens of milliseconds, unless a service of the system is down.
const STARTING: Duration = Duration::from_secs(3);

/// Longest time that the end is waited for. Its reader is given half a second.
const STOPPING: Duration = Duration::from_millis(300);

/// A running stream. It is stopped when it is dropped.
pub(super) struct Stream {
    stream: Retained<SCStream>,
    /// What the stream calls; it lives as long.
    output: Retained<Output>,
    shown: Arc<Shown>,
}

impl Stream {
    /// # Errors
    /// [`DeviceProblem::Refused`] without the person's permission; [`DeviceProblem::Silent`] when the system does not answer; or
    /// what the system says.
    pub fn start(subject: &Subject) -> Result<Self, DeviceProblem> {
        let shown = Arc::<Shown>::default();
        let output = Output::new(Arc::clone(&shown));
        let (new, filter) = (SCStream::alloc(), &subject.filter);
        let configuration = configuration(subject.size);
        let delegate = ProtocolObject::from_ref(&*output);
        // SAFETY: a new object; the delegate outlives it, as a field of the same struct.
        let stream = unsafe {
            SCStream::initWithFilter_configuration_delegate(
                new,
                filter,
                &configuration,
                Some(delegate),
            )
        };
        // Made before the stream runs, so that it is stopped whatever comes.
        let this = Self {
            stream,
            output,
            shown,
        };
        this.connect()?;
        let (answer, told) = answer();
        // SAFETY: the block takes what the method gives, and holds only what may be used on any thread.
        unsafe { this.stream.startCaptureWithCompletionHandler(Some(&answer)) };
        told.recv_timeout(STARTING)
            .map_err(|_| DeviceProblem::Silent)??;
        Ok(this)
    }

    /// The newest picture; waits a little for the first.
    ///
    /// # Errors
    /// Why there are no more, or [`DeviceProblem::Silent`] when none comes.
    pub fn newest(&self) -> Result<Pixels, DeviceProblem> {
        self.shown.newest()
    }

    /// The pictures shall have another size. Where the system does not do so, it puts what it shows into the one before.
    pub fn resize(&self, size: (u32, u32)) {
        // SAFETY: a new configuration, which the stream copies; no answer is asked for.
        unsafe {
            self.stream
                .updateConfiguration_completionHandler(&configuration(size), None);
        }
    }

    fn connect(&self) -> Result<(), DeviceProblem> {
        let queue = DispatchQueue::new("visio-screen", None);
        let output = ProtocolObject::from_ref(&*self.output);
        // SAFETY: the queue is one that does one thing after the other, and the output takes calls on any thread.
        let added = unsafe {
            self.stream.addStreamOutput_type_sampleHandlerQueue_error(
                output,
                SCStreamOutputType::Screen,
                Some(&queue),
            )
        };
        added.map_err(|error| problem_of(Some(&error)))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let (answer, told) = answer();
        // SAFETY: as in `start`. Of one that does not run the system only says so.
        unsafe { self.stream.stopCaptureWithCompletionHandler(Some(&answer)) };
        if told.recv_timeout(STOPPING).is_err() {
            tracing::warn!("the system takes its time to stop showing the screen");
        }
    }
}

/// What the pictures are to be like.
fn configuration((width, height): (u32, u32)) -> Retained<SCStreamConfiguration> {
    // SAFETY: a new object, and plain settings of it.
    unsafe {
        let it = SCStreamConfiguration::new();
        it.setWidth(width as usize);
        it.setHeight(height as usize);
        it.setPixelFormat(kCVPixelFormatType_32BGRA);
        it.setMinimumFrameInterval(CMTime::new(1, FPS));
        it.setQueueDepth(BUFFERS);
        it.setShowsCursor(true);
        it
    }
}

/// What the system calls once it has done something, with the reason if it could not.
type Answer = RcBlock<dyn Fn(*mut NSError)>;

/// One, and where it is told.
fn answer() -> (Answer, Receiver<Result<(), DeviceProblem>>) {
    let (tell, told) = sync_channel(1);
    let block = RcBlock::new(move |error: *mut NSError| {
        // SAFETY: an error lives during the call; none means that all went well.
        let error = unsafe { error.as_ref() };
        let _ = tell.try_send(error.map_or(Ok(()), |error| Err(problem_of(Some(error)))));
    });
    (block, told)
}
