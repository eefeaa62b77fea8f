//! The real window writes with somebody, shows a feeling and raises a hand.

use std::time::Duration;

use libtest_mimic::Failed;
use visio_tests::{Binaries, Participant, Server};

use super::page::{ENTER, Page};
use super::{COMPANION_CAMERA, ENGLISH};
use crate::scenario::ensure;

/// Within this, what is said in the window has come.
const SOON: Duration = Duration::from_secs(15);

pub(super) fn with_a_companion() -> Result<(), Failed> {
    let binaries = Binaries::beside_me()?;
    let server = Server::start(&binaries)?;
    let invite = server.invite()?;
    let lea = Participant::new(&binaries, &invite, "Léa")?
        .camera(COMPANION_CAMERA)
        .say("<b>Look</b>: https://example.org/cake?for=8.")
        .raise_hand()
        .join()?;
    let devices = [
        ("VISIO_CAMERA", "pattern:640x360@15"),
        ("VISIO_MICROPHONE", "none"),
        ("VISIO_SPEAKER", "none"),
    ];
    let page = Page::open(&binaries, ENGLISH.locale, &devices)?;
    page.join("Camille", &invite)?;

    // What was written before the window came: it passes by, and is counted.
    page.wait_for("#chat-button .count")?;
    page.wait_for("[data-test=tile] [data-test=hand]")?;
    page.click("#chat-button")?;
    let text = page.text(".message .text")?;
    ensure(
        text == "<b>Look</b>: https://example.org/cake?for=8.",
        || format!("the message is “{text}”"),
    )?;
    let link = page.eval("return document.querySelector('.message a').href")?;
    ensure(link == "https://example.org/cake?for=8", || {
        format!("the link leads to {link}")
    })?;

    page.type_into("#chat-field", "I come at eight")?;
    page.press(ENTER)?;
    page.wait_for(".message.mine")?;
    lea.says("Camille: I come at eight", SOON)?;
    page.click("#hand-button")?;
    lea.says("Camille raises a hand.", SOON)?;
    page.wait_until(
        "document.querySelector('.own [data-test=hand]').textContent.trim() === '2'",
        "the own hand behind Léa’s",
    )?;
    page.click("#react-button")?;
    page.click("#feel-celebrate")?;
    lea.says("Camille reacts: Hooray", SOON)?;
    page.wait_for(".own [data-kind=celebrate]")?;
    page.click("#hand-button")?;
    lea.says("Camille lowers the hand.", SOON)?;
    let state = page.invoke("chat_messages")?;
    let waiting = &state[1]["waiting"];
    ensure(waiting.as_array().is_some_and(Vec::is_empty), || {
        format!("still waited for: {waiting}")
    })?;
    drop(page);
    let report = lea.leave()?;
    let from: Vec<&str> = report
        .chat
        .messages
        .iter()
        .map(|it| it.from.as_str())
        .collect();
    ensure(from == ["Léa", "Camille"], || format!("{from:?}"))
}
