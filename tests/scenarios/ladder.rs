//! Everybody is sent the size at which they show somebody, what nobody shows is not encoded, and whoever gets less learns why.

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

use visio_tests::net::{Impairment, Meeting, Site};
use visio_tests::{Binaries, Joined, Report};

use crate::network_rows;
use crate::scenario::{CALL, Outcome, Room, ensure, scenario, scenario_with};
use crate::seen_and_heard::{heard, peer, saw};

/// Long enough to have gone up the ladder, on a machine that does other things too.
const STAY: Duration = Duration::from_secs(12);

/// Before somebody is heard to ask for nothing they are sent something; at 30 a second, for less than two seconds.
const MOST_UNASKED: u64 = 60;

/// Carries voices and half of a picture to each of two.
const WEAK: Impairment = Impairment::round_trip(40).at_kbits(600);

/// Small, so that what limits the others is not the encoder.
const CAMERA: &str = "pattern:640x360@15";

/// Within this everybody knows why; it takes some six seconds from joining on a machine that does nothing else.
const KNOWN_WITHIN: Duration = Duration::from_secs(30);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "each is sent the size that they show and each size is encoded once",
            CALL,
            each_their_size,
        ),
        scenario(
            "what nobody shows is not encoded and the voice goes on",
            CALL,
            nobody_looks,
        ),
        scenario_with(
            "whose line is weak is known to all in the call",
            network_rows::needs(),
            weak_line,
        ),
    ]
}

/// Camille is seen by Léa, Hugo and Inès, who show her so many rows tall.
fn seen_at(rows: [u32; 3]) -> Result<(Report, [Report; 3]), Failed> {
    let room = Room::open()?;
    let camille = room
        .guest("Camille")?
        .camera("pattern:1280x720@30")
        .microphone("tone:440")
        .join()?;
    let looks_on = |name: &str, rows: u32| -> Result<Joined, Failed> {
        Ok(room.guest(name)?.show(rows).stay(STAY).join()?)
    };
    let lea = looks_on("Léa", rows[0])?;
    let hugo = looks_on("Hugo", rows[1])?;
    let ines = looks_on("Inès", rows[2])?;
    let reports = [lea.report()?, hugo.report()?, ines.report()?];
    Ok((camille.leave()?, reports))
}

fn each_their_size() -> Outcome {
    let (camille, reports) = seen_at([180, 720, 180])?;
    for (who, report, rows) in [
        ("Léa", &reports[0], 180),
        ("Hugo", &reports[1], 720),
        ("Inès", &reports[2], 180),
    ] {
        saw(report, who, "Camille", 200)?;
        heard(report, who, "Camille", 440.0)?;
        let video = peer(report, who, "Camille")?.video.as_ref();
        let height = video.map_or(0, |video| video.height);
        ensure(height == rows, || {
            format!("{who} showed {rows} rows and was sent {height}")
        })?;
    }
    let heights: Vec<u32> = camille
        .video_sent
        .layers
        .iter()
        .map(|it| it.height)
        .collect();
    ensure(heights.contains(&180) && heights.contains(&720), || {
        format!("Camille encoded {heights:?}")
    })?;
    // Three while Hugo's line was being found to carry the largest, two from then on.
    let encoders = camille.video_sent.encoders;
    ensure((2..=3).contains(&encoders), || {
        format!("Camille used {encoders} encoders at once")
    })
}

fn nobody_looks() -> Outcome {
    let (camille, reports) = seen_at([0, 0, 0])?;
    let frames: u64 = camille.video_sent.layers.iter().map(|it| it.frames).sum();
    ensure(frames <= MOST_UNASKED, || {
        format!("Camille encoded {frames} frames for nobody")
    })?;
    for (who, report) in [("Léa", &reports[0]), ("Hugo", &reports[1])] {
        heard(report, who, "Camille", 440.0)?;
    }
    Ok(())
}

/// Hugo, of three, is behind a weak line.
fn weak_line() -> Outcome {
    let sites = [Impairment::NONE, Impairment::NONE, WEAK].map(Site::new);
    let meeting = Meeting::open(&Binaries::beside_me()?, 1, &sites)?;
    let join = |site, name: &str, tone: &str| -> Result<Joined, Failed> {
        let guest = meeting.guest(site, name)?;
        Ok(guest.camera(CAMERA).microphone(tone).join()?)
    };
    let camille = join(0, "Camille", "tone:440")?;
    let lea = join(1, "Léa", "tone:550")?;
    let hugo = join(2, "Hugo", "tone:660")?;
    let begun = Instant::now();
    let expected: [(&Joined, [(&str, &str); 2]); 3] = [
        (&camille, [("Léa", "nothing"), ("Hugo", "their_uplink")]),
        (&lea, [("Camille", "nothing"), ("Hugo", "their_uplink")]),
        (
            &hugo,
            [("Camille", "your_downlink"), ("Léa", "your_downlink")],
        ),
    ];
    loop {
        let mut wrong = Vec::new();
        for (who, limits) in &expected {
            let newest = who.moments()?.pop();
            for (name, limit) in limits {
                let peers = newest.iter().flat_map(|moment| &moment.peers);
                let told = peers
                    .filter(|peer| peer.name == *name)
                    .find_map(|peer| peer.limited_by.as_deref());
                if told != Some(limit) {
                    wrong.push(format!("{name}: {told:?} instead of {limit}"));
                }
            }
        }
        if wrong.is_empty() {
            break;
        }
        ensure(begun.elapsed() < KNOWN_WITHIN, || {
            format!("what limits the pictures is said wrongly: {wrong:?}")
        })?;
        std::thread::sleep(Duration::from_millis(200));
    }
    let report = camille.leave()?;
    let told = peer(&report, "Camille", "Hugo")?.limited_by.as_deref();
    ensure(told == Some("their_uplink"), || {
        format!("the report says {told:?}")
    })
}
