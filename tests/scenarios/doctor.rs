//! The doctors: what stands in the way of a call is found and named, by whoever calls and by whoever hosts.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use visio_tests::net::{Impairment, NEEDS, Nat, Site};
use visio_tests::{Binaries, Process, Server, ports};

use crate::network_nats::encrypted;
use crate::scenario::{CALL, Outcome, Room, ensure, scenario, scenario_with};

/// What a doctor may take: half a minute where everything is silent, and the machine is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Devices that work on every machine.
const DEVICES: &[&str] = &[
    "--camera=pattern:320x180@30",
    "--microphone=tone:440",
    "--speaker=none",
];

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let lab = [NEEDS, CALL].concat();
    vec![
        scenario("where nothing is wrong the doctor says so", CALL, well),
        scenario(
            "a server that is down is told from an address that leads nowhere",
            CALL,
            no_server,
        ),
        scenario(
            "a relay with another secret and one that is closed are told apart",
            CALL,
            wrong_relays,
        ),
        scenario(
            "an invite that is no longer valid does not keep the doctor from looking",
            CALL,
            stale_invite,
        ),
        scenario(
            "whoever hosts learns whether a server runs and whether its relay relays",
            CALL,
            host,
        ),
        scenario_with(
            "where only the web passes the doctor finds the one way that is left",
            lab,
            only_the_web,
        ),
    ]
}

/// What the doctor found.
struct Found {
    /// That a call can be had.
    well: bool,
    all: Value,
    /// Its last word to a person.
    error: String,
}

impl Found {
    /// How good one thing is, and the sentence's key.
    fn of(&self, check: &str) -> (&str, &str) {
        let findings = self.all["findings"].as_array().into_iter().flatten();
        let text = |value: &'static str| {
            let mut findings = findings.clone();
            let finding = findings.find(|finding| finding["check"] == check);
            finding.and_then(|finding| finding[value].as_str())
        };
        (
            text("verdict").unwrap_or_default(),
            text("words").unwrap_or_default(),
        )
    }

    fn ensure(&self, check: &str, verdict: &str, words: &str) -> Outcome {
        ensure(self.of(check) == (verdict, words), || {
            format!("{check} is {:?} in {}", self.of(check), self.all)
        })
    }

    fn concludes(&self, words: &str) -> Outcome {
        ensure(self.all["conclusion"] == words, || self.all.to_string())
    }
}

/// Runs `visio-cli doctor`.
fn examine(binaries: &Binaries, options: &[&str]) -> Result<Found, Failed> {
    let mut command = binaries.command("visio-cli")?;
    command.args(["doctor", "--json"]).args(DEVICES);
    command.args(options).env("LANG", "C.UTF-8");
    let mut process = Process::spawn("visio-cli doctor", &mut command)?;
    let status = process.wait(PATIENCE)?;
    Ok(Found {
        well: status.success(),
        all: serde_json::from_str(&process.stdout()).unwrap_or_default(),
        error: process.stderr(),
    })
}

fn server_with(options: &[String]) -> Result<(Binaries, Server), Failed> {
    let binaries = Binaries::beside_me()?;
    let server = Server::start_with(&binaries, ports::free_address()?, options.to_vec())?;
    Ok((binaries, server))
}

fn well() -> Outcome {
    let relay = format!("--turn-listen={}", ports::free_address()?);
    let (binaries, server) = server_with(&[relay])?;
    let found = examine(&binaries, &["--invite", &server.invite()?])?;
    ensure(found.well, || found.error.clone())?;
    for (check, words) in [
        ("camera", "doctor.camera.works"),
        ("microphone", "doctor.microphone.works"),
        ("server", "doctor.server.fine"),
        ("udp", "doctor.udp.fine"),
        ("stun", "doctor.stun.fine"),
        ("relayUdp", "doctor.relay.fine"),
        ("relayTcp", "doctor.relay.fine"),
    ] {
        found.ensure(check, "fine", words)?;
    }
    found.ensure("relayTls", "skipped", "doctor.notOffered")?;
    found.concludes("doctor.conclusion.fine")?;
    // Without an invite nobody may use the relay; that it is there shows all the same.
    let found = examine(&binaries, &["--server", &server.url()])?;
    found.ensure("relayUdp", "fine", "doctor.relay.answers")?;
    found.ensure("relayTcp", "fine", "doctor.relay.answers")
}

