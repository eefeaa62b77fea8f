//! The X server's own screen, by its protocol, which needs no library.

use crate::device::DeviceProblem;
use crate::video::source::screen::os::Target;
use crate::video::source::screen::pointer::Pointer;
use crate::video::source::screen::watcher::{PIXEL, Pixels, View, Watcher};
use crate::video::source::{ScreenInfo, Source};
use x11rb::connection::Connection;
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, Drawable, ImageFormat, ImageOrder, MapState, Window,
};
use x11rb::rust_connection::RustConnection;

/// Windows listed, at most: more than anybody reads.
const MOST_WINDOWS: usize = 64;

/// Longest title read, in units of four bytes.
const MOST_TITLE: u32 = 128;

/// Longest list of windows read, in units of four bytes.
const MOST_LIST: u32 = 4096;

/// A part of the root window that is one screen.
struct Monitor {
    name: String,
    primary: bool,
    area: Area,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    x: i16,
    y: i16,
    width: u16,
    height: u16,
}

pub fn list() -> Vec<ScreenInfo> {
    let Ok((connection, root)) = connect() else {
        return Vec::new();
    };
    let screens = monitors(&connection, root).into_iter().map(|monitor| {
        let Area { width, height, .. } = monitor.area;
        ScreenInfo {
            id: format!("screen:{}", monitor.name),
            name: format!("{} ({width} × {height})", monitor.name),
            window: false,
        }
    });
    let windows = windows(&connection, root).into_iter();
    let windows = windows.filter_map(|window| {
        let name = title(&connection, window)?;
        Some(ScreenInfo {
            id: format!("window:{window}"),
            name,
            window: true,
        })
    });
    screens.chain(windows.take(MOST_WINDOWS)).collect()
}

/// # Errors
/// [`DeviceProblem::None`] where there is no X server that shows its screen, or no such screen;
/// [`DeviceProblem::Lost`] when the window is gone or hidden.
pub fn open(target: &Target) -> Result<Box<dyn Source>, DeviceProblem> {
    let (connection, root) = connect()?;
    let has_pointer = tells_pointer(&connection);
    let (drawable, area, name) = match target {
        Target::Window(id) => {
            let window = id.parse().map_err(|_| DeviceProblem::None)?;
            let name = title(&connection, window).ok_or(DeviceProblem::Lost)?;
            (window, None, name)
        }
        Target::Default => {
            let monitor = monitors(&connection, root)
                .into_iter()
                .max_by_key(|monitor| monitor.primary)
                .ok_or(DeviceProblem::None)?;
            (root, Some(monitor.area), monitor.name)
        }
        Target::Screen(id) => {
            let mut all = monitors(&connection, root).into_iter();
            let monitor = all.find(|monitor| monitor.name == *id);
            let monitor = monitor.ok_or(DeviceProblem::None)?;
            (root, Some(monitor.area), monitor.name)
        }
    };
    Ok(Box::new(Watcher::new(X11View {
        connection,
        root,
        drawable,
        area,
        name,
        has_pointer,
    })))
}

/// The server and its root window.
fn connect() -> Result<(RustConnection, Window), DeviceProblem> {
    let (connection, screen) = x11rb::connect(None).map_err(|error| {
        tracing::debug!(%error, "there is no X server");
        DeviceProblem::None
    })?;
    let setup = connection.setup();
    let screen = setup.roots.get(screen).ok_or(DeviceProblem::None)?;
    let usual = setup.image_byte_order == ImageOrder::LSB_FIRST
        && setup.pixmap_formats.iter().any(|format| {
            format.depth == screen.root_depth && usize::from(format.bits_per_pixel) == 8 * PIXEL
        });
    if !usual {
        return Err(DeviceProblem::Failed(
            "this X server has another kind of pixels than four bytes, blue first".into(),
        ));
    }
    let root = screen.root;
    Ok((connection, root))
}

/// Each screen; where the server does not tell them apart, all of them as one.
fn monitors(connection: &RustConnection, root: Window) -> Vec<Monitor> {
    let told = connection.randr_get_monitors(root, true).ok();
    let told = told.and_then(|told| told.reply().ok());
    let monitors = told.map(|told| told.monitors).unwrap_or_default();
    let known: Vec<_> = monitors
        .iter()
        .filter(|monitor| monitor.width > 0 && monitor.height > 0)
        .map(|monitor| Monitor {
            name: atom_name(connection, monitor.name),
            primary: monitor.primary,
            area: Area {
                x: monitor.x,
                y: monitor.y,
                width: monitor.width,
                height: monitor.height,
            },
        })
        .collect();
    if !known.is_empty() {
        return known;
    }
    let whole = area_of(connection, root).map(|area| Monitor {
        name: "X11".to_owned(),
        primary: true,
        area,
    });
    whole.into_iter().collect()
}

fn atom_name(connection: &RustConnection, atom: u32) -> String {
    let name = connection.get_atom_name(atom).ok();
    let name = name.and_then(|name| name.reply().ok());
    name.map_or_else(String::new, |it| {
        String::from_utf8_lossy(&it.name).into_owned()
    })
}

fn atom(connection: &RustConnection, name: &str) -> Option<u32> {
    let asked = connection.intern_atom(true, name.as_bytes()).ok()?;
    asked
        .reply()
        .ok()
        .map(|reply| reply.atom)
        .filter(|it| *it != 0)
}

