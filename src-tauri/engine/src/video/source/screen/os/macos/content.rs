//! What the system says could be looked at.
#![allow(unsafe_code)] // the framework has no safe face

use std::sync::Once;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use block2::RcBlock;
use objc2::AnyThread;
use objc2::rc::Retained;
use objc2_core_foundation::CGRect;
use objc2_core_graphics::{
    CGDisplayCopyDisplayMode, CGDisplayMode, CGMainDisplayID, CGPreflightScreenCaptureAccess,
    CGRequestScreenCaptureAccess,
};
use objc2_foundation::{NSArray, NSError};
use objc2_screen_capture_kit::{SCContentFilter, SCDisplay, SCShareableContent, SCWindow};

use super::output::problem_of;
use super::subject::{Id, Subject};
use crate::device::DeviceProblem;
use crate::transport::layer::Layer;
use crate::video::scale::fit_within;
use crate::video::source::ScreenInfo;
use crate::video::source::screen::os::Target;

/// Windows listed, at most: more than anybody reads.
const MOST_WINDOWS: usize = 64;

/// The layer that programs' own windows are in; menus, the Dock and the like are in others.
const PROGRAMS: isize = 0;

/// Longest time that the system may take to answer. It answers within tens of milliseconds, unless one of its services is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// Screens and windows that can be seen now.
pub(super) struct Content(Retained<SCShareableContent>);

/// Asks the system, and before that, once, the person.
///
/// # Errors
/// [`DeviceProblem::Refused`] without the person's permission; [`DeviceProblem::Silent`] when the system does not answer; or what
/// the system says.
pub(super) fn now() -> Result<Content, DeviceProblem> {
    if !CGPreflightScreenCaptureAccess() {
        static ASKED: Once = Once::new();
        ASKED.call_once(|| {
            CGRequestScreenCaptureAccess();
        });
        return Err(DeviceProblem::Refused);
    }
    let (tell, told) = sync_channel(1);
    let answer = RcBlock::new(
        move |content: *mut SCShareableContent, error: *mut NSError| {
            // SAFETY: the system gives objects that live during the call, or none. It hands the content from its queue to whoever
            // asked, and changes it no more: it may be retained here and read there.
            let content = unsafe { Retained::retain(content) };
            // SAFETY: as above.
            let error = unsafe { error.as_ref() };
            let _ = tell.try_send(content.ok_or_else(|| problem_of(error)));
        },
    );
    // SAFETY: the block takes what the method gives, and holds only what may be used on any thread.
    unsafe {
        SCShareableContent::getShareableContentExcludingDesktopWindows_onScreenWindowsOnly_completionHandler(true, true, &answer);
    }
    let content = told
        .recv_timeout(PATIENCE)
        .map_err(|_| DeviceProblem::Silent)??;
    Ok(Content(content))
}

impl Content {
    /// Screens first, the main one before the others.
    pub fn list(&self) -> Vec<ScreenInfo> {
        let screens = self.screens().into_iter().enumerate();
        let screens = screens.map(|(place, screen)| {
            // SAFETY: a plain reading, as are all of this file that are marked so.
            let number = unsafe { screen.displayID() };
            let (width, height) = pixels(&screen);
            ScreenInfo {
                id: format!("screen:{number}"),
                name: format!("{} ({width} × {height})", name_of_screen(place)),
                window: false,
            }
        });
        let windows = self.windows().into_iter().filter(is_a_programs_own);
        let windows = windows.filter_map(|window| {
            Some(ScreenInfo {
                // SAFETY: a plain reading.
                id: format!("window:{}", unsafe { window.windowID() }),
                name: name_of_window(&window)?,
                window: true,
            })
        });
        screens.chain(windows.take(MOST_WINDOWS)).collect()
    }

    /// # Errors
    /// [`DeviceProblem::None`] where there is no such screen; [`DeviceProblem::Lost`] when the window is gone or hidden.
    pub fn subject(&self, target: &Target) -> Result<Subject, DeviceProblem> {
        match target {
            Target::Default => self.screen(None),
            Target::Screen(number) => self.screen(Some(read(number)?)),
            Target::Window(number) => self.window(read(number)?),
        }
    }

    /// The same as it is now.
    ///
    /// # Errors
    /// [`DeviceProblem::Lost`] when it is gone or hidden.
    pub fn again(&self, subject: &Subject) -> Result<Subject, DeviceProblem> {
        let found = match subject.id {
            Id::Screen(number) => self.screen(Some(number)),
            Id::Window(number) => self.window(number),
        };
        found.map_err(|_| DeviceProblem::Lost)
    }

    /// The screen with this number, or the first.
    fn screen(&self, wanted: Option<u32>) -> Result<Subject, DeviceProblem> {
        let mut screens = self.screens().into_iter().enumerate();
        // SAFETY: a plain reading.
        let number = |screen: &SCDisplay| unsafe { screen.displayID() };
        let found = screens.find(|(_, screen)| wanted.is_none_or(|it| it == number(screen)));
        let (place, screen) = found.ok_or(DeviceProblem::None)?;
        let nothing = NSArray::<SCWindow>::new();
        let new = SCContentFilter::alloc();
        // SAFETY: a new object of this screen, of which nothing is left out.
        let filter =
            unsafe { SCContentFilter::initWithDisplay_excludingWindows(new, &screen, &nothing) };
        Ok(Subject {
            id: Id::Screen(number(&screen)),
            name: name_of_screen(place),
            size: picture_size(pixels(&screen)),
            filter,
        })
    }

