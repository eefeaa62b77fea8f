//! A window on a display that shows the test pattern of a screen, for somebody to share: by X11's own protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use visio_engine::video::Frame;
use visio_engine::video::pattern::{Page, Stamp, wall_micros};
use visio_tests::trouble::During;
use visio_tests::{Display, Result, Trouble};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateGCAux, CreateWindowAux, Gcontext, ImageFormat, PropMode,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// From one picture to the next.
const PACE: Duration = Duration::from_millis(100);

/// Rows put on the display by one request: a request is at most 256 KiB without extensions.
const ROWS: usize = 32;

/// A window in which pages are turned. Dropped, it is gone.
pub struct Easel {
    id: Window,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Easel {
    /// A window of `width` × `height` pixels in the upper left corner of `display`.
    pub fn put_up(display: &Display, title: &str, (width, height): (u16, u16)) -> Result<Self> {
        let (connection, screen) =
            x11rb::connect(Some(display.name())).during("connecting to the display")?;
        let (id, context) = make_window(&connection, screen, title, (width, height))
            .map_err(|error| Trouble::new(format!("the window on the display: {error}")))?;
        let stop = Arc::<AtomicBool>::default();
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut number = 0;
            while !stopped.load(Ordering::Relaxed) {
                if draw(&connection, (id, context), number, (width, height)).is_err() {
                    return;
                }
                number += 1;
                thread::sleep(PACE);
            }
            let _ = connection.destroy_window(id);
            let _ = connection.flush();
        });
        Ok(Self {
            id,
            stop,
            thread: Some(thread),
        })
    }

    /// What `--screen` calls it.
    pub fn spec(&self) -> String {
        format!("window:{}", self.id)
    }
}

impl Drop for Easel {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn make_window(
    connection: &RustConnection,
    screen: usize,
    title: &str,
    (width, height): (u16, u16),
) -> std::result::Result<(Window, Gcontext), x11rb::errors::ReplyOrIdError> {
    let screen = &connection.setup().roots[screen];
    let (id, context) = (connection.generate_id()?, connection.generate_id()?);
    let looks = CreateWindowAux::new().background_pixel(screen.white_pixel);
    connection
        .create_window(
            screen.root_depth,
            id,
            screen.root,
            0,
            0,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            screen.root_visual,
            &looks,
        )?
        .check()?;
    connection.change_property8(
        PropMode::REPLACE,
        id,
        AtomEnum::WM_NAME,
        AtomEnum::STRING,
        title.as_bytes(),
    )?;
    connection.create_gc(context, id, &CreateGCAux::new())?;
    connection.map_window(id)?.check()?;
    Ok((id, context))
}

/// One page, in grey as it is.
fn draw(
    connection: &RustConnection,
    (window, context): (Window, Gcontext),
    number: u32,
    (width, height): (u16, u16),
) -> std::result::Result<(), x11rb::errors::ReplyError> {
    let mut frame = Frame::new(u32::from(width), u32::from(height), Instant::now());
    let stamp = Stamp {
        number,
        micros: wall_micros(),
        width: frame.width,
        height: frame.height,
    };
    Page.draw(&mut frame, &stamp);
    let columns = usize::from(width);
    for (index, rows) in frame.y().chunks(columns * ROWS).enumerate() {
        let pixels: Vec<u8> = rows.iter().flat_map(|luma| pixel(*luma)).collect();
        connection.put_image(
            ImageFormat::Z_PIXMAP,
            window,
            context,
            width,
            (rows.len() / columns) as u16,
            0,
            (index * ROWS) as i16,
            0,
            connection.setup().roots[0].root_depth,
            &pixels,
        )?;
    }
    connection.sync()?;
    Ok(())
}

/// From the studio range of luma to the full one of a display: blue, green, red, nothing.
fn pixel(luma: u8) -> [u8; 4] {
    let full = (u32::from(luma.saturating_sub(16)) * 255 + 109) / 219;
    let grey = full.min(255) as u8;
    [grey, grey, grey, 0]
}
