//! Two people who share nothing but an invite.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::report::Peer;
use visio_tests::{Binaries, Need, Participant, Server};

use crate::scenario::{ensure, scenario};

const NEEDS: &[Need] = &[Need::Own("visio-server"), Need::Own("visio-cli")];

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![scenario(
        "two people see and hear each other",
        NEEDS,
        see_and_hear,
    )]
}

fn see_and_hear() -> Result<(), Failed> {
    let binaries = Binaries::beside_me()?;
    let server = Server::start(&binaries)?;
    let invite = server.invite()?;
    let stay = Duration::from_secs(10);
    let camille = Participant::new(&binaries, &invite, "Camille")?
        .camera("pattern:640x360@30")
        .microphone("tone:440")
        .stay(stay)
        .join()?;
    let lea = Participant::new(&binaries, &invite, "Léa")?
        .camera("pattern:640x360@30")
        .microphone("tone:550")
        .stay(stay)
        .join()?;
    let (camille, lea) = (camille.report()?, lea.report()?);
    let (seen_by_camille, seen_by_lea) = (camille.peer("Léa"), lea.peer("Camille"));
    sees_and_hears("Camille", seen_by_camille, 550.0)?;
    sees_and_hears("Léa", seen_by_lea, 440.0)
}

/// One of them has a steady picture, numbers that read, and the other's tone.
fn sees_and_hears(who: &str, other: Option<&Peer>, tone: f64) -> Result<(), Failed> {
    let other = other.ok_or_else(|| format!("{who} met nobody"))?;
    let video = other
        .video
        .as_ref()
        .ok_or_else(|| format!("{who} saw nothing of {}", other.name))?;
    let pattern = video
        .pattern
        .as_ref()
        .ok_or_else(|| format!("{who} could not read the pattern's number"))?;
    let audio = other
        .audio
        .as_ref()
        .ok_or_else(|| format!("{who} heard nothing of {}", other.name))?;
    ensure(video.frames_decoded >= 200, || {
        format!("{who} saw only {} frames", video.frames_decoded)
    })?;
    ensure(pattern.psnr_db >= 30.0, || {
        format!("{who} saw the pattern at {} dB", pattern.psnr_db)
    })?;
    let heard = audio.tone_hz.unwrap_or_default();
    ensure((heard - tone).abs() < 10.0, || {
        format!("{who} heard {heard} Hz instead of {tone}")
    })?;
    ensure(audio.concealed_ratio < 0.05, || {
        format!("{who} heard {} concealed", audio.concealed_ratio)
    })
}
