//! Two people who share nothing but an invite.

use std::path::Path;
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
            "music takes more bits than a voice and is heard in stereo",
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
    let folder = tempfile::tempdir()?;
    let [played, recorded] = ["played.wav", "heard.wav"].map(|name| folder.path().join(name));
    write_left_only(&played, 440.0)?;
    let camille = room
        .guest("Camille")?
        .microphone(&format!("file:{}", played.display()))
        .music()
        .stay(STAY)
        .join()?;
    let lea = room
        .guest("Léa")?
        .microphone("tone:550")
        .speaker(&format!("file:{}", recorded.display()))
        .stay(STAY)
        .join()?;
    let (camille, lea) = (camille.report()?, lea.report()?);
    heard(&lea, "Léa", "Camille", 440.0)?;
    heard(&camille, "Camille", "Léa", 550.0)?;
    let (music, voice) = (camille.audio_sent.bitrate_bps, lea.audio_sent.bitrate_bps);
    ensure(music > 2 * voice, || {
        format!("music had {music} bit/s, a voice {voice}")
    })?;
    let (left_only, seconds) = left_only_seconds(&recorded)?;
    ensure(seconds > 3.0 && left_only > 0.9 * seconds, || {
        format!("of {seconds} s that Léa heard, {left_only} came from the left alone")
    })
}

/// A second of a tone whose right channel is silent, at 48 kHz.
fn write_left_only(path: &Path, hertz: f32) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for n in 0..48_000 {
        let angle = std::f32::consts::TAU * hertz * n as f32 / 48_000.0;
        file.write_sample((angle.sin() * 8_000.0) as i16)?;
        file.write_sample(0_i16)?;
    }
    file.finalize()
}

/// For how many seconds of a recording its left channel was at least 20 dB louder than its right, and for how many it was
/// loud at all.
fn left_only_seconds(path: &Path) -> Result<(f64, f64), hound::Error> {
    let samples: Vec<i16> = hound::WavReader::open(path)?
        .samples()
        .collect::<Result<_, _>>()?;
    let (mut left_only, mut loud) = (0.0, 0.0);
    for tenth in samples.chunks_exact(2 * 4_800) {
        let power = |channel: usize| {
            let samples = tenth.iter().skip(channel).step_by(2);
            samples.map(|it| f64::from(*it).powi(2)).sum::<f64>() / 4_800.0
        };
        // -30 dBFS, where -15 were sent.
        if power(0) > 1_000_f64.powi(2) {
            loud += 0.1;
            left_only += if power(1) * 100.0 < power(0) {
                0.1
            } else {
                0.0
            };
        }
    }
    Ok((left_only, loud))
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