fn no_server() -> Outcome {
    let mut room = Room::open()?;
    room.server.kill();
    let found = examine(&room.binaries, &["--invite", &room.invite])?;
    found.ensure("server", "bad", "doctor.server.closed")?;
    found.ensure("relayTls", "skipped", "doctor.needsServer")?;
    ensure(
        !found.well && found.error.contains("Without the server"),
        || found.error.clone(),
    )?;
    let found = examine(&room.binaries, &["--server", "nobody.invalid"])?;
    found.ensure("server", "bad", "doctor.server.nameUnknown")?;
    let found = examine(&room.binaries, &["--server", "no address"])?;
    ensure(
        !found.well && found.error.contains("call.example.org"),
        || found.error.clone(),
    )
}

fn wrong_relays() -> Outcome {
    let relay = ports::free_address()?;
    let (_, _theirs) = server_with(&[
        format!("--turn-listen={relay}"),
        "--turn-secret=north".to_owned(),
    ])?;
    let closed = ports::free_address()?;
    let (binaries, server) = server_with(&[
        format!("--turn-url=turn:{relay}"),
        format!("--turn-url=turn:{closed}?transport=tcp"),
        "--turn-secret=south".to_owned(),
    ])?;
    let found = examine(&binaries, &["--invite", &server.invite()?])?;
    found.ensure("relayUdp", "weak", "doctor.relay.credentials")?;
    found.ensure("relayTcp", "weak", "doctor.relay.closed")?;
    found.concludes("doctor.conclusion.noWay")?;
    ensure(!found.well, || found.all.to_string())
}

fn stale_invite() -> Outcome {
    let relay = format!("--turn-listen={}", ports::free_address()?);
    let (binaries, server) = server_with(&[relay])?;
    let invite = server.invite()?;
    server
        .own(&["rooms", "close", &invite])?
        .succeed(PATIENCE)?;
    let found = examine(&binaries, &["--invite", &invite])?;
    found.ensure("server", "weak", "trouble.roomGone")?;
    found.ensure("relayUdp", "fine", "doctor.relay.answers")
}

fn host() -> Outcome {
    let relay = format!("--turn-listen={}", ports::free_address()?);
    let (binaries, mut server) = server_with(&[relay])?;
    let mut doctor = server.own(&["doctor"])?;
    doctor.succeed(PATIENCE)?;
    let said = doctor.stdout();
    let relays = said
        .lines()
        .filter(|line| line.starts_with("✓ relay") && line.contains("relays"));
    ensure(relays.count() == 2 && !said.contains('✗'), || {
        said.clone()
    })?;
    // From another machine, where there is no data folder.
    let elsewhere = tempfile::tempdir()?;
    let mut command = binaries.command("visio-server")?;
    command
        .args(["doctor", "--url", &server.url(), "--data"])
        .arg(elsewhere.path());
    let mut doctor = Process::spawn("visio-server doctor", &mut command)?;
    doctor.succeed(PATIENCE)?;
    let said = doctor.stdout();
    ensure(said.contains("a look from outside"), || said.clone())?;
    server.kill();
    let mut doctor = server.own(&["doctor", "--url", &server.url()])?;
    let failed = !doctor.wait(PATIENCE)?.success();
    let said = doctor.stdout();
    ensure(
        failed && said.contains("no server is running") && said.contains("nothing listens"),
        || said.clone(),
    )
}

fn only_the_web() -> Outcome {
    let binaries = Binaries::beside_me()?;
    let folder = tempfile::tempdir()?;
    let sites = [Site::new(Impairment::round_trip(20)).behind(Nat::WebOnly)];
    let meeting = encrypted(&binaries, &sites, folder.path())?.0;
    let found = examine(&meeting.programs(0), &["--invite", &meeting.invite])?;
    ensure(found.well, || found.error.clone())?;
    found.ensure("server", "fine", "doctor.server.fine")?;
    found.ensure("udp", "weak", "doctor.udp.blocked")?;
    found.ensure("relayUdp", "weak", "doctor.relay.silent")?;
    found.ensure("relayTls", "fine", "doctor.relay.fine")?;
    found.concludes("doctor.conclusion.weak")
}
