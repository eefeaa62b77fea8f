//! A call between two people whose networks let nothing but the web through, with 80 ms to the server and back: how soon
//! each sees the other.

use std::time::Duration;

use visio_tests::net::{Impairment, Meeting, NEEDS, Nat, SERVER, Site};
use visio_tests::{Binaries, Result, Trouble, need};

use super::super::repeat;
use super::super::table::{Row, Spread};
use super::crowd::Crowd;

/// To the server and back, in milliseconds.
const ROUND_TRIP_MS: u64 = 80;

/// At most, in milliseconds.
const FIRST_MS: f64 = 2_500.0;

const CAMERA: &str = "pattern:320x180@30";
const MEETING: Duration = Duration::from_secs(20);
const TALK: Duration = Duration::from_secs(2);

pub fn measure(binaries: &Binaries, crowd: &Crowd) -> Result<Vec<Row>> {
    if let Some(reason) = need::missing(NEEDS) {
        eprintln!("  No call through the relay: {reason}");
        return Ok(Vec::new());
    }
    let first = Spread::of(repeat(|| first_picture(binaries, crowd))?);
    Ok(vec![Row::new(
        &format!(
            "call set-up through the relay, TLS only, {ROUND_TRIP_MS} ms to the server and back"
        ),
        "first remote picture ≤ 2.5 s",
        &first.shown(0, " ms"),
        first.max <= FIRST_MS,
    )])
}

/// Of the two of them the later one.
fn first_picture(binaries: &Binaries, crowd: &Crowd) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let [certificate, key] = crowd.certificate(folder.path(), &SERVER.to_string())?;
    let link = Impairment::round_trip(ROUND_TRIP_MS);
    let sites = [Site::new(link).behind(Nat::WebOnly); 2];
    let meeting = Meeting::open_encrypted(binaries, 1, &sites, [&certificate, &key])?;
    let guest = |site, name| meeting.guest(site, name)?.camera(CAMERA).join();
    let (anna, ben) = (guest(0, "Anna")?, guest(1, "Ben")?);
    anna.says("Ben is here", MEETING)?;
    ben.says("Anna is here", MEETING)?;
    std::thread::sleep(TALK);
    let (of_anna, of_ben) = (anna.leave()?, ben.leave()?);
    let mut latest = 0.0_f64;
    for (report, other) in [(of_anna, "Ben"), (of_ben, "Anna")] {
        let peer = report
            .peer(other)
            .ok_or_else(|| Trouble::new("nobody was met"))?;
        if peer.transport.as_deref() != Some("tls") {
            return Err(Trouble::new(format!("they met over {:?}", peer.transport)));
        }
        let first = peer.first_video_ms;
        latest = latest.max(first.ok_or_else(|| Trouble::new("nothing was seen"))?);
    }
    Ok(latest)
}
