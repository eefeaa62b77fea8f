//! Two people behind routers that translate addresses: where those let them through they meet directly, else through the
//! server's relay. Either way they see and hear each other.

use std::time::Duration;

use libtest_mimic::Trial;
use visio_tests::net::{Impairment, Meeting, NEEDS, Nat, Site};
use visio_tests::{Binaries, Need};

use crate::scenario::{CALL, Outcome, ensure, scenario_with};

/// Somebody at home has this far to go, there and back.
const LINK: Impairment = Impairment::round_trip(20);

/// Long enough for two programs to be in a call on a busy machine.
const MEETING: Duration = Duration::from_secs(20);

/// The call.
const TALK: Duration = Duration::from_secs(4);

/// Small, so that what is shown is the way and not the encoder.
const CAMERA: &str = "pattern:320x180@30";

/// From the moment at which both know of each other to the first picture.
const FIRST_PICTURE_MS: f64 = 4000.0;

/// The routers of the two, and the way that is left.
const PAIRS: &[(&str, Nat, Nat, &str)] = &[
    (
        "two people without a nat meet directly",
        Nat::None,
        Nat::None,
        "direct",
    ),
    (
        "two people behind common routers meet directly",
        Nat::PortRestricted,
        Nat::PortRestricted,
        "direct",
    ),
    (
        "somebody behind an open router and somebody behind a strict one meet directly",
        Nat::FullCone,
        Nat::Symmetric,
        "direct",
    ),
    (
        "somebody behind a common router and somebody behind a strict one meet through the relay",
        Nat::PortRestricted,
        Nat::Symmetric,
        "relay",
    ),
    (
        "two people behind strict routers meet through the relay",
        Nat::Symmetric,
        Nat::Symmetric,
        "relay",
    ),
];

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    PAIRS
        .iter()
        .map(|(sentence, anna, ben, way)| {
            scenario_with(sentence, needs(), || meets(*anna, *ben, way))
        })
        .collect()
}

fn needs() -> Vec<Need> {
    [NEEDS, CALL].concat()
}

fn meets(of_anna: Nat, of_ben: Nat, way: &str) -> Outcome {
    let binaries = Binaries::beside_me()?;
    let sites = [of_anna, of_ben].map(|nat| Site::new(LINK).behind(nat));
    let meeting = Meeting::open_with_relay(&binaries, 1, &sites)?;
    let guest = |site, name, microphone| {
        let guest = meeting.guest(site, name)?.camera(CAMERA);
        guest.microphone(microphone).join()
    };
    let anna = guest(0, "Anna", "tone:440")?;
    let ben = guest(1, "Ben", "tone:660")?;
    anna.says("Ben is here", MEETING)?;
    ben.says("Anna is here", MEETING)?;
    std::thread::sleep(TALK);
    for (whose, other, tone, report) in [
        ("Anna", "Ben", 660.0, anna.leave()?),
        ("Ben", "Anna", 440.0, ben.leave()?),
    ] {
        let peer = report.peer(other).ok_or("nobody was met")?;
        let first = peer.first_video_ms.unwrap_or(f64::MAX);
        println!(
            "{whose}: {:?}, first picture after {first:.0} ms",
            peer.path
        );
        ensure(peer.path.as_deref() == Some(way), || {
            format!("{whose} was connected by {:?}", peer.path)
        })?;
        ensure(first <= FIRST_PICTURE_MS, || {
            format!("{whose} saw {other} only after {first:.0} ms")
        })?;
        let fps = peer.video.as_ref().map_or(0.0, |video| video.fps);
        ensure(fps >= 25.0, || {
            format!("{whose} saw {fps} pictures a second")
        })?;
        let heard = peer.audio.as_ref().and_then(|audio| audio.tone_hz);
        ensure(
            heard.is_some_and(|heard| (heard - tone).abs() < 5.0),
            || format!("{whose} heard {heard:?} Hz"),
        )?;
    }
    Ok(())
}
