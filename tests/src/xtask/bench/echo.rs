//! A loud room, rehearsed by the engine's example `echo`: how much of the echo is left, how much of the voice that talks
//! over it, and what that costs. The room is made of numbers, so no device takes part; the processing is every call's.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use visio_tests::trouble::During;
use visio_tests::{Binaries, Result, Trouble, workspace};

use super::repeat;
use super::table::{Row, Spread};

/// One rehearsal.
#[derive(Deserialize)]
struct Room {
    reduced_db: f64,
    near_kept: f64,
    cost_ms: f64,
}

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let program = build(binaries)?;
    let rooms = repeat(|| rehearse(&program))?;
    let spread = |value: fn(&Room) -> f64| Spread::of(rooms.iter().map(value));
    let (reduced, kept) = (
        spread(|room| room.reduced_db),
        spread(|room| room.near_kept),
    );
    let cost = spread(|room| room.cost_ms);
    Ok(vec![Row::new(
        "echo of the far end through a room of 100 ms tail at 40 ms delay, noise suppression and gain on",
        "≥ 35 dB fainter after 5 s; in double talk the near voice keeps ≥ 0.75 correlation; ≤ 0.3 ms per 10 ms",
        &format!(
            "{}; {}; {} per 10 ms",
            reduced.shown(1, " dB"),
            kept.shown(3, ""),
            cost.shown(3, " ms")
        ),
        reduced.min >= 35.0 && kept.min >= 0.75 && cost.max <= 0.3,
    )])
}

/// Builds the example as the programs were built: in their profile, with their features.
fn build(binaries: &Binaries) -> Result<PathBuf> {
    let folder = binaries.path("visio-cli")?.with_file_name("examples");
    let release = folder.parent().is_some_and(|it| it.ends_with("release"));
    let status = workspace::cargo()
        .args(["build", "--workspace", "--example", "echo", "--locked"])
        .args(release.then_some("--release"))
        .status()?;
    if status.success() {
        Ok(folder.join(format!("echo{}", std::env::consts::EXE_SUFFIX)))
    } else {
        Err(Trouble::new("the example echo was not built"))
    }
}

fn rehearse(program: &Path) -> Result<Room> {
    let output = Command::new(program).output().during("the example echo")?;
    serde_json::from_slice(&output.stdout).during("the figures of the example echo")
}
