//! The real window with four others in it, each showing 720p: how many pictures per second it draws of each.
//!
//! The window rehearses: the pattern is drawn and encoded once, then received, decoded, scaled and drawn for each of the four.
//! Four real participants would need four more encoders, and those belong to four other computers, not to these cores.

use std::time::Duration;

use visio_tests::window::window_part;
use visio_tests::{Binaries, Display, Result, Trouble, Window};

use super::repeat;
use super::table::{Row, Spread};

const OTHERS: usize = 4;
const STAY: Duration = Duration::from_secs(20);

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let slowest = repeat(|| slowest_tile(binaries))?;
    let slowest = Spread::of(slowest);
    Ok(vec![Row::new(
        "window: four remote 720p tiles under Xvfb (encoded once; received, decoded and drawn four times)",
        "≥ 27 fps drawn each",
        &format!("the slowest tile: {}", slowest.shown(1, " fps")),
        slowest.min >= 27.0,
    )])
}

fn slowest_tile(binaries: &Binaries) -> Result<f64> {
    let display = Display::start(1920, 1080)?;
    let window = Window::new(binaries)?
        .env("VISIO_REHEARSAL", &OTHERS.to_string())
        .on(&display)
        .open()?;
    std::thread::sleep(STAY);
    let tiles = window_part(&window.close()?)?.tiles;
    let rates: Vec<f64> = tiles
        .iter()
        .filter(|tile| tile.is_remote())
        .map(|tile| tile.fps)
        .collect();
    if rates.len() != OTHERS {
        return Err(Trouble::new(format!(
            "the window showed {} others",
            rates.len()
        )));
    }
    Ok(rates.into_iter().fold(f64::INFINITY, f64::min))
}
