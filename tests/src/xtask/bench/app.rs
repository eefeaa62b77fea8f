//! The app itself: how soon its window shows something, and how large its package is.

use std::time::Duration;

use visio_tests::window::window_part;
use visio_tests::{Binaries, Display, Result, Trouble, Window};

use super::repeat;
use super::table::{Row, Spread};
use crate::package::{self, Codec};

/// Longer than a start may take by far; the report holds the moment of the first paint.
const WATCH: Duration = Duration::from_secs(4);
const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let display = Display::start(1280, 800)?;
    let paints = Spread::of(repeat(|| first_paint(binaries, &display))?);
    let deb = package::debian(&package::build(Codec::BuiltIn)?)?;
    let megabytes = std::fs::metadata(deb)?.len() as f64 / MEBIBYTE;
    Ok(vec![
        Row::new(
            "app: start to first paint",
            "≤ 1 s",
            &paints.shown(0, " ms"),
            paints.max <= 1000.0,
        ),
        Row::new(
            "app: .deb",
            "≤ 20 MB",
            &format!("{megabytes:.1} MB"),
            megabytes <= 20.0,
        ),
    ])
}

fn first_paint(binaries: &Binaries, display: &Display) -> Result<f64> {
    let window = Window::new(binaries)?.on(display).open()?;
    std::thread::sleep(WATCH);
    let report = window_part(&window.close()?)?;
    report
        .first_paint_ms
        .ok_or_else(|| Trouble::new("the window painted nothing"))
}
