//! The real window shares the display that it is on, and shows what somebody else shares.

use std::time::Duration;

use libtest_mimic::Failed;
use visio_tests::{Binaries, Participant, Server};

use super::page::Page;
use super::{COMPANION_CAMERA, ENGLISH};
use crate::scenario::ensure;

/// Within this, somebody else has been told.
const SOON: Duration = Duration::from_secs(20);

pub(super) fn both_ways() -> Result<(), Failed> {
    let binaries = Binaries::beside_me()?;
    let server = Server::start(&binaries)?;
    let invite = server.invite()?;
    let lea = Participant::new(&binaries, &invite, "Léa")?
        .camera(COMPANION_CAMERA)
        .screen("pattern:1280x720@5")
        .join()?;
    let devices = [
        ("VISIO_CAMERA", "pattern:320x180@15"),
        ("VISIO_MICROPHONE", "none"),
        ("VISIO_SPEAKER", "none"),
    ];
    let page = Page::open(&binaries, ENGLISH.locale, &devices)?;
    page.join("Camille", &invite)?;
    page.wait_for("[data-test=screen-tile][data-picture=true]")?;
    let drawn = "Object.entries(JSON.parse(document.querySelector('#pictures').dataset.drawn || '{}'))\
        .some(([tile, count]) => tile.startsWith('screen-') && count > 5)";
    page.wait_until(drawn, "Léa's screen on the canvas")?;

    page.click("#share-button")?;
    page.click("[data-test=share-choice]")?;
    page.wait_for("#sharing-line[data-status=ok]")?;
    lea.says("Camille shares a screen.", SOON)?;
    std::thread::sleep(Duration::from_secs(5));
    page.click("#sharing-stop")?;
    lea.says("Camille no longer shares a screen.", SOON)?;
    drop(page);
    let report = lea.leave()?;
    let camille = report.peer("Camille").ok_or("Léa did not meet Camille")?;
    let screen = camille.screen.as_ref().ok_or("Léa saw no screen")?;
    let (frames, width) = (screen.frames_decoded, screen.width);
    ensure(frames >= 5 && width >= 640, || {
        format!("Léa saw {frames} pictures of a screen {width} wide")
    })
}
