//! A screen that is shared: seen beside the camera by all, to be read.

#[cfg(target_os = "linux")]
mod desktop;
#[cfg(target_os = "linux")]
mod easel;
#[cfg(target_os = "linux")]
mod wayland;

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::Report;
use visio_tests::words::sentence;

use crate::scenario::{CALL, Outcome, Room, ensure, scenario};
use crate::seen_and_heard::{peer, saw};

/// A camera that costs nothing.
const SMALL: &str = "pattern:320x180@15";

/// How long people may take to find each other on a busy machine, and to be told something.
const SOON: Duration = Duration::from_secs(20);

/// From here on letters of one dot a pixel can be read: edges are where they were, and dark is dark.
pub const LEGIBLE_DB: f64 = 25.0;

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "some systems have more")]
    let mut trials = vec![scenario(
        "a shared screen is read by all beside the camera, by who comes late too, until it is over",
        CALL,
        shared,
    )];
    #[cfg(target_os = "linux")]
    trials.extend(display::trials().into_iter().chain(wayland::trials()));
    trials
}

/// They read at least `frames` pictures of the screen that Camille shared, of this size.
fn read(report: &Report, who: &str, frames: u64, size: (u32, u32)) -> Outcome {
    let screen = peer(report, who, "Camille")?.screen.as_ref();
    let screen = screen.ok_or_else(|| format!("{who} saw no screen of Camille"))?;
    let seen = (screen.width, screen.height);
    ensure(seen == size, || {
        format!("{who} saw a screen of {seen:?}, not of {size:?}")
    })?;
    let decoded = screen.frames_decoded;
    ensure(decoded >= frames, || {
        format!("{who} saw {decoded} pictures of the screen, less than {frames}")
    })?;
    let pattern = screen.pattern.as_ref();
    let psnr = pattern.map_or(0.0, |pattern| pattern.psnr_db);
    eprintln!("{who}: {decoded} pictures of {seen:?}, {psnr:.1} dB");
    ensure(psnr >= LEGIBLE_DB, || {
        format!("{who} saw the screen at {psnr} dB, less than {LEGIBLE_DB}")
    })
}

fn says(key: &str) -> Result<String, Failed> {
    Ok(sentence("en", key, &[("name", "Camille")])?)
}

fn shared() -> Outcome {
    let room = Room::open()?;
    let lea = room.guest("Léa")?.camera(SMALL).join()?;
    let camille = room
        .guest("Camille")?
        .camera(SMALL)
        .screen("pattern")
        .share_for(Duration::from_secs(25))
        .join()?;
    lea.says(&says("screen.theirs")?, SOON)?;
    std::thread::sleep(Duration::from_secs(6));
    let max = room.guest("Max")?.camera(SMALL).join()?;
    max.says(&says("screen.theirs")?, SOON)?;
    for who in [&lea, &max] {
        who.says(&says("screen.over")?, Duration::from_secs(40))?;
    }
    let (lea, max, camille) = (lea.leave()?, max.leave()?, camille.leave()?);
    read(&lea, "Léa", 60, (1920, 1080))?;
    read(&max, "Max", 40, (1920, 1080))?;
    saw(&lea, "Léa", "Camille", 100)?;
    saw(&max, "Max", "Camille", 60)?;
    let sent = camille.screen_sent.as_ref().ok_or("nothing was encoded")?;
    ensure((sent.width, sent.height) == (1920, 1080), || {
        format!("encoded was {sent:?}")
    })?;
    let none = peer(&camille, "Camille", "Léa")?.screen.is_none();
    ensure(none, || "Camille saw a screen that nobody shared".into())
}

#[cfg(target_os = "linux")]
mod display {
    use super::easel::Easel;
    use super::*;
    use visio_tests::{Display, Need};

    const NEEDS: &[Need] = &[
        Need::Own("visio-server"),
        Need::Own("visio-cli"),
        Need::Program("Xvfb", "xvfb"),
    ];

    pub fn trials() -> Vec<Trial> {
        vec![
            scenario(
                "a window that is shared is read until it is closed and then pauses with a word",
                NEEDS,
                window,
            ),
            scenario("a whole display that is shared is read", NEEDS, whole),
        ]
    }

    fn window() -> Outcome {
        let display = Display::start(1280, 800)?;
        let easel = Easel::put_up(&display, "A page to be read", (960, 540))?;
        let room = Room::open()?;
        let lea = room.guest("Léa")?.join()?;
        let camille = room
            .guest("Camille")?
            .env("DISPLAY", display.name())
            .screen(&easel.spec())
            .join()?;
        lea.says(&says("screen.theirs")?, SOON)?;
        std::thread::sleep(Duration::from_secs(10));
        drop(easel);
        camille.says(&says("screen.lost")?, SOON)?;
        lea.says(&says("screen.paused")?, SOON)?;
        let (lea, _) = (lea.leave()?, camille.leave()?);
        read(&lea, "Léa", 30, (960, 540))
    }

    fn whole() -> Outcome {
        let display = Display::start(1280, 720)?;
        let _easel = Easel::put_up(&display, "A page to be read", (1280, 720))?;
        let room = Room::open()?;
        let lea = room.guest("Léa")?.join()?;
        let camille = room
            .guest("Camille")?
            .env("DISPLAY", display.name())
            .screen("default")
            .join()?;
        lea.says(&says("screen.theirs")?, SOON)?;
        std::thread::sleep(Duration::from_secs(10));
        let (lea, _) = (lea.leave()?, camille.leave()?);
        read(&lea, "Léa", 30, (1280, 720))
    }
}
