//! Where the system's pictures arrive: on its queue, and the newest waits there for whoever looks.
#![allow(unsafe_code)] // the framework has no safe face

use std::slice;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use objc2::rc::Retained;
use objc2::runtime::{NSObject, NSObjectProtocol};
use objc2::{AnyThread, DefinedClass, define_class, msg_send};
use objc2_core_media::CMSampleBuffer;
use objc2_core_video::{
    CVPixelBuffer, CVPixelBufferGetBaseAddress, CVPixelBufferGetBytesPerRow,
    CVPixelBufferGetHeight, CVPixelBufferGetPixelFormatType, CVPixelBufferGetWidth,
    CVPixelBufferLockBaseAddress, CVPixelBufferLockFlags, CVPixelBufferUnlockBaseAddress,
    kCVPixelFormatType_32BGRA, kCVReturnSuccess,
};
use objc2_foundation::NSError;
use objc2_screen_capture_kit::{
    SCStream, SCStreamDelegate, SCStreamErrorCode, SCStreamErrorDomain, SCStreamOutput,
    SCStreamOutputType,
};

use crate::device::DeviceProblem;
use crate::video::source::screen::watcher::Pixels;

/// The first picture comes within a few of them; one of a screen that stands still too.
const FIRST_PICTURE: Duration = Duration::from_secs(3);

/// What the system has given so far.
#[derive(Default)]
pub(super) struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Its memory is used again.
    newest: Picture,
    /// There will be no more.
    ended: Option<DeviceProblem>,
}

/// A picture's bytes, in rows that may have gaps between them; empty before the first.
#[derive(Default)]
struct Picture {
    bytes: Vec<u8>,
    stride: usize,
    width: usize,
    height: usize,
}

impl Shown {
    /// The newest picture; waits for the first.
    ///
    /// # Errors
    /// Why there are no more, or [`DeviceProblem::Silent`] when none comes.
    pub fn newest(&self) -> Result<Pixels, DeviceProblem> {
        let waits = |state: &mut State| state.ended.is_none() && state.newest.bytes.is_empty();
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), FIRST_PICTURE, waits);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(problem) = &state.ended {
            return Err(problem.clone());
        }
        let Picture {
            bytes,
            stride,
            width,
            height,
        } = &state.newest;
        if bytes.is_empty() {
            return Err(DeviceProblem::Silent);
        }
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        Pixels::new(bytes.clone(), *stride, side(*width), side(*height))
    }

    fn end(&self, problem: DeviceProblem) {
        self.lock().ended = Some(problem);
        self.changed.notify_all();
    }

    /// Takes a copy of the buffer, which is then the system's again.
    fn show(&self, buffer: &CVPixelBuffer) {
        let Some(open) = OpenBuffer::new(buffer) else {
            return;
        };
        let mut state = self.lock();
        open.copy_to(&mut state.newest);
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer of the system whose bytes may be read for as long as this lives.
struct OpenBuffer<'a>(&'a CVPixelBuffer);

impl<'a> OpenBuffer<'a> {
    /// None where it cannot be read, or has other pixels than those that were asked for.
    fn new(buffer: &'a CVPixelBuffer) -> Option<Self> {
        if CVPixelBufferGetPixelFormatType(buffer) != kCVPixelFormatType_32BGRA {
            return None;
        }
        // SAFETY: the buffer lives; unlocked in `drop`.
        let locked =
            unsafe { CVPixelBufferLockBaseAddress(buffer, CVPixelBufferLockFlags::ReadOnly) };
        (locked == kCVReturnSuccess).then_some(Self(buffer))
    }

    fn copy_to(&self, picture: &mut Picture) {
        let start = CVPixelBufferGetBaseAddress(self.0)
            .cast_const()
            .cast::<u8>();
        let (stride, height) = (
            CVPixelBufferGetBytesPerRow(self.0),
            CVPixelBufferGetHeight(self.0),
        );
        if start.is_null() {
            return;
        }
        // SAFETY: a locked buffer of one plane has its rows there, each so many bytes long, and is not written while it is locked.
        let bytes = unsafe { slice::from_raw_parts(start, stride * height) };
        picture.bytes.clear();
        picture.bytes.extend_from_slice(bytes);
        picture.stride = stride;
        picture.width = CVPixelBufferGetWidth(self.0);
        picture.height = height;
    }
}

impl Drop for OpenBuffer<'_> {
    fn drop(&mut self) {
        // SAFETY: locked in `new` with the same flags.
        unsafe { CVPixelBufferUnlockBaseAddress(self.0, CVPixelBufferLockFlags::ReadOnly) };
    }
}

define_class!(
    // SAFETY: NSObject asks nothing of those that are made from it, and this one has no `drop` of its own.
    #[unsafe(super(NSObject))]
    #[ivars = Arc<Shown>]
    pub(super) struct Output;

    // SAFETY: NSObject does it all.
    unsafe impl NSObjectProtocol for Output {}

    // SAFETY: the method has the protocol's types.
    unsafe impl SCStreamOutput for Output {
        #[unsafe(method(stream:didOutputSampleBuffer:ofType:))]
        fn take(&self, _stream: &SCStream, sample: &CMSampleBuffer, kind: SCStreamOutputType) {
            if kind != SCStreamOutputType::Screen {
                return;
            }
            // SAFETY: the sample lives during the call. One that only says that nothing has changed has no picture.
            if let Some(picture) = unsafe { sample.image_buffer() } {
                self.ivars().show(&picture);
            }
        }
    }

    // SAFETY: the method has the protocol's types.
    unsafe impl SCStreamDelegate for Output {
        #[unsafe(method(stream:didStopWithError:))]
        fn stopped(&self, _stream: &SCStream, error: &NSError) {
            tracing::info!(%error, "the system shows the screen no more");
            self.ivars().end(match problem_of(Some(error)) {
                // Whatever else may be, there is nothing to be seen.
                DeviceProblem::Failed(_) => DeviceProblem::Lost,
                known => known,
            });
        }
    }
);

impl Output {
    /// One whose pictures are shown there.
    pub fn new(shown: Arc<Shown>) -> Retained<Self> {
        let new = Self::alloc().set_ivars(shown);
        // SAFETY: NSObject's own initialiser.
        unsafe { msg_send![super(new), init] }
    }
}

/// What an error of the system means.
pub(super) fn problem_of(error: Option<&NSError>) -> DeviceProblem {
    match error {
        None => DeviceProblem::Failed("the system does not say why".into()),
        Some(error) if is(error, SCStreamErrorCode::UserDeclined) => DeviceProblem::Refused,
        // In the menu bar.
        Some(error) if is(error, SCStreamErrorCode::UserStopped) => DeviceProblem::Ended,
        Some(error) => DeviceProblem::Failed(error.localizedDescription().to_string()),
    }
}

fn is(error: &NSError, code: SCStreamErrorCode) -> bool {
    // SAFETY: the framework's constant, which is there once it is loaded.
    let domain = unsafe { SCStreamErrorDomain };
    error.code() == code.0 && *error.domain() == *domain
}
