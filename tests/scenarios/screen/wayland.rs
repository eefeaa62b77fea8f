//! A screen under Wayland: shared through the desktop portal and PipeWire, once the desktop has asked.

use std::thread::sleep;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::Joined;

use super::desktop::{Answer, Desktop, NEEDS};
use super::{SOON, read, says};
use crate::scenario::{Outcome, Room, ensure, scenario};

const SIZE: (u32, u32) = (1280, 720);

/// How long pages are turned before somebody looks back.
const READING: Duration = Duration::from_secs(10);

pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "under Wayland a screen is read until the desktop ends what it was told to share",
            NEEDS,
            ended,
        ),
        scenario(
            "under Wayland a screen is shared no more when its compositor breaks down",
            NEEDS,
            lost,
        ),
        scenario(
            "under Wayland nobody shares who chooses nothing, and nobody is asked twice",
            NEEDS,
            declined,
        ),
        scenario(
            "under Wayland the desktop's question is taken back when nobody wants to share any more",
            NEEDS,
            taken_back,
        ),
    ]
}

/// Léa, and Camille who shares what the desktop lets her, for so long.
fn meet(room: &Room, desktop: &Desktop, time: Duration) -> Result<(Joined, Joined), Failed> {
    let lea = room.guest("Léa")?.join()?;
    let camille = room
        .guest("Camille")?
        .envs(desktop.variables())
        .screen("default")
        .share_for(time)
        .join()?;
    Ok((lea, camille))
}

fn ended() -> Outcome {
    let desktop = Desktop::start(SIZE, Answer::Screen)?;
    let room = Room::open()?;
    let (lea, camille) = meet(&room, &desktop, Duration::from_secs(60))?;
    lea.says(&says("screen.theirs")?, SOON)?;
    sleep(READING);
    desktop.stop_sharing()?;
    over(&lea, &camille)?;
    let (lea, _) = (lea.leave()?, camille.leave()?);
    read(&lea, "Léa", 30, SIZE)
}

fn lost() -> Outcome {
    let mut desktop = Desktop::start(SIZE, Answer::Screen)?;
    let room = Room::open()?;
    let (lea, camille) = meet(&room, &desktop, Duration::from_secs(60))?;
    lea.says(&says("screen.theirs")?, SOON)?;
    desktop.lose_the_compositor();
    over(&lea, &camille)?;
    let (_, _) = (lea.leave()?, camille.leave()?);
    Ok(())
}

fn over(lea: &Joined, camille: &Joined) -> Outcome {
    lea.says(&says("screen.over")?, SOON)?;
    camille.says(&says("screen.own.over")?, SOON)?;
    Ok(())
}

fn declined() -> Outcome {
    let desktop = Desktop::start(SIZE, Answer::Nothing)?;
    let room = Room::open()?;
    let (lea, camille) = meet(&room, &desktop, Duration::from_secs(60))?;
    camille.says(&says("screen.own.over")?, SOON)?;
    // What does not work is tried again after a second, but not this.
    sleep(Duration::from_secs(3));
    let max = room
        .guest("Max")?
        .envs(desktop.variables())
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
        .screen("default")
        .join()?;
    max.says(&says("screen.none")?, SOON)?;
    let ((_, lea), (_, camille)) = (lea.leave_and_tell()?, camille.leave_and_tell()?);
    max.leave()?;
    let ended = camille.matches(&says("screen.own.over")?).count();
    ensure(ended == 1, || {
        format!("it was over {ended} times:\n{camille}")
    })?;
    ensure(!lea.contains(&says("screen.theirs")?), || {
        format!("Léa was told of a screen:\n{lea}")
    })
}

fn taken_back() -> Outcome {
    let desktop = Desktop::start(SIZE, Answer::None)?;
    let room = Room::open()?;
    // Longer than a camera may take to wake: a person may take longer.
    let (lea, camille) = meet(&room, &desktop, Duration::from_secs(12))?;
    camille.says(&says("screen.own.over")?, SOON)?;
    desktop.is_taken_back()?;
    let (_, (_, said)) = (lea.leave()?, camille.leave_and_tell()?);
    let failed = says("screen.lost")?;
    ensure(!said.contains(&failed), || format!("it was lost:\n{said}"))
}
