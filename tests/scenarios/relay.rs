//! The server's relay, used by coturn's own test client: what others' TURN clients do must work, over UDP and over TCP,
//! from one client to another and to a peer outside; and what the relay must refuse, it refuses.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::{Binaries, Need, Process, Server, ports};

use crate::scenario::{Outcome, ensure, scenario};

const NEEDS: &[Need] = &[
    Need::Own("visio-server"),
    Need::Program("turnutils_uclient", "coturn"),
    Need::Program("turnutils_peer", "coturn"),
];

/// What the relay and its client share.
const SECRET: &str = "north";

/// Messages of each of the client's connections, and their length: a packet of video.
const MESSAGES: &str = "50";
const LENGTH: &str = "1200";

/// Milliseconds between two messages.
const INTERVAL: &str = "2";

/// How long the client may take: it waits for some seconds after its last message.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "two of coturn's clients reach each other through the relay over udp",
            NEEDS,
            || among_clients(&["-y"]),
        ),
        scenario(
            "two of coturn's clients reach each other through the relay over tcp",
            NEEDS,
            || among_clients(&["-y", "-t"]),
        ),
        scenario(
            "coturn's clients reach each other without channels too",
            NEEDS,
            || among_clients(&["-y", "-s"]),
        ),
        scenario(
            "coturn's clients reach a peer outside over udp and over tcp",
            NEEDS,
            || to_a_peer(&[&[], &["-t"]]),
        ),
        scenario(
            "coturn's client gets nowhere with a wrong secret",
            NEEDS,
            wrong_secret,
        ),
        scenario(
            "a relay that is not for a lan does not lead into this machine",
            NEEDS,
            not_inwards,
        ),
    ]
}

/// A server with a relay on loopback, and where that listens.
fn relay(options: &[&str]) -> Result<(Server, SocketAddr), Failed> {
    let binaries = Binaries::beside_me()?;
    let relay = ports::free_address()?;
    let mut all = vec![
        format!("--turn-listen={relay}"),
        format!("--turn-secret={SECRET}"),
    ];
    all.extend(options.iter().map(|option| (*option).to_owned()));
    let server = Server::start_with(&binaries, ports::free_address()?, all)?;
    Ok((server, relay))
}

/// coturn's client, and whether it found nothing to complain about; what it said.
fn client(relay: SocketAddr, secret: &str, options: &[&str]) -> Result<(bool, String), Failed> {
    let mut command = Command::new("turnutils_uclient");
    command
        .args([
            "-W",
            secret,
            "-u",
            "camille",
            "-p",
            &relay.port().to_string(),
        ])
        .args(["-m", "2", "-n", MESSAGES, "-l", LENGTH, "-z", INTERVAL])
        .args(options)
        .arg(relay.ip().to_string());
    let mut process = Process::spawn("turnutils_uclient", &mut command)?;
    let status = process.wait(PATIENCE)?;
    let said = format!("{}\n{}", process.stdout(), process.stderr());
    Ok((status.success(), said))
}

/// Everything that was sent came back.
fn nothing_lost(relay: SocketAddr, options: &[&str]) -> Outcome {
    let (succeeded, said) = client(relay, SECRET, options)?;
    ensure(
        succeeded && said.contains("Total lost packets 0 (0.000000%)"),
        || format!("with {options:?} the client said:\n{said}"),
    )
}

fn among_clients(options: &[&str]) -> Outcome {
    // No private address is allowed: what is between relayed addresses leads nowhere else.
    let (_server, relay) = relay(&[])?;
    nothing_lost(relay, options)
}

/// A peer that sends back what it gets.
fn echo() -> Result<(Process, String), Failed> {
    let peer = ports::free_address()?;
    let port = peer.port().to_string();
    let mut command = Command::new("turnutils_peer");
    command.args(["-L", &peer.ip().to_string(), "-p", &port]);
    Ok((Process::spawn("turnutils_peer", &mut command)?, port))
}

fn to_a_peer(ways: &[&[&str]]) -> Outcome {
    let (_server, relay) = relay(&["--relay-lan"])?;
    let (_peer, port) = echo()?;
    for way in ways {
        let options = [&["-e", "127.0.0.1", "-r", &port], *way].concat();
        nothing_lost(relay, &options)?;
    }
    Ok(())
}

fn wrong_secret() -> Outcome {
    let (_server, relay) = relay(&[])?;
    let (succeeded, said) = client(relay, "south", &["-y"])?;
    ensure(
        !succeeded && said.contains("Cannot complete Allocation"),
        || format!("the client said:\n{said}"),
    )
}

fn not_inwards() -> Outcome {
    let (_server, relay) = relay(&[])?;
    let (_peer, port) = echo()?;
    // Another address of loopback than the relay's, at which a peer could be permitted.
    let (succeeded, said) = client(relay, SECRET, &["-e", "127.0.0.2", "-r", &port])?;
    ensure(!succeeded && said.contains("error 403"), || {
        format!("the client said:\n{said}")
    })
}
