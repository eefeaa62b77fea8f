//! Two people who share nothing but an invite.

use std::time::Duration;

use libtest_mimic::Trial;

use crate::scenario::{CALL, Outcome, Room, ensure, scenario};
use crate::seen_and_heard::{heard, peer, saw};

const STAY: Duration = Duration::from_secs(8);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario("two people see and hear each other", CALL, see_and_hear),
        scenario(
            "someone without a camera is heard and someone without a microphone is seen",
            CALL,
            one_each,
        ),
        scenario(
            "music takes more bits than a voice and is heard all the same",
            CALL,
            music,
        ),
        scenario(
            "who leaves by ctrl c leaves a report and is seen to leave",
            CALL,
            leaving,
        ),
    ]
}

fn see_and_hear() -> Outcome {
    let room = Room::open()?;
    let show = "pattern:640x360@30";
    let camille = room
        .guest("Camille")?
        .camera(show)
        .microphone("tone:440")
        .stay(STAY)
        .join()?;
    let lea = room
        .guest("Léa")?
        .camera(show)
        .microphone("tone:550")
        .stay(STAY)
        .join()?;
    let (camille, lea) = (camille.report()?, lea.report()?);
    saw(&camille, "Camille", "Léa", 150)?;
    saw(&lea, "Léa", "Camille", 150)?;
    heard(&camille, "Camille", "Léa", 550.0)?;
    heard(&lea, "Léa", "Camille", 440.0)?;
    let seen = peer(&camille, "Camille", "Léa")?;
    ensure(seen.path.as_deref() == Some("direct"), || {
        format!("the path was {:?}", seen.path)
    })
}

fn music() -> Outcome {
    let room = Room::open()?;
    let play = |name: &str, tone: &str| room.guest(name).map(|it| it.microphone(tone).stay(STAY));
    let camille = play("Camille", "tone:440")?.music().join()?;
    let lea = play("Léa", "tone:550")?.join()?;
    let (camille, lea) = (camille.report()?, lea.report()?);
    heard(&lea, "Léa", "Camille", 440.0)?;
    heard(&camille, "Camille", "Léa", 550.0)?;
    let (music, voice) = (camille.audio_sent.bitrate_bps, lea.audio_sent.bitrate_bps);
    ensure(music > 2 * voice, || {
        format!("music had {music} bit/s, a voice {voice}")
    })
}

fn one_each() -> Outcome {
    let room = Room::open()?;
    let camille = room
        .guest("Camille")?
        .camera("pattern:320x180@15")
        .stay(STAY)
        .join()?;
    let lea = room
        .guest("Léa")?
        .microphone("tone:550")
        .stay(STAY)
        .join()?;
    let (camille, lea) = (camille.report()?, lea.report()?);
    heard(&camille, "Camille", "Léa", 550.0)?;
    saw(&lea, "Léa", "Camille", 75)?;
    let frames = peer(&camille, "Camille", "Léa")?
        .video
        .as_ref()
        .map_or(0, |video| video.frames_decoded);
    ensure(frames == 0, || {
        format!("Camille saw {frames} frames of someone without a camera")
    })
}

fn leaving() -> Outcome {
    let room = Room::open()?;
    let camille = room.guest("Camille")?.camera("pattern:320x180@15").join()?;
    let lea = room.guest("Léa")?.camera("pattern:320x180@15").join()?;
    let here = visio_tests::words::sentence("en", "cli.connected", &[("name", "Camille")])?;
    let left = visio_tests::words::sentence("en", "cli.left", &[("name", "Léa")])?;
    lea.says(&here, Duration::from_secs(10))?;
    let report = lea.leave()?;
    peer(&report, "Léa", "Camille")?;
    camille.says(&left, Duration::from_secs(2))?;
    Ok(())
}
