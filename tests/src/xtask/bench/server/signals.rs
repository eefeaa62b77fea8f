//! Messages among thousands of streams: how long each takes, beside PeerJS's server with as many clients in the same run.

use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use visio_tests::{Binaries, Process, Result, Server, Trouble, need, ports, workspace};

use super::super::repeat;
use super::super::table::{Row, Spread};
use super::crowd::Crowd;

const STREAMS: usize = 5_000;
/// Messages per second, of 1.5 KB.
const RATE: u32 = 1_000;
const SECONDS: u32 = 20;

/// At most, in milliseconds.
const P99_MS: f64 = 5.0;

/// PeerJS's server, as npm brings it for the checks of the UI.
const RIVAL: &str = "node_modules/peer/dist/bin/peerjs.js";

/// How long that may take to start.
const READY: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Found {
    sent: u64,
    came: u64,
    p50_ms: f64,
    p99_ms: f64,
}

pub fn measure(binaries: &Binaries, crowd: &Crowd) -> Result<Vec<Row>> {
    let ours = repeat(|| {
        let server = Server::start(binaries)?;
        let (at, code) = (server.address().to_string(), server.host_code()?);
        all_came(crowd, &["signals", "--at", &at, "--host-code", &code])
    })?;
    let p99 = Spread::of(ours.iter().map(|found| found.p99_ms));
    let p50 = Spread::of(ours.iter().map(|found| found.p50_ms));
    let beside = match beside_peerjs(crowd)? {
        Some(theirs) => format!("; PeerJS's server: p99 {}", theirs.shown(1, " ms")),
        None => String::new(),
    };
    Ok(vec![Row::new(
        &format!(
            "server: a message of 1.5 KB from request to event, {RATE} a second among {STREAMS} streams"
        ),
        &format!("p99 ≤ {P99_MS} ms"),
        &format!(
            "p99 {}, p50 {}{beside}",
            p99.shown(1, " ms"),
            p50.shown(1, " ms")
        ),
        p99.max <= P99_MS,
    )])
}

/// What is found with these words, where nothing was lost.
fn all_came(crowd: &Crowd, words: &[&str]) -> Result<Found> {
    let [streams, rate, seconds] = [STREAMS as u32, RATE, SECONDS].map(|it| it.to_string());
    let load = [
        "--streams",
        &streams,
        "--rate",
        &rate,
        "--seconds",
        &seconds,
    ];
    let found: Found = crowd.ask(&[words, &load].concat())?;
    let wanted = u64::from(RATE * SECONDS);
    if found.came < found.sent || found.sent < wanted * 99 / 100 {
        return Err(Trouble::new(format!(
            "of {wanted} messages {} were sent and {} came",
            found.sent, found.came
        )));
    }
    Ok(found)
}

/// The same of PeerJS's server; nothing where there is none.
fn beside_peerjs(crowd: &Crowd) -> Result<Option<Spread>> {
    let program = workspace::root().join(RIVAL);
    if !program.exists() || need::find_program("node").is_none() {
        eprintln!("  No PeerJS beside it: it needs node and `npm ci`.");
        return Ok(None);
    }
    let theirs = repeat(|| {
        let at = ports::free_address()?;
        let (port, most) = (at.port().to_string(), (2 * STREAMS).to_string());
        let mut command = Command::new("node");
        command
            .arg(&program)
            .args(["--port", &port, "--host", "127.0.0.1"]);
        command.args(["--concurrent_limit", &most]);
        let rival = Process::spawn("PeerJS's server", &mut command)?;
        rival.wait_for_output(|line| line.contains("Started PeerServer"), READY)?;
        let found = all_came(crowd, &["rival", "--at", &at.to_string()])?;
        Ok(found.p99_ms)
    })?;
    Ok(Some(Spread::of(theirs)))
}
