//! Invite links, opened as the system opens them: by starting Visio with the link as its argument.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use visio_tests::{Binaries, Bus, Process, Server, bus, words};

use super::page::{ENTER, Page};
use super::{ENGLISH, NEEDS, mistyped};
use crate::scenario::{Outcome, ensure, scenario_with};

/// A second start opens no window: it needs as long as the programs' loading takes.
const ENDS: Duration = Duration::from_secs(20);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario_with(
            "a link opens the lobby in the window that is there, and asks before it ends a call",
            [NEEDS, bus::NEEDS].concat(),
            second_start,
        ),
        scenario_with(
            "the first start by a link waits for the name, then opens the lobby",
            [NEEDS, bus::NEEDS].concat(),
            first_start,
        ),
    ]
}

fn second_start() -> Outcome {
    let (binaries, bus) = (Binaries::beside_me()?, Bus::start()?);
    let server = Server::start(&binaries)?;
    let (link, other) = (as_link(&server.invite()?), as_link(&server.invite()?));
    let environment = environment(&bus);
    let page = Page::open(&binaries, ENGLISH.locale, &environment)?;
    let start = |arguments: &[&str]| -> Outcome {
        let mut command = binaries.command("visio")?;
        command
            .args(arguments)
            .env("DISPLAY", page.display())
            .env("GDK_BACKEND", "x11")
            .envs(environment);
        Ok(Process::spawn("a second visio", &mut command)?.succeed(ENDS)?)
    };
    page.wait_for("[data-screen=home]")?;
    page.type_into("#name", "Camille")?;
    page.press(ENTER)?;

    start(&[&mistyped(&link)])?;
    page.wait_for("#invite-error[data-kind=inviteMistyped]")?;
    says(&page, "#invite-error", "trouble.inviteMistyped")?;
    start(&[&link])?;
    page.wait_for("[data-screen=lobby]")?;
    is_at(&page, &link)?;

    page.click("#lobby-join")?;
    page.wait_for("[data-screen=call]")?;
    start(&[&mistyped(&other)])?;
    says(&page, "#notice span", "trouble.inviteMistyped")?;
    start(&[])?;
    start(&[&other])?;
    page.wait_for("#other")?;
    is_at(&page, &link)?;
    page.click("#other-go")?;
    page.wait_for("[data-screen=lobby]")?;
    is_at(&page, &other)
}

fn first_start() -> Outcome {
    let (binaries, bus) = (Binaries::beside_me()?, Bus::start()?);
    let server = Server::start(&binaries)?;
    let link = as_link(&server.invite()?);
    let page = Page::open_with(&binaries, ENGLISH.locale, &environment(&bus), &[&link])?;
    says(&page, "#name-error", "home.name.missing")?;
    page.type_into("#name", "Camille")?;
    page.click("#join-button")?;
    page.wait_for("[data-screen=lobby]")?;
    is_at(&page, &link)
}

/// A person's who has this bus, and whom only the test pattern films.
fn environment(bus: &Bus) -> [(&'static str, &str); 5] {
    [
        ("DBUS_SESSION_BUS_ADDRESS", bus.address()),
        ("VISIO_ALONE", ""),
        ("VISIO_CAMERA", "pattern:320x180@15"),
        ("VISIO_MICROPHONE", "none"),
        ("VISIO_SPEAKER", "none"),
    ]
}

/// The invite of a room on this machine, as the link that opens the app.
fn as_link(invite: &str) -> String {
    invite.replace("http://", "visio://")
}

/// The engine is in the lobby or the call that this link leads to.
fn is_at(page: &Page, link: &str) -> Outcome {
    let state: Value = page.invoke("call_state")?;
    let code = |link: &str| link.rsplit('#').next().map(str::to_owned);
    let at = state["invite"]["link"].as_str().unwrap_or_default();
    ensure(code(at) == code(link), || format!("it is at {at}"))
}

fn says(page: &Page, selector: &str, key: &str) -> Result<(), Failed> {
    page.wait_for(&format!("{selector}:not(:empty)"))?;
    let (said, sentence) = (page.text(selector)?, words::sentence("en", key, &[])?);
    ensure(said == sentence, || {
        format!("{selector} should say “{sentence}” and says “{said}”")
    })
}
