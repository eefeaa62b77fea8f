//! What each further receiver costs the sender, which encodes once for all of them. Only the sender's own CPU time counts,
//! so what the receivers spend on decoding beside it does not matter, as long as both cores are not full.

use std::time::Duration;

use visio_tests::{Binaries, Participant, Report, Result, Server, Trouble};

use super::repeat;
use super::table::{Row, Spread};

const STAY: Duration = Duration::from_secs(20);
/// From the first to the last receiver.
const RECEIVERS: std::ops::RangeInclusive<usize> = 1..=4;

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let mut encoders = 0;
    let costs = repeat(|| {
        let reports = RECEIVERS
            .map(|receivers| sender(binaries, receivers))
            .collect::<Result<Vec<_>>>()?;
        encoders = reports
            .iter()
            .map(|report| report.video_sent.encoders)
            .chain([encoders])
            .max()
            .unwrap_or_default();
        slope_per_ten_seconds(&reports)
    })?;
    let costs = Spread::of(costs);
    Ok(vec![Row::new(
        "sender's CPU for each further receiver of 720p at 1.5 Mbit/s",
        "≤ 0.1 CPU-seconds per 10 s, with `encoders: 1`",
        &format!(
            "{}, `encoders: {encoders}`",
            costs.shown(3, " CPU-seconds per 10 s")
        ),
        costs.max <= 0.1 && encoders == 1,
    )])
}

/// The report of someone who shows 720p to `receivers` others.
fn sender(binaries: &Binaries, receivers: usize) -> Result<Report> {
    let server = Server::start(binaries)?;
    let invite = server.invite()?;
    let listeners = (1..=receivers)
        .map(|number| Participant::new(binaries, &invite, &format!("receiver {number}"))?.join())
        .collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(1));
    let sender = Participant::new(binaries, &invite, "sender")?
        .camera("pattern:1280x720@30")
        .stay(STAY)
        .join()?;
    let report = sender.report()?;
    for listener in listeners {
        let frames = listener
            .leave()?
            .peer("sender")
            .and_then(|peer| peer.video.as_ref())
            .map_or(0, |video| video.frames_decoded);
        if frames < 400 {
            return Err(Trouble::new(format!(
                "a receiver decoded only {frames} frames: the machine was too busy"
            )));
        }
    }
    Ok(report)
}

/// The slope of the line through the sender's CPU time over the number of receivers, by least squares.
fn slope_per_ten_seconds(reports: &[Report]) -> Result<f64> {
    let points: Vec<(f64, f64)> = RECEIVERS
        .zip(reports)
        .map(|(receivers, report)| (receivers as f64, report.cpu_seconds / report.seconds * 10.0))
        .collect();
    let number = points.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / number;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    for (receivers, cost) in &points {
        eprintln!("  {receivers} receivers: {cost:.2} CPU-seconds per 10 s");
    }
    Ok(covariance / variance)
}
