//! More than two: everybody with everybody, whoever comes when, and whatever happens to one of them.

use std::time::Duration;

use libtest_mimic::Trial;
use visio_tests::words::sentence;

use crate::scenario::{CALL, Outcome, Room, ensure, scenario};
use crate::seen_and_heard::{heard, peer, saw};

const NAMES: [&str; 6] = ["Camille", "Léa", "Hugo", "Inès", "Jules", "Zoé"];
/// Small enough that six participants fit on two cores together with whatever else a test machine does.
const SMALL: &str = "pattern:320x180@15";
/// How long people may take to find each other on a busy machine.
const MEET: Duration = Duration::from_secs(15);
/// A person who vanished without a word is gone within this.
const GONE: Duration = Duration::from_secs(10);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario("three people see and hear one another", CALL, || {
            everybody_with_everybody(3, 60)
        }),
        scenario("six people see and hear one another", CALL, || {
            everybody_with_everybody(6, 40)
        }),
        scenario(
            "who comes late sees and hears those who were there",
            CALL,
            late_joiner,
        ),
        scenario(
            "who vanishes without a word is gone within ten seconds",
            CALL,
            vanished,
        ),
        scenario(
            "who comes back after a long sleep is the same person",
            CALL,
            slept,
        ),
    ]
}

fn tone(index: usize) -> u32 {
    400 + 50 * index as u32
}

fn everybody_with_everybody(number: usize, frames: u64) -> Outcome {
    let room = Room::open()?;
    let names = &NAMES[..number];
    let joined: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let microphone = format!("tone:{}", tone(index));
            let guest = room
                .guest(name)?
                .camera(SMALL)
                .microphone(&microphone)
                .stay(Duration::from_secs(10));
            Ok::<_, libtest_mimic::Failed>(guest.join()?)
        })
        .collect::<Result<_, _>>()?;
    let reports = joined
        .into_iter()
        .map(|guest| guest.report())
        .collect::<Result<Vec<_>, _>>()?;
    for (who, report) in names.iter().zip(&reports) {
        ensure(report.peers.len() == number - 1, || {
            format!("{who} met {} people", report.peers.len())
        })?;
        ensure(report.video_sent.encoders == 1, || {
            format!("{who} used {} encoders", report.video_sent.encoders)
        })?;
        for (index, name) in names.iter().enumerate().filter(|(_, name)| *name != who) {
            saw(report, who, name, frames)?;
            heard(report, who, name, f64::from(tone(index)))?;
        }
    }
    Ok(())
}

fn late_joiner() -> Outcome {
    let room = Room::open()?;
    let early: Vec<_> = NAMES[..2]
        .iter()
        .map(|name| {
            room.guest(name)?
                .camera(SMALL)
                .microphone("tone:440")
                .join()
                .map_err(libtest_mimic::Failed::from)
        })
        .collect::<Result<_, _>>()?;
    early[0].says(
        &sentence("en", "cli.connected", &[("name", NAMES[1])])?,
        MEET,
    )?;
    let late = room
        .guest("Hugo")?
        .camera(SMALL)
        .microphone("tone:550")
        .stay(Duration::from_secs(6))
        .join()?;
    let report = late.report()?;
    for name in &NAMES[..2] {
        saw(&report, "Hugo", name, 45)?;
        heard(&report, "Hugo", name, 440.0)?;
        let first = peer(&report, "Hugo", name)?.first_video_ms;
        ensure(
            first.is_some_and(|milliseconds| milliseconds < 3000.0),
            || format!("Hugo saw {name} after {first:?} ms"),
        )?;
    }
    for guest in early {
        saw(&guest.leave()?, "someone early", "Hugo", 30)?;
    }
    Ok(())
}

fn vanished() -> Outcome {
    let room = Room::open()?;
    let camille = room.guest("Camille")?.camera(SMALL).join()?;
    let lea = room.guest("Léa")?.camera(SMALL).join()?;
    camille.says(&sentence("en", "cli.connected", &[("name", "Léa")])?, MEET)?;
    lea.vanish();
    camille.says(&sentence("en", "cli.left", &[("name", "Léa")])?, GONE)?;
    Ok(())
}

/// A computer that sleeps keeps its sockets and says nothing; when it wakes, the server has long given its place up.
fn slept() -> Outcome {
    let room = Room::open()?;
    let camille = room.guest("Camille")?.camera(SMALL).join()?;
    let mut lea = room.guest("Léa")?.camera(SMALL).join()?;
    camille.says(&sentence("en", "cli.connected", &[("name", "Léa")])?, MEET)?;
    lea.process().pause();
    let left = camille.says(
        &sentence("en", "cli.left", &[("name", "Léa")])?,
        GONE + Duration::from_secs(5),
    );
    lea.process().resume();
    left?;
    // Camille sees her again: a picture decoded after the sleep, under the one name.
    lea.says(
        &sentence("en", "cli.connected", &[("name", "Camille")])?,
        MEET,
    )?;
    std::thread::sleep(Duration::from_secs(5));
    let (camille, lea) = (camille.leave()?, lea.leave()?);
    let tiles = camille
        .peers
        .iter()
        .filter(|peer| peer.name == "Léa")
        .count();
    ensure(tiles == 1, || {
        format!("Camille had {tiles} tiles for one person")
    })?;
    saw(&lea, "Léa", "Camille", 45)?;
    saw(&camille, "Camille", "Léa", 45)
}
