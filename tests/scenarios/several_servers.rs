//! Several servers on one Redis: any of them will do, one of them may die in mid-call, and so may Redis.

mod group;
mod signals;

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::process::Process;
use visio_tests::redis::REDIS;
use visio_tests::words::sentence;
use visio_tests::{Binaries, Choice, Joined, Need, Redis, Server, ports};

use crate::scenario::{Outcome, ensure, scenario};
use crate::seen_and_heard::{heard, saw, stayed_together};
use group::Group;

const NEEDS: &[Need] = &[Need::Own("visio-server"), Need::Own("visio-cli"), REDIS];

const SMALL: &str = "pattern:320x180@15";

/// How long people may take to find each other on a busy machine.
const MEET: Duration = Duration::from_secs(15);

/// Longer than a server waits for whoever was at one that is gone.
const GRACE: Duration = Duration::from_secs(13);

/// How long a newcomer stays.
const VISIT: Duration = Duration::from_secs(6);

/// For a server to refuse to start.
const REFUSED: Duration = Duration::from_secs(15);

const NAMES: [&str; 3] = ["Camille", "Léa", "Hugo"];

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "one of three servers is killed in mid call and every call goes on",
            NEEDS,
            one_is_killed,
        ),
        scenario(
            "nothing that is said while a server is killed is lost",
            NEEDS,
            signals::none_is_lost,
        ),
        scenario(
            "a call holds while each request comes to another server",
            NEEDS,
            in_turn,
        ),
        scenario(
            "Redis stands still and dies and forgets in mid call and nobody notices",
            NEEDS,
            redis_away,
        ),
        scenario(
            "a room that is closed on one server is closed on all",
            NEEDS,
            closed_everywhere,
        ),
        scenario(
            "rooms are shared over a Redis that encrypts and asks for a password",
            NEEDS,
            encrypted,
        ),
        scenario(
            "a server without its Redis does not start and says why",
            NEEDS,
            start_errors,
        ),
    ]
}

fn one_is_killed() -> Outcome {
    let mut group = Group::start(3)?;
    let tone = |index: usize| 400 + 50 * index as u32;
    let mut guests = Vec::new();
    for (index, name) in NAMES.iter().enumerate() {
        let microphone = format!("tone:{}", tone(index));
        let guest = group.guest(name, Choice::Prefer(index))?;
        guests.push(guest.camera(SMALL).microphone(&microphone).join()?);
    }
    for (guest, who) in guests.iter().zip(NAMES) {
        for name in NAMES.iter().filter(|name| **name != who) {
            guest.says(&sentence("en", "cli.connected", &[("name", name)])?, MEET)?;
        }
    }
    let list = group.servers[1].command(&["rooms", "list"])?;
    ensure(
        list.lines()
            .any(|line| line.split_whitespace().nth(1) == Some("3")),
        || format!("the second server does not see all three:\n{list}"),
    )?;

    group.servers[0].kill();
    std::thread::sleep(GRACE);
    // Where they all are now, a newcomer is introduced to all of them.
    let zoe = group
        .guest("Zoé", Choice::Prefer(0))?
        .camera(SMALL)
        .stay(VISIT)
        .join()?
        .report()?;
    for name in NAMES {
        saw(&zoe, "Zoé", name, 30)?;
    }
    let list = group.servers[2].command(&["rooms", "list"])?;
    ensure(
        list.lines()
            .any(|line| line.split_whitespace().nth(1) == Some("3")),
        || format!("the third server does not see all three:\n{list}"),
    )?;
    // And the one that was killed comes back, and knows them all.
    group.servers[0].start_again()?;
    let list = group.servers[0].command(&["rooms", "list"])?;
    ensure(
        list.lines()
            .any(|line| line.split_whitespace().nth(1) == Some("3")),
        || format!("the first server does not see all three:\n{list}"),
    )?;

    let left: Vec<String> = NAMES
        .iter()
        .map(|name| sentence("en", "cli.left", &[("name", name)]))
        .collect::<Result<_, _>>()?;
    for (guest, who) in guests.iter().zip(NAMES) {
        let said = guest.said();
        ensure(!left.iter().any(|left| said.contains(left)), || {
            format!("{who} was told that somebody had left:\n{said}")
        })?;
        let met = sentence("en", "cli.connected", &[("name", "Zoé")])?;
        ensure(said.contains(&met), || {
            format!("{who} did not meet Zoé:\n{said}")
        })?;
    }
    let reports: Vec<_> = guests
        .into_iter()
        .map(|guest| guest.leave())
        .collect::<Result<_, _>>()?;
    for (report, who) in reports.iter().zip(NAMES) {
        for (index, name) in NAMES.iter().enumerate().filter(|(_, name)| **name != who) {
            saw(report, who, name, 200)?;
            heard(report, who, name, f64::from(tone(index)))?;
            let video = report.peer(name).and_then(|peer| peer.video.as_ref());
            let frozen = video.map_or(f64::MAX, |video| video.total_freezes_duration_ms);
            ensure(frozen < 1000.0, || {
                format!("the picture that {who} had of {name} stood still for {frozen} ms")
            })?;
        }
    }
    Ok(())
}