    fn window(&self, wanted: u32) -> Result<Subject, DeviceProblem> {
        let mut windows = self.windows().into_iter();
        // SAFETY: a plain reading.
        let found = windows.find(|window| unsafe { window.windowID() } == wanted);
        let window = found.ok_or(DeviceProblem::Lost)?;
        // SAFETY: a plain reading.
        let frame = unsafe { window.frame() };
        let scale = self.scale_at(frame);
        let pixels = |side: f64| (side * scale).round().clamp(0.0, f64::from(u16::MAX)) as u32;
        let new = SCContentFilter::alloc();
        // SAFETY: a new object of this window.
        let filter = unsafe { SCContentFilter::initWithDesktopIndependentWindow(new, &window) };
        Ok(Subject {
            id: Id::Window(wanted),
            name: name_of_window(&window).unwrap_or_default(),
            size: picture_size((pixels(frame.size.width), pixels(frame.size.height))),
            filter,
        })
    }

    fn screens(&self) -> Vec<Retained<SCDisplay>> {
        // SAFETY: a plain reading.
        let mut screens = unsafe { self.0.displays() }.to_vec();
        let main = CGMainDisplayID();
        // SAFETY: a plain reading.
        screens.sort_by_key(|screen| unsafe { screen.displayID() } != main);
        screens
    }

    fn windows(&self) -> Vec<Retained<SCWindow>> {
        // SAFETY: a plain reading.
        unsafe { self.0.windows() }.to_vec()
    }

    /// How many pixels a point has on the screen that has the middle of this rectangle; on the main one, where none has.
    fn scale_at(&self, rectangle: CGRect) -> f64 {
        let (x, y) = (
            rectangle.origin.x + rectangle.size.width / 2.0,
            rectangle.origin.y + rectangle.size.height / 2.0,
        );
        let screens = self.screens();
        let holds = |screen: &&Retained<SCDisplay>| {
            // SAFETY: a plain reading.
            let CGRect { origin, size } = unsafe { screen.frame() };
            (origin.x..origin.x + size.width).contains(&x)
                && (origin.y..origin.y + size.height).contains(&y)
        };
        let screen = screens.iter().find(holds).or_else(|| screens.first());
        screen.map_or(1.0, |screen| {
            // SAFETY: a plain reading.
            let points = unsafe { screen.width() };
            f64::from(pixels(screen).0) / (points.max(1) as f64)
        })
    }
}

/// A screen's width and height in pixels.
fn pixels(screen: &SCDisplay) -> (u32, u32) {
    // SAFETY: plain readings.
    let (number, width, height) = unsafe { (screen.displayID(), screen.width(), screen.height()) };
    let side = |side: usize| u32::try_from(side).unwrap_or(0);
    match CGDisplayCopyDisplayMode(number) {
        Some(mode) => (
            side(CGDisplayMode::pixel_width(Some(&mode))),
            side(CGDisplayMode::pixel_height(Some(&mode))),
        ),
        None => (side(width.unsigned_abs()), side(height.unsigned_abs())),
    }
}

/// No larger than what is encoded of it: the system makes it smaller at less cost than we.
fn picture_size((width, height): (u32, u32)) -> (u32, u32) {
    let (most_width, most_height) = Layer::Full.size();
    fit_within(width, height, most_width, most_height)
}

/// The system has no short word for a screen; this is its place in the list.
fn name_of_screen(place: usize) -> String {
    (place + 1).to_string()
}

/// Its title, and whose it is; none when it has none.
fn name_of_window(window: &SCWindow) -> Option<String> {
    // SAFETY: plain readings.
    let (title, owner) = unsafe { (window.title()?.to_string(), window.owningApplication()?) };
    // SAFETY: a plain reading.
    let owner = unsafe { owner.applicationName() }.to_string();
    let title = title.trim();
    match (title.is_empty(), title == owner) {
        (true, _) => None,
        (false, true) => Some(owner),
        (false, false) => Some(format!("{title} ({owner})")),
    }
}

/// Whether it is one that a person knows as a program's, and not ours.
fn is_a_programs_own(window: &Retained<SCWindow>) -> bool {
    // SAFETY: plain readings.
    let (layer, owner) = unsafe { (window.windowLayer(), window.owningApplication()) };
    // SAFETY: a plain reading.
    let process = owner.map(|owner| unsafe { owner.processID() });
    let ours = i32::try_from(std::process::id()).ok();
    layer == PROGRAMS && process.is_some() && process != ours
}

fn read(number: &str) -> Result<u32, DeviceProblem> {
    number.parse().map_err(|_| DeviceProblem::None)
}
