//! A screen under Wayland: the desktop's portal asks the person, PipeWire brings the pictures.

use std::time::Duration;

use super::pipewire::{Library, Stream};
use super::portal::{self, Session};
use crate::device::DeviceProblem;
use crate::video::source::screen::ScreenSpec;
use crate::video::source::screen::os::Target;
use crate::video::source::screen::watcher::{Pixels, View, Watcher};
use crate::video::source::{ScreenInfo, Source};

/// How long the first picture of what was chosen may take.
const FIRST: Duration = Duration::from_secs(8);

/// What is shared is chosen in the desktop's own dialog, which has the names.
pub fn list() -> Vec<ScreenInfo> {
    vec![ScreenInfo {
        id: ScreenSpec::Default.to_string(),
        name: String::new(),
        window: false,
    }]
}

/// # Errors
/// [`DeviceProblem::None`] without a portal or PipeWire; [`DeviceProblem::Ended`] when the person chose nothing;
/// [`DeviceProblem::Failed`] when there is no picture of what they chose.
pub fn open(target: &Target) -> Result<Box<dyn Source>, DeviceProblem> {
    if !matches!(target, Target::Default) {
        return Err(DeviceProblem::None);
    }
    // Nobody is asked for what could not be shown.
    let library = Library::get().ok_or(DeviceProblem::None)?;
    let (session, choice) = Session::ask()?;
    let stream = Stream::open(library, choice.remote, choice.node)?;
    if !stream.wait(FIRST) {
        let none = "PipeWire brings no picture of what was chosen";
        return Err(DeviceProblem::Failed(none.into()));
    }
    Ok(Box::new(Watcher::new(WaylandView { stream, session })))
}

pub fn unblock() {
    portal::unblock();
}

/// What the person chose.
struct WaylandView {
    // Ends before the session does.
    stream: Stream,
    session: Session,
}

impl View for WaylandView {
    /// The portal does not tell.
    fn name(&self) -> &str {
        ""
    }

    fn look(&mut self) -> Result<Pixels, DeviceProblem> {
        // Whoever ended it would not want to be asked again by what tries to go on.
        if self.session.is_over() || self.stream.is_over() {
            return Err(DeviceProblem::Ended);
        }
        self.stream.newest()
    }
}