fn in_turn() -> Outcome {
    let group = Group::start(3)?;
    let join = |name| {
        let guest = group.guest(name, Choice::InTurn)?;
        Ok::<_, Failed>(guest.camera(SMALL).join()?)
    };
    let (camille, lea) = (join("Camille")?, join("Léa")?);
    let meets = |name| sentence("en", "cli.connected", &[("name", name)]);
    camille.says(&meets("Léa")?, MEET)?;
    lea.says(&meets("Camille")?, MEET)?;
    std::thread::sleep(GRACE);
    let [camille, lea] = stayed_together([("Camille", camille), ("Léa", lea)])?;
    saw(&camille, "Camille", "Léa", 150)?;
    saw(&lea, "Léa", "Camille", 150)
}

/// Camille at the first server and Léa at the second, in a call.
fn two_who_met(group: &Group) -> Result<[Joined; 2], Failed> {
    let join = |name, server| {
        let guest = group.guest(name, Choice::Prefer(server))?;
        Ok::<_, Failed>(guest.camera(SMALL).join()?)
    };
    let (camille, lea) = (join("Camille", 0)?, join("Léa", 1)?);
    let meets = |name| sentence("en", "cli.connected", &[("name", name)]);
    camille.says(&meets("Léa")?, MEET)?;
    lea.says(&meets("Camille")?, MEET)?;
    Ok([camille, lea])
}

fn redis_away() -> Outcome {
    let mut group = Group::start(2)?;
    let [camille, lea] = two_who_met(&group)?;

    let visit = |group: &Group, name: &str| -> Outcome {
        let guest = group
            .guest(name, Choice::Prefer(1))?
            .camera(SMALL)
            .stay(VISIT);
        let report = guest.join()?.report()?;
        saw(&report, name, "Camille", 30)?;
        saw(&report, name, "Léa", 30)
    };
    group.redis.pause();
    group.redis_is_away(1)?;
    // Nobody can come in, and whoever tries is told in their own words.
    let refusal = group.guest("Hugo", Choice::Prefer(0))?.join()?.refusal()?;
    let server = group.host(Choice::Prefer(0))?;
    let busy = sentence("en", "trouble.serverBusy", &[("server", &server)])?;
    ensure(refusal.contains(&busy), || format!("Hugo read:\n{refusal}"))?;
    group.redis.resume();
    group.redis_is_back(1)?;
    visit(&group, "Hugo")?;

    group.redis.kill();
    group.redis_is_away(2)?;
    group.redis.start_again()?;
    group.redis_is_back(2)?;
    visit(&group, "Inès")?;

    group.redis.kill();
    group.redis_is_away(3)?;
    group.redis.start_empty()?;
    group.redis_is_back(3)?;
    visit(&group, "Jules")?;

    let [camille, lea] = stayed_together([("Camille", camille), ("Léa", lea)])?;
    saw(&camille, "Camille", "Léa", 300)?;
    saw(&lea, "Léa", "Camille", 300)
}

fn closed_everywhere() -> Outcome {
    let group = Group::start(2)?;
    let [camille, lea] = two_who_met(&group)?;
    group.servers[1].command(&["rooms", "close", &group.invite])?;
    let gone = sentence("en", "trouble.roomGone", &[])?;
    for (guest, who) in [(camille, "Camille"), (lea, "Léa")] {
        let read = guest.refusal()?;
        ensure(read.contains(&gone), || format!("{who} read:\n{read}"))?;
    }
    let list = group.servers[0].command(&["rooms", "list"])?;
    ensure(list.lines().count() == 1, || {
        format!("it is still there:\n{list}")
    })
}

fn encrypted() -> Outcome {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let folder = tempfile::tempdir()?;
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let (_redis, address) = Redis::start_encrypted("geheim", &certificate, &key)?;
    let url = format!("rediss://:geheim@{address}/2");
    let options = vec!["--redis".to_owned(), url.clone()];
    let binaries = Binaries::beside_me()?;
    let trusting = binaries.trusting(&certificate);
    let start = || Server::start_with(&trusting, ports::free_address()?, options.clone());
    let (one, other) = (start()?, start()?);
    let invite = one.invite()?;
    let list = other.command(&["rooms", "list"])?;
    ensure(list.lines().count() == 2, || {
        format!("{invite} is not there:\n{list}")
    })?;
    let refused = Server::start_with(&binaries, ports::free_address()?, options);
    let why = refused
        .err()
        .map(|trouble| trouble.to_string())
        .unwrap_or_default();
    ensure(why.contains("can't be reached"), || {
        format!("a Redis that nobody vouches for was believed: {why}")
    })
}

fn start_errors() -> Outcome {
    let binaries = Binaries::beside_me()?;
    let redis = Redis::start_locked("geheim")?;
    let address = redis.address();
    let nobody = ports::free_address()?;
    for (url, words) in [
        (format!("redis://{nobody}"), "can't be reached"),
        (format!("redis://{address}"), "user and password"),
        (format!("redis://:wrong@{address}"), "user and password"),
        (format!("rediss://:geheim@{address}"), "can't be reached"),
        (address.to_string(), "an address such as redis://"),
    ] {
        let data = tempfile::tempdir()?;
        let mut command = binaries.command("visio-server")?;
        command.args(["--listen", "127.0.0.1:0", "--redis", &url, "--data"]);
        let mut process = Process::spawn("visio-server", command.arg(data.path()))?;
        let status = process.wait(REFUSED)?;
        let said = process.stderr();
        ensure(!status.success() && said.contains(words), || {
            format!("with {url} it ended with {status} and said:\n{said}")
        })?;
        ensure(!said.contains("geheim") && !said.contains("wrong"), || {
            format!("it told the password:\n{said}")
        })?;
    }
    Ok(())
}
