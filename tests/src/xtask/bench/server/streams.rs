//! Idle event streams: what each of thousands costs the server.

use serde::Deserialize;
use visio_tests::{Binaries, Result, Server, Trouble, ports, usage};

use super::super::repeat;
use super::super::table::{Row, Spread};
use super::crowd::Crowd;

/// Streams at a time: as many as an open file each allows on a common machine (20,000), with room for the rest.
const STREAMS: usize = 15_000;

/// At most, in kilobytes.
const PLAIN_KB: f64 = 9.0;
const ENCRYPTED_KB: f64 = 17.0;

#[derive(Deserialize)]
struct Found {
    held: usize,
}

pub fn measure(binaries: &Binaries, crowd: &Crowd) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let [certificate, key] = crowd.certificate(folder.path(), "127.0.0.1")?;
    let certificate = certificate.to_string_lossy();
    let options = [
        format!("--certificate={certificate}"),
        format!("--key={}", key.display()),
    ];
    let plain = Spread::of(repeat(|| hold(binaries, crowd, &[], &[]))?);
    let trust = ["--trust", &certificate];
    let encrypted = Spread::of(repeat(|| hold(binaries, crowd, &options, &trust))?);
    Ok(vec![Row::new(
        &format!("server: each of {STREAMS} idle event streams, plain and over TLS"),
        &format!("≤ {PLAIN_KB} KB and ≤ {ENCRYPTED_KB} KB"),
        &format!(
            "{} and {}",
            plain.shown(1, " KB"),
            encrypted.shown(1, " KB")
        ),
        plain.max <= PLAIN_KB && encrypted.max <= ENCRYPTED_KB,
    )])
}

/// What each costs, in kilobytes, with these options of the server and of the crowd.
fn hold(binaries: &Binaries, crowd: &Crowd, options: &[String], trust: &[&str]) -> Result<f64> {
    let server = Server::start_with(binaries, ports::free_address()?, options.to_vec())?;
    let (code, at) = (server.host_code()?, server.address().to_string());
    let before = usage::resident(server.process_id())?;
    let streams = STREAMS.to_string();
    let mut words = vec!["idle", "--at", &at, "--host-code", &code];
    words.extend(["--streams", &streams]);
    words.extend(trust);
    let (_crowd, found) = crowd.at_work::<Found>(&words)?;
    if found.held < STREAMS {
        return Err(Trouble::new(format!(
            "only {} of {STREAMS} streams were held",
            found.held
        )));
    }
    let used = usage::resident(server.process_id())? - before;
    Ok(used / STREAMS as f64 / 1e3)
}
