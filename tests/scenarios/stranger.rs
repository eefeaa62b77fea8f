//! Somebody with a WebRTC that is none of ours joins by what `PROTOCOL.md` says and by nothing else.

use std::process::Command;
use std::time::Duration;

use libtest_mimic::Trial;
use visio_tests::stranger::{Side, Stranger};
use visio_tests::{Need, Process};

use crate::scenario::{Outcome, Room, ensure, scenario};
use crate::seen_and_heard::{heard, saw};

const NEEDS: &[Need] = &[
    Need::Own("visio-server"),
    Need::Own("visio-cli"),
    Need::Stranger,
];

/// What both sides show.
const PATTERN: &str = "pattern:320x180@15";

/// How long the stranger stays.
const STAY: Duration = Duration::from_secs(10);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "a stranger who knows the protocol alone offers and both see hear and read",
            NEEDS,
            || meets(Side::Offers),
        ),
        scenario(
            "a stranger who knows the protocol alone answers and both see hear and read",
            NEEDS,
            || meets(Side::Answers),
        ),
    ]
}

fn meets(side: Side) -> Outcome {
    let room = Room::open()?;
    let folder = tempfile::tempdir()?;
    let film = folder.path().join("pattern.y4m");
    let mut command: Command = room.binaries.command("visio-cli")?;
    command.arg("film").arg(&film).args(["--camera", PATTERN]);
    Process::spawn("visio-cli film", &mut command)?.succeed(Duration::from_secs(30))?;
    let camille = room
        .guest("Camille")?
        .camera(PATTERN)
        .microphone("tone:440")
        .say("Welcome")
        .join()?;
    let stranger = Stranger::join(&room.invite, "Étrangère", side, &film, 550, STAY)?;
    let met = stranger.report()?;
    let camille = camille.leave()?;
    // A good half of what ten seconds have at 15 pictures a second: starting takes a while.
    saw(&camille, "Camille", "Étrangère", 75)?;
    heard(&camille, "Camille", "Étrangère", 550.0)?;
    let [camille_there] = met.as_slice() else {
        return Err(format!("the stranger met {met:?}").into());
    };
    let sees = camille_there.name == "Camille" && camille_there.stamps >= 75;
    ensure(sees, || format!("the stranger saw {camille_there:?}"))?;
    let pitch = camille_there.pitch.unwrap_or_default();
    ensure((pitch - 440.0).abs() < 5.0, || {
        format!("the stranger heard {camille_there:?}")
    })?;
    ensure(camille_there.messages == ["Welcome"], || {
        format!("the stranger read {:?}", camille_there.messages)
    })?;
    let read: Vec<&str> = camille
        .chat
        .messages
        .iter()
        .map(|it| it.text.as_str())
        .collect();
    ensure(read.contains(&"Greetings from afar"), || {
        format!("Camille read {read:?}")
    })?;
    let welcome = camille.chat.messages.iter().find(|it| it.own);
    ensure(welcome.is_some_and(|it| it.waiting.is_empty()), || {
        format!("the stranger has not confirmed {welcome:?}")
    })
}
