//! A guest shares a screen, and sees the one that somebody with the app shares.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use visio_engine::video::pattern::{PatternMeter, wall_micros};
use visio_engine::video::{Content, Frame};
use visio_tests::chromium::{PageGuest, Visit};
use visio_tests::words::sentence;

use super::{MEET, Media, NAME, NEAR, SMALL, TONE, needs};
use crate::scenario::{Outcome, Room, ensure, scenario_with};
use crate::screen::LEGIBLE_DB;
use crate::seen_and_heard::peer;

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario_with(
            "a guest reads the screen that somebody with the app shares",
            needs(),
            reads,
        ),
        scenario_with(
            "a guest shares a screen and is seen sharing until it is over",
            needs(),
            shares,
        ),
    ]
}

/// The page of a guest, with a film and a tone.
fn guest(room: &Room, media: &Media, name: &str) -> Result<PageGuest, Failed> {
    Ok(PageGuest::join(&room.invite, name, &media.visit())?)
}

/// Waits until a screen of somebody is seen, or is not; its tile.
fn screen_of(guest: &mut PageGuest, name: &str) -> Result<String, Failed> {
    let person = guest.tile(name)?;
    guest.wait_for(&format!(
        "[data-test=screen-tile][data-person='{person}'][data-picture=true]"
    ))?;
    Ok(format!("screen-{person}"))
}

fn reads() -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut camille = guest(&room, &media, NAME)?;
    let lea = room.guest("Léa")?.camera(SMALL).screen("pattern").join()?;
    camille.sees(&["Léa"])?;
    let tile = screen_of(&mut camille, "Léa")?;
    // As on a sharp screen: all of it is asked for.
    camille.browser.resize(1000, 700, Some(2.0))?;
    let deadline = Instant::now() + MEET;
    let mut meter = PatternMeter::of(Content::Screen);
    let psnr = loop {
        let shown = camille.picture(&tile, 1920)?;
        let mut frame = Frame::new(shown.width, shown.height, Instant::now());
        // The page shows black and white as 0 and 255.
        let studio = shown
            .luma
            .iter()
            .map(|it| 16 + (u16::from(*it) * 219 / 255) as u8);
        for (to, from) in frame.planes_mut().y.iter_mut().zip(studio) {
            *to = from;
        }
        meter.observe(&frame, wall_micros());
        let psnr = meter.stats().and_then(|stats| stats.psnr_db).unwrap_or(0.0);
        if shown.width == 1920 && psnr >= LEGIBLE_DB {
            break psnr;
        }
        ensure(Instant::now() < deadline, || {
            format!("{} columns are shown, at {psnr} dB", shown.width)
        })?;
        std::thread::sleep(Duration::from_millis(500));
    };
    eprintln!("the guest reads the screen at {psnr:.1} dB");
    lea.leave()?;
    let gone = "!document.querySelector('[data-test=screen-tile]')";
    camille.browser.wait_until(gone).map_err(Failed::from)
}

fn shares() -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut camille = guest(&room, &media, NAME)?;
    let lea = room.guest("Léa")?.camera(SMALL).join()?;
    let mut hugo = PageGuest::join(&room.invite, "Hugo", &Visit::default())?;
    camille.sees(&["Léa", "Hugo"])?;
    // A browser asks what to share only after a press.
    camille.press_on("#share-button")?;
    camille.wait_for("#sharing-line[data-status=ok]")?;
    let words = |key| sentence("en", key, &[("name", NAME)]);
    lea.says(&words("screen.theirs")?, MEET)?;
    screen_of(&mut hugo, NAME)?;
    std::thread::sleep(Duration::from_secs(5));
    camille.click("#sharing-stop")?;
    lea.says(&words("screen.over")?, MEET)?;
    let gone = "!document.querySelector('[data-test=screen-tile]')";
    hugo.browser.wait_until(gone)?;
    let report = lea.leave()?;
    let screen = peer(&report, "Léa", NAME)?.screen.as_ref();
    let screen = screen.ok_or("Léa saw no screen of the guest")?;
    ensure(screen.frames_decoded >= 10 && screen.height > 360, || {
        format!("Léa saw {screen:?}")
    })?;
    // What Chromium pretends to share sounds like what it pretends to record.
    let sound = peer(&report, "Léa", NAME)?.sound.as_ref();
    let tone = sound.and_then(|sound| sound.tone_hz).unwrap_or_default();
    ensure((tone - TONE).abs() <= NEAR, || {
        format!("the screen's sound was {tone} Hz, not {TONE}")
    })
}
