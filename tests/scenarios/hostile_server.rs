//! A server that means ill has the room, everybody's address and every sealed message, and still gets nothing: no name, no
//! picture, no place in the middle; and those it works against are told.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::hostile::{Attack, HostileServer};
use visio_tests::words::sentence;
use visio_tests::{Binaries, Participant, Report, Server};

use crate::scenario::{CALL, Outcome, ensure, scenario};
use crate::seen_and_heard::saw;

const SMALL: &str = "pattern:320x180@15";

/// Who is there, and must not be learned.
pub(crate) const NAMES: [&str; 2] = ["Camille Perrault", "Léa Fontaine"];

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "a server that only listens learns no name and no address",
            CALL,
            listening,
        ),
        scenario(
            "a server that alters every message gets no media and is told of",
            CALL,
            || no_media(Attack::AlterAll),
        ),
        scenario(
            "a server that alters descriptions gets no media and is told of",
            CALL,
            || no_media(Attack::AlterDescriptions),
        ),
        scenario(
            "a server that swaps recipients gets no media and is told of",
            CALL,
            || no_media(Attack::SwapRecipients),
        ),
        scenario(
            "a server that repeats messages changes nothing",
            CALL,
            repeating,
        ),
        scenario(
            "a server that withholds messages gets no media",
            CALL,
            withholding,
        ),
    ]
}

/// A call of two under `attack`: what the server saw and did, and each one's report and words.
struct Call {
    seen: String,
    attacked: usize,
    reports: Vec<(Report, String)>,
    host: String,
}

fn call(attack: Attack) -> Result<Call, Failed> {
    let binaries = Binaries::beside_me()?;
    let server = Server::start(&binaries)?;
    let hostile = HostileServer::start(server.address(), attack)?;
    let invite = server.invite_through(&hostile.url())?;
    let mut joined = Vec::new();
    for name in NAMES {
        joined.push(
            Participant::new(&binaries, &invite, name)?
                .camera(SMALL)
                .microphone("tone:440")
                .join()?,
        );
    }
    std::thread::sleep(Duration::from_secs(7));
    let mut reports = Vec::new();
    for guest in joined {
        reports.push(guest.leave_and_tell()?);
    }
    let (host, seen) = (hostile.url().replace("http://", ""), hostile.seen());
    // Not even the word, where no file of the guest's page is asked for by a name that has it.
    ensure(!seen.contains("candidate"), || {
        "the server read of candidates".to_owned()
    })?;
    Ok(Call {
        seen,
        attacked: hostile.attacked(),
        reports,
        host,
    })
}

/// Nothing that passed through the server, which is what it has `seen`, tells who is there, or from where they can be reached.
pub(crate) fn learned_nothing(seen: &str) -> Outcome {
    for secret in [
        "Camille",
        "Perrault",
        "Léa",
        "Fontaine",
        "fingerprint",
        "ice-ufrag",
        "candidate:",
        "typ host",
    ] {
        ensure(!seen.contains(secret), || {
            format!("the server read \"{secret}\"")
        })?;
    }
    Ok(())
}

fn listening() -> Outcome {
    let call = call(Attack::Listen)?;
    ensure(call.seen.contains("sealed"), || {
        "nothing passed through the server".to_owned()
    })?;
    learned_nothing(&call.seen)?;
    saw_each_other(&call)
}

fn repeating() -> Outcome {
    let call = call(Attack::Replay)?;
    learned_nothing(&call.seen)?;
    saw_each_other(&call)
}

/// Each met exactly the other one, and saw them.
fn saw_each_other(call: &Call) -> Outcome {
    for ((report, _), (who, other)) in call
        .reports
        .iter()
        .zip([(NAMES[0], NAMES[1]), (NAMES[1], NAMES[0])])
    {
        ensure(report.peers.len() == 1, || {
            format!("{who} met {} people", report.peers.len())
        })?;
        saw(report, who, other, 45)?;
    }
    Ok(())
}

/// Whoever wrote this report has seen and heard nobody.
pub(crate) fn got_no_media(report: &Report) -> Outcome {
    for peer in &report.peers {
        let frames = peer.video.as_ref().map_or(0, |video| video.frames_decoded);
        let packets = peer.audio.as_ref().map_or(0, |audio| audio.packets);
        ensure(frames == 0 && packets == 0, || {
            format!("{frames} frames and {packets} packets got through")
        })?;
    }
    Ok(())
}

fn no_media(attack: Attack) -> Outcome {
    let call = call(attack)?;
    ensure(call.attacked > 0, || {
        "there was nothing to alter".to_owned()
    })?;
    learned_nothing(&call.seen)?;
    for (report, _) in &call.reports {
        got_no_media(report)?;
    }
    let warning = sentence("en", "trouble.tampering", &[("server", &call.host)])?;
    let warned = call.reports.iter().any(|(_, said)| said.contains(&warning));
    ensure(warned, || {
        format!("nobody was told \"{warning}\":\n{}", call.reports[0].1)
    })
}

fn withholding() -> Outcome {
    let call = call(Attack::Withhold)?;
    learned_nothing(&call.seen)?;
    for (report, _) in &call.reports {
        got_no_media(report)?;
    }
    Ok(())
}
