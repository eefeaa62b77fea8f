//! A server that means ill and serves an honest page: what it can do to those who have the app it can do to a guest, and no more.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::chromium::PageGuest;
use visio_tests::hostile::{Attack, HostileServer};
use visio_tests::words::sentence;
use visio_tests::{Binaries, Participant, Report, Server};

use super::{Media, SMALL, needs};
use crate::hostile_server::{NAMES, got_no_media, learned_nothing};
use crate::scenario::{Case, Outcome, ensure, scenario_with};
use crate::seen_and_heard::saw;

/// The guest, and who has the app.
const GUEST: &str = NAMES[0];
const OTHER: &str = NAMES[1];

/// As long as the call takes.
const LASTS: Duration = Duration::from_secs(8);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let cases: [Case; 5] = [
        (
            "a server that only listens learns nothing of a guest",
            || goes_on(Attack::Listen),
        ),
        (
            "a server that repeats a guest's messages changes nothing",
            || goes_on(Attack::Replay),
        ),
        (
            "a server that alters every message gets no media of a guest who is told of it",
            || no_media(Attack::AlterAll),
        ),
        (
            "a server that alters descriptions gets no media of a guest who is told of it",
            || no_media(Attack::AlterDescriptions),
        ),
        (
            "a server that swaps recipients gets no media of a guest who is told of it",
            || no_media(Attack::SwapRecipients),
        ),
    ];
    let trial = |(sentence, run)| scenario_with(sentence, needs(), run);
    cases.into_iter().map(trial).collect()
}

/// A call of a guest and somebody with the app under `attack`.
struct Call {
    guest: PageGuest,
    report: Report,
    said: String,
    host: String,
}

fn call(attack: Attack) -> Result<Call, Failed> {
    let binaries = Binaries::beside_me()?;
    let media = Media::make(&binaries)?;
    let server = Server::start(&binaries)?;
    let hostile = HostileServer::start(server.address(), attack)?;
    let invite = server.invite_through(&hostile.url())?;
    let guest = PageGuest::join(&invite, GUEST, &media.visit())?;
    let other = Participant::new(&binaries, &invite, OTHER)?.camera(SMALL);
    let other = other.microphone("tone:440").join()?;
    std::thread::sleep(LASTS);
    let (report, said) = other.leave_and_tell()?;
    let seen = hostile.seen();
    ensure(seen.contains("sealed"), || {
        "nothing passed through the server".to_owned()
    })?;
    learned_nothing(&seen)?;
    let code = invite.split('#').nth(1).unwrap_or_default();
    ensure(!seen.contains(code), || {
        "the server read the invite's code".to_owned()
    })?;
    ensure(attack == Attack::Listen || hostile.attacked() > 0, || {
        "there was nothing to attack".to_owned()
    })?;
    let host = hostile.url().replace("http://", "");
    Ok(Call {
        guest,
        report,
        said,
        host,
    })
}

fn goes_on(attack: Attack) -> Outcome {
    let mut call = call(attack)?;
    ensure(call.report.peers.len() == 1, || {
        format!("{} people were met", call.report.peers.len())
    })?;
    saw(&call.report, OTHER, GUEST, 20)?;
    let complaints = call.guest.complaints()?;
    ensure(complaints.is_empty(), || complaints.join("\n"))
}

fn no_media(attack: Attack) -> Outcome {
    let mut call = call(attack)?;
    got_no_media(&call.report)?;
    let received = call
        .guest
        .statistics("inbound-rtp", "video", "framesDecoded")?;
    ensure(received.is_empty(), || {
        format!("the guest received {received:?} pictures")
    })?;
    // Whoever was sent something that can't be true is told.
    let warning = sentence("en", "trouble.tampering", &[("server", &call.host)])?;
    let shown = call.guest.text("body")?;
    ensure(
        shown.contains(&warning) || call.said.contains(&warning),
        || format!("nobody was told \"{warning}\"; the page says {shown}"),
    )
}
