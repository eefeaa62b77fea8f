//! What a relay passes on per second of processor time: coturn's own client between two of its clients, through ours and
//! through coturn, in the same run.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use visio_tests::usage::seconds_of_tree;
use visio_tests::{Binaries, Need, Process, Result, Server, Trouble, need, ports};

use super::super::repeat;
use super::super::table::{Row, Spread};

const NEEDS: &[Need] = &[
    Need::Program("turnutils_uclient", "coturn"),
    Need::Program("turnserver", "coturn"),
];

/// What relay and client share.
const SECRET: &str = "north";

/// Clients, the messages of each, and their length: video's packets.
const CLIENTS: &str = "20";
const MESSAGES: &str = "5000";
const LENGTH: &str = "1200";

/// Milliseconds between two messages of a client: 10,000 a second in all, of which neither relay loses any.
const INTERVAL: &str = "2";

/// Far more than that, in kbit/s.
const BANDWIDTH_KBITS: u32 = 10_000_000;

const READY: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(120);

/// So many messages must have come for the figure to be one: datagrams may be lost on a busy machine.
const COME: f64 = 0.99;

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    if let Some(reason) = need::missing(NEEDS) {
        eprintln!("  No relay: {reason}");
        return Ok(Vec::new());
    }
    // One after the other, so that a machine which becomes slower does so for both.
    let pairs = repeat(|| Ok((ours(binaries)?, coturn()?)))?;
    let ours = Spread::of(pairs.iter().map(|pair| pair.0));
    let theirs = Spread::of(pairs.iter().map(|pair| pair.1));
    let ratio = Spread::of(pairs.iter().map(|(ours, theirs)| ours / theirs));
    Ok(vec![Row::new(
        &format!("server: messages of {LENGTH} bytes relayed per CPU-second, UDP, beside coturn"),
        "≥ 1.0 × coturn",
        &format!(
            "{}; coturn {}; {}",
            ours.shown(0, ""),
            theirs.shown(0, ""),
            ratio.shown(2, " ×")
        ),
        ratio.min >= 1.0,
    )])
}

fn ours(binaries: &Binaries) -> Result<f64> {
    let relay = ports::free_address()?;
    let options = vec![
        format!("--turn-listen={relay}"),
        format!("--turn-secret={SECRET}"),
        // All of its clients are one session to us, which is held to what one person needs.
        format!("--relay-session-bandwidth={BANDWIDTH_KBITS}"),
        format!("--relay-bandwidth={BANDWIDTH_KBITS}"),
    ];
    let server = Server::start_with(binaries, ports::free_address()?, options)?;
    relayed(relay, server.process_id())
}

fn coturn() -> Result<f64> {
    let relay = ports::free_address()?;
    let (ip, port) = (relay.ip().to_string(), relay.port().to_string());
    let folder = tempfile::tempdir()?;
    let mut command = Command::new("turnserver");
    command
        .args(["-n", "--listening-ip", &ip, "--relay-ip", &ip])
        .args(["--listening-port", &port, "--realm", "example.org"])
        .args(["--use-auth-secret", "--static-auth-secret", SECRET])
        .args([
            "--allow-loopback-peers",
            "--no-cli",
            "--no-tls",
            "--no-dtls",
        ])
        .args(["--log-file", "stdout", "--pidfile"])
        .arg(folder.path().join("pid"));
    let process = Process::spawn("coturn", &mut command)?;
    // It says nothing that could be waited for. Its port for streams is there when all of it is.
    let deadline = Instant::now() + READY;
    while TcpStream::connect(relay).is_err() {
        if Instant::now() > deadline {
            return Err(process.trouble("does not listen"));
        }
        std::thread::sleep(POLL);
    }
    relayed(relay, process.id())
}

/// Messages that came, for each second of processor time that `process` used meanwhile.
fn relayed(relay: SocketAddr, process: u32) -> Result<f64> {
    let before = seconds_of_tree(process);
    let mut command = Command::new("turnutils_uclient");
    command
        .args(["-y", "-c", "-W", SECRET, "-u", "camille"])
        .args(["-p", &relay.port().to_string(), "-m", CLIENTS])
        .args(["-n", MESSAGES, "-l", LENGTH, "-z", INTERVAL])
        .arg(relay.ip().to_string());
    let mut client = Process::spawn("turnutils_uclient", &mut command)?;
    client.succeed(PATIENCE)?;
    let used = seconds_of_tree(process) - before;
    let said = client.stdout();
    // It says so every second; what counts is the last time.
    let count = |name: &str| {
        let (_, rest) = said.rsplit_once(name)?;
        rest.split([',', ' ', '\n']).next()?.parse::<f64>().ok()
    };
    let both = count("tot_send_msgs=").zip(count("tot_recv_msgs="));
    let (sent, came) = both.ok_or_else(|| client.trouble("did not count its messages"))?;
    if came < sent * COME {
        return Err(Trouble::new(format!("of {sent} messages {came} came")));
    }
    Ok(came / used)
}
