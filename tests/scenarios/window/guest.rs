//! A guest in a browser, in a call with the real window.

use libtest_mimic::Failed;
use visio_tests::chromium::{PageGuest, Visit};
use visio_tests::{Binaries, Server};

use super::ENGLISH;
use super::page::Page;

/// Both see each other, and each hears of what the other one does.
pub(super) fn call() -> Result<(), Failed> {
    let binaries = Binaries::beside_me()?;
    let server = Server::start(&binaries)?;
    let invite = server.invite()?;
    let devices = [
        ("VISIO_CAMERA", "pattern:640x360@15"),
        ("VISIO_MICROPHONE", "tone:330"),
        ("VISIO_SPEAKER", "none"),
    ];
    let page = Page::open(&binaries, ENGLISH.locale, &devices)?;
    page.join("Camille", &invite)?;
    let mut guest = PageGuest::join(&invite, "Zoé", &Visit::default())?;
    guest.sees(&["Camille"])?;
    page.wait_until(
        "document.querySelectorAll('[data-test=tile][data-picture=true]').length === 1",
        "the guest's picture",
    )?;
    let tile = guest.tile("Camille")?;
    let drawn =
        "Object.entries(JSON.parse(document.querySelector('#pictures').dataset.drawn || '{}'))";
    page.wait_until(
        &format!("{drawn}.some(([tile, count]) => tile !== 'me' && count > 30)"),
        "the guest's picture to move",
    )?;
    let moves = format!("{drawn}.some(([tile, count]) => tile === '{tile}' && count > 30)");
    guest.browser.wait_until(&moves)?;
    guest.click("#microphone-switch")?;
    page.wait_for("[data-test=tile] [aria-label='Microphone off']")?;
    page.click("#leave-button")?;
    guest.wait_for("[data-test=alone]")?;
    Ok(())
}
