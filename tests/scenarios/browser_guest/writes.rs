//! Guests write, react and raise their hands, like everybody else.

use libtest_mimic::{Failed, Trial};
use visio_tests::chromium::PageGuest;
use visio_tests::words::sentence;

use super::{MEET, Media, NAME, SMALL, needs};
use crate::scenario::{Outcome, Room, ensure, scenario_with};

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![scenario_with(
        "a guest writes and is read and who comes late reads it too",
        needs(),
        writes,
    )]
}

/// Has a guest write something.
fn say(guest: &mut PageGuest, text: &str) -> Outcome {
    guest.type_into("#chat-field", text)?;
    guest.click("#chat-send")?;
    shows(guest, text)
}

/// Waits until a text stands in the chat, as text.
fn shows(guest: &mut PageGuest, text: &str) -> Outcome {
    let shown = format!(
        "[...document.querySelectorAll('[data-test=message] .text')].some((it) => it.textContent === {})",
        serde_json::Value::from(text)
    );
    guest.browser.wait_until(&shown).map_err(Failed::from)
}

fn writes() -> Outcome {
    const MARKUP: &str = "<b>Hello</b> https://example.org/";
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut guest = PageGuest::join(&room.invite, NAME, &media.visit())?;
    let lea = room.guest("Léa")?.camera(SMALL).join()?;
    guest.sees(&["Léa"])?;
    guest.click("#chat-button")?;
    say(&mut guest, MARKUP)?;
    lea.says(&format!("{NAME}: {MARKUP}"), MEET)?;
    let mut late = PageGuest::join(&room.invite, "Hugo", &media.visit())?;
    late.sees(&[NAME, "Léa"])?;
    late.click("#chat-button")?;
    shows(&mut late, MARKUP)?;
    let links = late
        .browser
        .evaluate("[...document.querySelectorAll('[data-test=message] a')].map((it) => it.href)")?;
    ensure(links == serde_json::json!(["https://example.org/"]), || {
        format!("the links are {links}")
    })?;
    say(&mut late, "And who are you?")?;
    shows(&mut guest, "And who are you?")?;
    guest.click("#hand-button")?;
    lea.says(&sentence("en", "cli.hand.raised", &[("name", NAME)])?, MEET)?;
    // After a reload what was written is told again by the others.
    guest.browser.reload()?;
    guest.sees(&["Léa", "Hugo"])?;
    guest.click("#chat-button")?;
    shows(&mut guest, MARKUP)?;
    shows(&mut guest, "And who are you?")
}
