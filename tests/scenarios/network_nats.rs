//! Two people behind routers that translate addresses: where those let them through they meet directly, else through the
//! server's relay. Either way they see and hear each other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::net::{Impairment, Meeting, NEEDS, Nat, SERVER, Site};
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

/// The same, where only the web passes: the last way that is tried, two round trips longer (1.5 to 2.1 s measured).
const FIRST_OVER_TLS_MS: f64 = 5000.0;

/// Two routers, and the way that they leave.
struct Pair {
    sentence: &'static str,
    /// Anna's and Ben's.
    routers: [Nat; 2],
    way: &'static str,
    /// What carries each one's packets as far as the relay, if there is one.
    carried_by: [&'static str; 2],
}

const PAIRS: &[Pair] = &[
    Pair {
        sentence: "two people without a nat meet directly",
        routers: [Nat::None, Nat::None],
        way: "direct",
        carried_by: ["udp", "udp"],
    },
    Pair {
        sentence: "two people behind common routers meet directly",
        routers: [Nat::PortRestricted, Nat::PortRestricted],
        way: "direct",
        carried_by: ["udp", "udp"],
    },
    Pair {
        sentence: "somebody behind an open router and somebody behind a strict one meet directly",
        routers: [Nat::FullCone, Nat::Symmetric],
        way: "direct",
        carried_by: ["udp", "udp"],
    },
    Pair {
        sentence: "somebody behind a common router and somebody behind a strict one meet through the relay",
        routers: [Nat::PortRestricted, Nat::Symmetric],
        way: "relay",
        carried_by: ["udp", "udp"],
    },
    Pair {
        sentence: "two people behind strict routers meet through the relay",
        routers: [Nat::Symmetric, Nat::Symmetric],
        way: "relay",
        carried_by: ["udp", "udp"],
    },
    Pair {
        sentence: "somebody whose network lets no datagram through meets others through the relay over tcp",
        routers: [Nat::UdpBlocked, Nat::PortRestricted],
        way: "relay",
        carried_by: ["tcp", "udp"],
    },
    Pair {
        sentence: "two people whose networks let no datagram through meet through the relay over tcp",
        routers: [Nat::UdpBlocked, Nat::UdpBlocked],
        way: "relay",
        carried_by: ["tcp", "tcp"],
    },
    Pair {
        sentence: "somebody whose network lets only the web through meets others through the relay over tls",
        routers: [Nat::WebOnly, Nat::PortRestricted],
        way: "relay",
        carried_by: ["tls", "udp"],
    },
    Pair {
        sentence: "two people whose networks let only the web through meet through the relay over tls",
        routers: [Nat::WebOnly, Nat::WebOnly],
        way: "relay",
        carried_by: ["tls", "tls"],
    },
];

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    PAIRS
        .iter()
        .map(|pair| scenario_with(pair.sentence, needs(), || meets(pair)))
        .collect()
}

fn needs() -> Vec<Need> {
    [NEEDS, CALL].concat()
}

/// A server whose certificate is its own, and trusted; it lies in `folder`, as the path says.
pub(crate) fn encrypted(
    binaries: &Binaries,
    sites: &[Site],
    folder: &Path,
) -> Result<(Meeting, PathBuf), Failed> {
    let made = rcgen::generate_simple_self_signed([SERVER.to_string()])?;
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.join(name));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let meeting = Meeting::open_encrypted(binaries, 1, sites, [&certificate, &key])?;
    Ok((meeting, certificate))
}

fn meets(pair: &Pair) -> Outcome {
    let binaries = Binaries::beside_me()?;
    let sites = pair.routers.map(|nat| Site::new(LINK).behind(nat));
    let folder = tempfile::tempdir()?;
    let meeting = if pair.routers.contains(&Nat::WebOnly) {
        encrypted(&binaries, &sites, folder.path())?.0
    } else {
        Meeting::open_with_relay(&binaries, 1, &sites)?
    };
    let guest = |site, name, microphone| {
        let guest = meeting.guest(site, name)?.camera(CAMERA);
        guest.microphone(microphone).join()
    };
    let anna = guest(0, "Anna", "tone:440")?;
    let ben = guest(1, "Ben", "tone:660")?;
    anna.says("Ben is here", MEETING)?;
    ben.says("Anna is here", MEETING)?;
    std::thread::sleep(TALK);
    let people = [
        ("Anna", "Ben", 660.0, anna.leave()?),
        ("Ben", "Anna", 440.0, ben.leave()?),
    ];
    for ((whose, other, tone, report), carried_by) in people.into_iter().zip(pair.carried_by) {
        let peer = report.peer(other).ok_or("nobody was met")?;
        let first = peer.first_video_ms.unwrap_or(f64::MAX);
        println!(
            "{whose}: {:?} over {:?}, first picture after {first:.0} ms",
            peer.path, peer.transport
        );
        let as_expected =
            peer.path.as_deref() == Some(pair.way) && peer.transport.as_deref() == Some(carried_by);
        ensure(as_expected, || {
            format!(
                "{whose} was connected by {:?} over {:?}",
                peer.path, peer.transport
            )
        })?;
        let most = if pair.carried_by.contains(&"tls") {
            FIRST_OVER_TLS_MS
        } else {
            FIRST_PICTURE_MS
        };
        ensure(first <= most, || {
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