/// The windows that the window manager calls programs' own, in its order; without one, those that are right on the root.
fn windows(connection: &RustConnection, root: Window) -> Vec<Window> {
    let managed = || {
        let list = atom(connection, "_NET_CLIENT_LIST")?;
        let asked = connection.get_property(false, root, list, AtomEnum::WINDOW, 0, MOST_LIST);
        let told = asked.ok()?.reply().ok()?;
        Some(told.value32()?.collect::<Vec<Window>>())
    };
    managed().unwrap_or_else(|| {
        let told = connection.query_tree(root).ok();
        let told = told.and_then(|told| told.reply().ok());
        told.map(|told| told.children).unwrap_or_default()
    })
}

/// What a window calls itself; none when it is gone, hidden, or has no name.
fn title(connection: &RustConnection, window: Window) -> Option<String> {
    let attributes = connection.get_window_attributes(window).ok()?;
    if attributes.reply().ok()?.map_state != MapState::VIEWABLE {
        return None;
    }
    let read = |property: u32| {
        let any = AtomEnum::ANY;
        let asked = connection.get_property(false, window, property, any, 0, MOST_TITLE);
        let told = asked.ok()?.reply().ok()?;
        let text = String::from_utf8_lossy(&told.value).trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    atom(connection, "_NET_WM_NAME")
        .and_then(read)
        .or_else(|| read(AtomEnum::WM_NAME.into()))
}

fn area_of(connection: &RustConnection, drawable: Drawable) -> Option<Area> {
    let told = connection.get_geometry(drawable).ok()?.reply().ok()?;
    Some(Area {
        x: 0,
        y: 0,
        width: told.width,
        height: told.height,
    })
}

/// The part of a window that is on the screen: of the rest the server has no pixels. None when nothing is.
fn visible(connection: &RustConnection, root: Window, window: Window) -> Option<Area> {
    let (whole, screen) = (area_of(connection, window)?, area_of(connection, root)?);
    let told = connection.translate_coordinates(window, root, 0, 0).ok()?;
    let told = told.reply().ok()?;
    let across = within(told.dst_x, whole.width, screen.width)?;
    let down = within(told.dst_y, whole.height, screen.height)?;
    Some(Area {
        x: across.0,
        y: down.0,
        width: across.1,
        height: down.1,
    })
}

/// Where that part of a line begins and how long it is which lies within `0..end`, when the line begins at `start` there and is so
/// `long`.
fn within(start: i16, long: u16, end: u16) -> Option<(i16, u16)> {
    let (start, long, end) = (i32::from(start), i32::from(long), i32::from(end));
    let first = (-start).max(0);
    let length = (end - start).min(long) - first;
    Some((i16::try_from(first).ok()?, u16::try_from(length).ok()?))
}

/// Whether the server says what the pointer looks like.
fn tells_pointer(connection: &RustConnection) -> bool {
    let version = connection.xfixes_query_version(1, 0).ok();
    version.is_some_and(|version| version.reply().is_ok())
}

/// The pointer, on a picture that begins at this place of the root window.
fn pointer(connection: &RustConnection, (left, top): (i32, i32)) -> Option<Pointer> {
    let told = connection.xfixes_get_cursor_image().ok()?.reply().ok()?;
    Some(Pointer {
        width: told.width.into(),
        left: i32::from(told.x) - i32::from(told.xhot) - left,
        top: i32::from(told.y) - i32::from(told.yhot) - top,
        argb: told.cursor_image,
    })
}

/// One screen or window.
struct X11View {
    connection: RustConnection,
    root: Window,
    drawable: Drawable,
    /// The part of it that is looked at; none: all of it, however large it is now.
    area: Option<Area>,
    name: String,
    has_pointer: bool,
}

impl X11View {
    /// Where the first pixel of this part of it lies on the root window.
    fn place(&self, area: Area) -> Option<(i32, i32)> {
        let (x, y) = (area.x, area.y);
        let there = self
            .connection
            .translate_coordinates(self.drawable, self.root, x, y);
        let there = there.ok()?.reply().ok()?;
        Some((there.dst_x.into(), there.dst_y.into()))
    }
}

impl View for X11View {
    fn name(&self) -> &str {
        &self.name
    }

    fn look(&mut self) -> Result<Pixels, DeviceProblem> {
        // A window that is closed or hidden has no pixels.
        let visible = || visible(&self.connection, self.root, self.drawable);
        let area = self.area.or_else(visible).ok_or(DeviceProblem::Lost)?;
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        let (format, all) = (ImageFormat::Z_PIXMAP, u32::MAX);
        let (connection, drawable) = (&self.connection, self.drawable);
        let asked = connection.get_image(format, drawable, x, y, width, height, all);
        let told = asked.map_err(|_| DeviceProblem::Lost)?.reply();
        let mut told = told.map_err(|_| DeviceProblem::Lost)?;
        if self.has_pointer
            && let Some(place) = self.place(area)
            && let Some(pointer) = pointer(connection, place)
        {
            pointer.lay_over(&mut told.data, width.into());
        }
        let stride = usize::from(width) * PIXEL;
        Pixels::new(told.data, stride, width.into(), height.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_window_that_is_half_off_the_screen_the_other_half_is_looked_at() {
        assert_eq!(within(10, 100, 1000), Some((0, 100)));
        assert_eq!(within(-30, 100, 1000), Some((30, 70)));
        assert_eq!(within(950, 100, 1000), Some((0, 50)));
        assert_eq!(within(-30, 2000, 1000), Some((30, 1000)));
        assert_eq!(within(1000, 100, 1000), Some((0, 0)));
        assert_eq!(within(1100, 100, 1000), None);
        assert_eq!(within(-200, 100, 1000), None);
    }
}
