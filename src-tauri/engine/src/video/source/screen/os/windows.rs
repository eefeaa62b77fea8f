//! Windows: GDI, which every Windows has, and which needs no permission.
//!
//! A screen is copied from the desktop; a window paints itself again for us, so what lies over it is not seen.

mod area;
mod canvas;
mod measure;
mod monitor;
mod pointer;
mod window;

use self::area::Area;
use self::canvas::Canvas;
use self::measure::Measure;
use self::monitor::Monitor;
use self::window::Window;
use super::Target;
use crate::device::DeviceProblem;
use crate::video::source::screen::watcher::{PIXEL, Pixels, View, Watcher};
use crate::video::source::{ScreenInfo, Source};

/// Windows listed, at most: more than anybody reads.
const MOST_WINDOWS: usize = 64;

pub fn list() -> Vec<ScreenInfo> {
    let _measure = Measure::of_screens();
    let screens = monitor::all().into_iter().map(|monitor| {
        let Area { width, height, .. } = monitor.area;
        ScreenInfo {
            id: format!("screen:{}", monitor.name),
            name: format!("{} ({width} × {height})", monitor.name),
            window: false,
        }
    });
    let windows = window::all().into_iter().filter(Window::is_a_programs_own);
    let windows = windows.filter_map(|window| {
        Some(ScreenInfo {
            id: format!("window:{}", window.number()),
            name: window.title()?,
            window: true,
        })
    });
    screens.chain(windows.take(MOST_WINDOWS)).collect()
}

/// # Errors
/// [`DeviceProblem::None`] where there is no such screen; [`DeviceProblem::Lost`] when the window is gone or hidden.
pub fn open(target: &Target) -> Result<Box<dyn Source>, DeviceProblem> {
    let _measure = Measure::of_screens();
    match target {
        Target::Window(number) => {
            let window = Window::numbered(number).ok_or(DeviceProblem::None)?;
            let name = window.title().ok_or(DeviceProblem::Lost)?;
            Ok(Box::new(Watcher::new(WindowView {
                window,
                name,
                canvas: None,
            })))
        }
        Target::Default => {
            let monitors = monitor::all().into_iter();
            open_screen(monitors.max_by_key(|monitor| monitor.primary))
        }
        Target::Screen(name) => open_screen(monitor::named(name)),
    }
}

fn open_screen(monitor: Option<Monitor>) -> Result<Box<dyn Source>, DeviceProblem> {
    let Monitor { name, .. } = monitor.ok_or(DeviceProblem::None)?;
    Ok(Box::new(Watcher::new(ScreenView { name, canvas: None })))
}

/// One screen.
struct ScreenView {
    name: String,
    canvas: Option<Canvas>,
}

impl View for ScreenView {
    fn name(&self) -> &str {
        &self.name
    }

    fn look(&mut self) -> Result<Pixels, DeviceProblem> {
        let _measure = Measure::of_screens();
        // Looked up each time: it may have been unplugged, or have another size or place now.
        let monitor = monitor::named(&self.name).ok_or(DeviceProblem::Lost)?;
        let area = monitor.area;
        let canvas = canvas_of(&mut self.canvas, area)?;
        // The system shows nobody its lock screen.
        if !canvas.copy_desktop(area.left, area.top) {
            return Err(DeviceProblem::Lost);
        }
        pointer::draw(canvas, area, None);
        pixels(canvas, area.at_origin())
    }
}

/// One window.
struct WindowView {
    window: Window,
    name: String,
    canvas: Option<Canvas>,
}

impl View for WindowView {
    fn name(&self) -> &str {
        &self.name
    }

    fn look(&mut self) -> Result<Pixels, DeviceProblem> {
        let window = self.window;
        // One that hangs would hold up whoever asks it to paint itself.
        if !window.is_shown() || window.hangs() {
            return Err(DeviceProblem::Lost);
        }
        let (on_screen, frame) = {
            let _measure = Measure::of_screens();
            (window.area(), window.frame())
        };
        let _measure = Measure::of_window(window);
        let (on_screen, own) = on_screen.zip(window.area()).ok_or(DeviceProblem::Lost)?;
        let canvas = canvas_of(&mut self.canvas, own)?;
        if !window.paint(canvas) {
            return Err(DeviceProblem::Lost);
        }
        pointer::draw(canvas, own, Some(window));
        // Around what is seen of it a window has borders that are not.
        let frame = frame.unwrap_or(on_screen);
        pixels(canvas, frame.within(on_screen, own))
    }
}

/// The canvas, or another where it has not the size of the area.
fn canvas_of(canvas: &mut Option<Canvas>, area: Area) -> Result<&mut Canvas, DeviceProblem> {
    let Area { width, height, .. } = area;
    if width <= 0 || height <= 0 {
        return Err(DeviceProblem::Lost);
    }
    if canvas
        .as_ref()
        .is_none_or(|it| it.size() != (width, height))
    {
        *canvas = None;
    }
    match canvas {
        Some(canvas) => Ok(canvas),
        None => {
            let made = Canvas::new(width, height);
            let failed = || DeviceProblem::Failed("the system gives no memory for pixels".into());
            Ok(canvas.insert(made.ok_or_else(failed)?))
        }
    }
}

/// A part of the canvas.
fn pixels(canvas: &Canvas, part: Area) -> Result<Pixels, DeviceProblem> {
    let side = |side: i32| u32::try_from(side).unwrap_or(0);
    let stride = side(canvas.size().0) as usize * PIXEL;
    let bytes = canvas.bytes(part).ok_or(DeviceProblem::Lost)?;
    Pixels::new(bytes, stride, side(part.width), side(part.height))
}
