//! What goes wrong before a call begins: each has words for the person it concerns, in their language, and an exit status.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::canned::CannedServer;
use visio_tests::words::sentence;
use visio_tests::{Binaries, Participant, Process, Server, ports};

use crate::scenario::{CALL, Outcome, Room, ensure, scenario};

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "a mistyped invite is explained before any request",
            CALL,
            mistyped,
        ),
        scenario(
            "a truncated invite is explained before any request",
            CALL,
            truncated,
        ),
        scenario("a server that is down is named", CALL, server_down),
        scenario(
            "a web server that is not visio is recognised",
            CALL,
            not_visio,
        ),
        scenario(
            "a server of another protocol version is recognised",
            CALL,
            other_version,
        ),
        scenario("a clock that is wrong is told", CALL, wrong_clock),
        scenario(
            "an invite to a room that is gone is explained",
            CALL,
            room_gone,
        ),
        scenario("a wrong host code is explained", CALL, wrong_host_code),
        scenario(
            "a file that is not a y4m video is refused by name",
            CALL,
            || not_media("camera", "film.y4m"),
        ),
        scenario(
            "a file that is not a wav recording is refused by name",
            CALL,
            || not_media("microphone", "song.wav"),
        ),
        scenario(
            "a request body of one gigabyte is refused unread",
            CALL,
            huge_body,
        ),
    ]
}

/// `invite` is refused with the sentence `key`, in English and in French.
fn refused(invite: &str, key: &str, placeholders: &[(&str, &str)]) -> Outcome {
    let binaries = Binaries::beside_me()?;
    for (language, locale) in [("en", "en_GB.UTF-8"), ("fr", "fr_FR.UTF-8")] {
        let said = Participant::new(&binaries, invite, "Camille")?
            .language(locale)
            .join()?
            .refusal()?;
        let expected = sentence(language, key, placeholders)?;
        ensure(said.contains(&expected), || {
            format!("awaited \"{expected}\", was told:\n{said}")
        })?;
    }
    Ok(())
}

fn mistyped() -> Outcome {
    let room = Room::open()?;
    let at = room.invite.len() - 1;
    let other = if room.invite.ends_with('7') { "8" } else { "7" };
    refused(
        &format!("{}{other}", &room.invite[..at]),
        "trouble.inviteMistyped",
        &[],
    )
}

fn truncated() -> Outcome {
    let room = Room::open()?;
    let (address, code) = room
        .invite
        .split_once('#')
        .ok_or("the invite has no code")?;
    let start: String = code
        .chars()
        .filter(|letter| *letter != '-')
        .take(20)
        .collect();
    refused(
        &format!("{address}#{start}"),
        "trouble.inviteIncomplete",
        &[("have", "20"), ("need", "32")],
    )
}

/// An invite of a real server, as if it had been sent for the server at `host`.
fn invite_to(host: &str) -> Result<String, Failed> {
    let room = Room::open()?;
    Ok(room
        .invite
        .replace(&room.server.address().to_string(), host))
}

fn server_down() -> Outcome {
    let nobody = ports::free_address()?.to_string();
    refused(
        &invite_to(&nobody)?,
        "trouble.serverUnreachable",
        &[("server", &nobody)],
    )
}

fn not_visio() -> Outcome {
    let server = CannedServer::start(
        "200 OK",
        &["Content-Type: text/html"],
        "<h1>Welcome to my blog</h1>",
    )?;
    let host = server.address().to_string();
    refused(
        &invite_to(&host)?,
        "trouble.notAVisioServer",
        &[("server", &host)],
    )
}

fn other_version() -> Outcome {
    let body = r#"{"refused":"version","protocol":2}"#;
    let server = CannedServer::start("426 Upgrade Required", &["Visio-Protocol: 2"], body)?;
    let host = server.address().to_string();
    refused(
        &invite_to(&host)?,
        "trouble.otherVersion",
        &[("server", &host)],
    )
}

fn wrong_clock() -> Outcome {
    // Ten minutes past midnight on the first of January 1970.
    let body = format!(r#"{{"room":"{}","now":600000}}"#, "00".repeat(16));
    let headers = ["Visio-Protocol: 1", "Content-Type: application/json"];
    let server = CannedServer::start("201 Created", &headers, &body)?;
    let said = no_invite_from(&format!("http://{}", server.address()))?;
    let sentence = sentence("en", "trouble.wrongClock", &[])?;
    let beginning = sentence.split('{').next().unwrap_or_default();
    ensure(said.contains(beginning), || {
        format!("awaited \"{beginning}…\", was told:\n{said}")
    })
}

fn room_gone() -> Outcome {
    let another = Server::start(&Binaries::beside_me()?)?;
    refused(
        &invite_to(&another.address().to_string())?,
        "trouble.roomGone",
        &[],
    )
}

fn wrong_host_code() -> Outcome {
    let server = Server::start(&Binaries::beside_me()?)?;
    let said = no_invite_from(&server.url())?;
    let expected = sentence(
        "en",
        "trouble.hostCodeWrong",
        &[("server", &server.address().to_string())],
    )?;
    ensure(said.contains(&expected), || {
        format!("awaited \"{expected}\", was told:\n{said}")
    })
}

/// Asks for an invite with a made-up host code, which must fail, and gives what was said.
fn no_invite_from(url: &str) -> Result<String, Failed> {
    let mut command = Binaries::beside_me()?.command("visio-cli")?;
    command
        .args([
            "invite",
            "--server",
            url,
            "--host-code",
            "0000-0000-0000-0000",
        ])
        .env("LANG", "en_GB.UTF-8");
    let mut process = Process::spawn("visio-cli invite", &mut command)?;
    let status = process.wait(Duration::from_secs(15))?;
    ensure(!status.success() && process.stdout().is_empty(), || {
        "an invite was made".to_owned()
    })?;
    Ok(process.stderr())
}

fn not_media(device: &str, name: &str) -> Outcome {
    let room = Room::open()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join(name);
    std::fs::write(&file, "This is a letter to my grandmother.\n".repeat(100))?;
    let spec = format!("file:{}", file.display());
    let guest = room.guest("Camille")?;
    let guest = if device == "camera" {
        guest.camera(&spec)
    } else {
        guest.microphone(&spec)
    };
    let said = guest.join()?.refusal()?;
    ensure(said.contains(name), || {
        format!("the file was not named:\n{said}")
    })
}

/// The announced length is enough to refuse it; what is sent all the same is not kept.
fn huge_body() -> Outcome {
    const GIGABYTE: usize = 1 << 30;
    let room = Room::open()?;
    let mut connection = TcpStream::connect(room.server.address())?;
    let head = format!(
        "POST /v1/rooms HTTP/1.1\r\nHost: {}\r\nVisio-Protocol: 1\r\nContent-Length: {GIGABYTE}\r\n\r\n",
        room.server.address()
    );
    connection.write_all(head.as_bytes())?;
    // Sent until the server hangs up, which it must do long before the end.
    let mebibyte = vec![b'x'; 1 << 20];
    let sent = (0..64)
        .take_while(|_| connection.write_all(&mebibyte).is_ok())
        .count();
    let mut answer = String::new();
    // A connection that was reset has an answer only if it was read in time.
    let _ = connection.read_to_string(&mut answer);
    ensure(sent < 64 || answer.starts_with("HTTP/1.1 413"), || {
        format!("the server took {sent} MiB: {answer}")
    })?;
    // It goes on serving others.
    room.guest("Camille")?
        .stay(Duration::from_secs(1))
        .join()?
        .report()?;
    Ok(())
}
