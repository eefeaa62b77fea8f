//! A call without a server: the window's own computer holds it, for whoever is on the same network.

use libtest_mimic::Failed;
use visio_tests::net::Namespace;
use visio_tests::{Binaries, Participant};

use super::page::Page;
use super::{COMPANION_CAMERA, ENGLISH};
use crate::scenario::ensure;

/// Two computers on one cable, as at home.
fn home() -> Result<[Namespace; 2], Failed> {
    let computers = [Namespace::new("host")?, Namespace::new("guest")?];
    let [host, guest] = &computers;
    host.ip(&format!(
        "link add eth0 type veth peer name eth0 netns {}\naddr add 192.168.77.1/24 dev eth0\nlink set eth0 up\n",
        guest.name()
    ))?;
    guest.ip("addr add 192.168.77.2/24 dev eth0\nlink set eth0 up\n")?;
    Ok(computers)
}

/// The whole of it, without a name server, a router or a way to the world.
pub(super) fn call() -> Result<(), Failed> {
    let [host, guest] = home()?;
    let binaries = Binaries::beside_me()?;
    let there = binaries.inside(&guest);
    host.inside(|| holds_a_call(&binaries, &there))?
}

fn holds_a_call(here: &Binaries, there: &Binaries) -> Result<(), Failed> {
    let devices = [
        ("VISIO_CAMERA", "pattern:640x360@15"),
        ("VISIO_MICROPHONE", "tone:330"),
        ("VISIO_SPEAKER", "none"),
    ];
    let page = Page::open(here, ENGLISH.locale, &devices)?;
    page.wait_for("[data-screen=home]")?;
    page.type_into("#name", "Camille")?;
    page.click("#start-button")?;
    page.click("#start-near")?;
    page.wait_for("#lobby-near")?;
    page.click("#lobby-join")?;
    page.wait_for("[data-screen=call]")?;
    // As one reads it to somebody in the next room.
    let invite = page.text("#invite-code")?;
    ensure(invite.starts_with("192.168.77.1:8471 "), || {
        format!("the invite is {invite}")
    })?;
    let guest = Participant::new(there, &invite, "Léa")?;
    let guest = guest
        .camera(COMPANION_CAMERA)
        .microphone("tone:440")
        .join()?;
    page.wait_until(
        "document.querySelectorAll('[data-test=tile][data-picture=true]').length === 1",
        "the guest's picture",
    )?;
    drop(page);
    let report = guest.leave()?;
    let host = report.peer("Camille").ok_or("the guest met nobody")?;
    let decoded = host.video.as_ref().map_or(0, |video| video.frames_decoded);
    ensure(
        decoded > 0 && host.path.as_deref() == Some("direct"),
        || format!("the guest saw {decoded} pictures, by {:?}", host.path),
    )
}
