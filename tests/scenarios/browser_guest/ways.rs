//! Guests on other networks than the others: through the relay, and when an address changes in mid-call.

use std::path::Path;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::Binaries;
use visio_tests::chromium::{self, PageGuest, Visit};
use visio_tests::net::{self, Impairment, Meeting, Nat, Site};

use super::{MEET, Media, NAME, SMALL, heard_the_guest, hears, needs, sees_the_pattern};
use crate::network_nats::encrypted;
use crate::scenario::{Case, Outcome, ensure, scenario_with};
use crate::seen_and_heard::{peer, saw};

/// Somebody at home has this far to go, there and back.
const LINK: Impairment = Impairment::round_trip(20);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let needs = || [net::NEEDS, chromium::TRUST_NEEDS, &needs()].concat();
    let cases: [Case; 5] = [
        (
            "a guest behind a strict router meets others through the relay",
            || relayed(Nat::Symmetric, "udp"),
        ),
        (
            "a guest whose network lets no datagram through meets others through the relay over tcp",
            || relayed(Nat::UdpBlocked, "tcp"),
        ),
        (
            "a guest whose network lets only the web through meets others through the relay over tls",
            || relayed(Nat::WebOnly, "tls"),
        ),
        (
            "a guest whose address changes goes on under the same tile",
            || moves(0),
        ),
        (
            "a guest goes on with somebody whose address changes",
            || moves(1),
        ),
    ];
    let trial = |(sentence, run)| scenario_with(sentence, needs(), run);
    cases.into_iter().map(trial).collect()
}

/// The guest's page at the first site. Where the lab's server has no certificate, its page is taken for one that has.
fn guest(
    meeting: &Meeting,
    media: &Media,
    certificate: Option<&Path>,
) -> Result<PageGuest, Failed> {
    let host = meeting.lab.site(0).host();
    let visit = Visit {
        host: Some(host),
        trusts: certificate,
        trusted: certificate.is_none(),
        ..media.visit()
    };
    Ok(PageGuest::join(&meeting.invite, NAME, &visit)?)
}

/// The guest is behind this router, and its packets go to the relay by this protocol.
fn relayed(router: Nat, carried_by: &str) -> Outcome {
    let binaries = Binaries::beside_me()?;
    let media = Media::make(&binaries)?;
    let sites = [router, Nat::Symmetric].map(|nat| Site::new(LINK).behind(nat));
    let folder = tempfile::tempdir()?;
    let (meeting, certificate) = if router == Nat::WebOnly {
        let (meeting, certificate) = encrypted(&binaries, &sites, folder.path())?;
        (meeting, Some(certificate))
    } else {
        (Meeting::open_with_relay(&binaries, 1, &sites)?, None)
    };
    let mut guest = guest(&meeting, &media, certificate.as_deref())?;
    let ben = meeting.guest(1, "Ben")?.camera(SMALL);
    let ben = ben.microphone("tone:440").join()?;
    guest.sees(&["Ben"])?;
    sees_the_pattern(&mut guest, "Ben")?;
    hears(&mut guest, "Ben", 440.0)?;
    guest.click("#people-button")?;
    guest.wait_for("[data-test=connection]")?;
    let how = guest.text("[data-test=connection]")?;
    ensure(how.starts_with("Relayed"), || format!("the way was: {how}"))?;
    let carrier = guest.relay_protocol()?;
    ensure(carrier == carried_by, || {
        format!("the relay was reached over {carrier:?}, not {carried_by}")
    })?;
    std::thread::sleep(Duration::from_secs(3));
    let report = ben.leave()?;
    saw(&report, "Ben", NAME, 30)?;
    heard_the_guest(&report, "Ben")?;
    let path = peer(&report, "Ben", NAME)?.path.clone();
    ensure(path.as_deref() == Some("relay"), || {
        format!("the way was {path:?}")
    })
}

/// The network of the guest (0), or of the other one (1), gets another address in mid-call.
fn moves(who: usize) -> Outcome {
    let binaries = Binaries::beside_me()?;
    let media = Media::make(&binaries)?;
    let meeting = Meeting::open(&binaries, 1, &[Site::new(LINK), Site::new(LINK)])?;
    let mut guest = guest(&meeting, &media, None)?;
    let ben = meeting.guest(1, "Ben")?.camera(SMALL);
    let ben = ben.microphone("tone:440").join()?;
    guest.sees(&["Ben"])?;
    sees_the_pattern(&mut guest, "Ben")?;
    let tile = guest.tile("Ben")?;
    meeting.lab.site(who).change_address()?;
    let before = guest.drawn(&tile)?;
    let deadline = std::time::Instant::now() + MEET;
    // So many pictures more can't have been on their way.
    while guest.drawn(&tile)? < before + 60 {
        ensure(std::time::Instant::now() < deadline, || {
            "the picture stands still".to_owned()
        })?;
        std::thread::sleep(Duration::from_millis(200));
    }
    ensure(guest.tiles()? == [tile], || "another tile".to_owned())?;
    sees_the_pattern(&mut guest, "Ben")?;
    hears(&mut guest, "Ben", 440.0)?;
    std::thread::sleep(Duration::from_secs(6));
    let rates: Vec<f64> = ben
        .moments()?
        .iter()
        .filter_map(|moment| moment.peers.iter().find(|peer| peer.name == NAME))
        .map(|peer| peer.video.fps)
        .collect();
    let report = ben.leave()?;
    ensure(report.peers.len() == 1, || {
        format!("{} people were met", report.peers.len())
    })?;
    // At the end it moves again.
    ensure(rates.last().is_some_and(|rate| *rate > 5.0), || {
        format!("the guest's pictures came at these rates: {rates:?}")
    })?;
    saw(&report, "Ben", NAME, 30)
}
