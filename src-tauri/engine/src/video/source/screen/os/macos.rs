//! macOS: ScreenCaptureKit, which asks the person for permission once, and shows in the menu bar that it is used.
//!
//! The system hands its pictures over on a queue of its own; the newest is kept, and looked at from the capture thread.

mod content;
mod output;
mod stream;
mod subject;

use std::time::{Duration, Instant};

use objc2::rc::autoreleasepool;

use self::stream::Stream;
use self::subject::Subject;
use super::Target;
use crate::device::DeviceProblem;
use crate::video::source::screen::watcher::{Pixels, View, Watcher};
use crate::video::source::{ScreenInfo, Source};

/// How often it is looked whether the screen or window is still there, and how large it is: of a window that is closed or
/// minimised the system only sends no more pictures.
const LOOK_AFTER: Duration = Duration::from_secs(1);

pub fn list() -> Vec<ScreenInfo> {
    autoreleasepool(|_| match content::now() {
        Ok(content) => content.list(),
        Err(problem) => {
            tracing::debug!(%problem, "the system tells of no screens");
            Vec::new()
        }
    })
}

/// # Errors
/// [`DeviceProblem::Refused`] without the person's permission; [`DeviceProblem::None`] where there is no such screen, and
/// [`DeviceProblem::Lost`] no such window; [`DeviceProblem::Silent`] when the system does not answer.
pub fn open(target: &Target) -> Result<Box<dyn Source>, DeviceProblem> {
    autoreleasepool(|_| {
        let content = content::now()?;
        let subject = content.subject(target)?;
        let stream = Stream::start(&subject)?;
        tracing::info!(screen = %subject.name, size = ?subject.size, "screen opened");
        Ok(Box::new(Watcher::new(KitView {
            stream,
            subject,
            looked_after: Instant::now(),
        })) as Box<dyn Source>)
    })
}

/// One screen or window.
struct KitView {
    stream: Stream,
    subject: Subject,
    looked_after: Instant,
}

impl View for KitView {
    fn name(&self) -> &str {
        &self.subject.name
    }

    fn look(&mut self) -> Result<Pixels, DeviceProblem> {
        autoreleasepool(|_| {
            if self.looked_after.elapsed() >= LOOK_AFTER {
                self.look_after()?;
                self.looked_after = Instant::now();
            }
            self.stream.newest()
        })
    }
}

impl KitView {
    /// Whether it is still there; where its size is another now, pictures of that size are asked for.
    fn look_after(&mut self) -> Result<(), DeviceProblem> {
        let now = content::now()?.again(&self.subject)?;
        if now.size != self.subject.size {
            self.stream.resize(now.size);
            self.subject.size = now.size;
        }
        Ok(())
    }
}
