//! Two people on one machine: how smooth, how late and how sharp the picture is, and how soon it is there.

use std::time::Duration;

use visio_tests::{Binaries, Participant, Report, Result, Server, Trouble};

use super::repeat;
use super::table::{Row, Spread};

const STAY: Duration = Duration::from_secs(20);
const SHOW: &str = "pattern:1280x720@30";

/// What the second of the two saw of the first.
struct Seen {
    fps: f64,
    freezes: f64,
    p50: f64,
    p95: f64,
    psnr: f64,
    first: f64,
}

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let seen = repeat(|| call(binaries))?;
    let spread = |value: fn(&Seen) -> f64| Spread::of(seen.iter().map(value));
    let (fps, freezes) = (spread(|seen| seen.fps), spread(|seen| seen.freezes));
    let (p50, p95, psnr) = (
        spread(|seen| seen.p50),
        spread(|seen| seen.p95),
        spread(|seen| seen.psnr),
    );
    let first = spread(|seen| seen.first);
    let smooth = fps.min >= 29.0
        && freezes.max == 0.0
        && p50.max <= 15.0
        && p95.max <= 40.0
        && psnr.min >= 36.0;
    Ok(vec![
        Row::new(
            "720p30 pattern between two `visio-cli` on loopback for 20 s",
            "≥ 29 fps decoded, no freeze, p50 ≤ 15 ms, p95 ≤ 40 ms, ≥ 36 dB",
            &format!(
                "{}, {} freezes, p50 {}, p95 {}, {}",
                fps.shown(1, " fps"),
                freezes.max,
                p50.shown(0, " ms"),
                p95.shown(0, " ms"),
                psnr.shown(1, " dB")
            ),
            smooth,
        ),
        Row::new(
            "first remote frame after joining, loopback",
            "≤ 700 ms",
            &first.shown(0, " ms"),
            first.max <= 700.0,
        ),
    ])
}

fn call(binaries: &Binaries) -> Result<Seen> {
    let server = Server::start(binaries)?;
    let invite = server.invite()?;
    let join = |name: &str, tone: &str| {
        Participant::new(binaries, &invite, name)?
            .camera(SHOW)
            .microphone(tone)
            .stay(STAY)
            .join()
    };
    let first = join("Camille", "tone:440")?;
    // So that the second finds the first settled, as people do who join a call.
    std::thread::sleep(Duration::from_secs(1));
    let second = join("Léa", "tone:550")?;
    let report = second.report()?;
    first.report()?;
    seen(&report).ok_or_else(|| Trouble::new(format!("the report lacks a number: {report:?}")))
}

fn seen(report: &Report) -> Option<Seen> {
    let peer = report.peer("Camille")?;
    let video = peer.video.as_ref()?;
    let pattern = video.pattern.as_ref()?;
    Some(Seen {
        fps: video.fps,
        freezes: video.freeze_count as f64,
        p50: pattern.latency_ms.p50,
        p95: pattern.latency_ms.p95,
        psnr: pattern.psnr_db,
        first: peer.first_video_ms?,
    })
}
