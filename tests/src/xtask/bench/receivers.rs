//! What each further receiver costs the sender, which encodes once for all of them, and what it costs a browser in the same run. Only the sender's own CPU time counts,
//! so what the receivers spend on decoding beside it does not matter, as long as both cores are not full.

use std::time::Duration;

use visio_tests::{Binaries, Participant, Report, Result, Server, Trouble, chromium, need, net};

use super::film::media;
use super::table::{Row, Spread};
use super::{browsers, repeat};

const STAY: Duration = Duration::from_secs(20);
/// How many receivers are tried.
const RECEIVERS: [usize; 4] = [1, 2, 4, 8];
/// A further receiver costs at most this part of what it costs a browser.
const PART_OF_BROWSER: f64 = 15.0;
/// Less than this can't be told from nothing, CPU-seconds per 10 s.
const NOTICEABLE: f64 = 0.005;

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let mut encoders = 0;
    let costs = repeat(|| {
        let reports = RECEIVERS
            .iter()
            .map(|receivers| sender(binaries, *receivers))
            .collect::<Result<Vec<_>>>()?;
        encoders = reports
            .iter()
            .map(|report| report.video_sent.encoders)
            .chain([encoders])
            .max()
            .unwrap_or_default();
        let points = RECEIVERS.iter().zip(&reports).map(|(receivers, report)| {
            (
                *receivers as f64,
                report.cpu_seconds / report.seconds * 10.0,
            )
        });
        let points: Vec<(f64, f64)> = points.collect();
        for (receivers, cost) in &points {
            eprintln!("  {receivers} receivers: {cost:.2} CPU-seconds per 10 s");
        }
        Ok(slope(&points))
    })?;
    let costs = Spread::of(costs);
    let mut rows = vec![Row::new(
        "sender's CPU for each further receiver of 720p at 1.5 Mbit/s",
        "≤ 0.1 CPU-seconds per 10 s, with `encoders: 1`",
        &format!(
            "{}, `encoders: {encoders}`",
            costs.shown(3, " CPU-seconds per 10 s")
        ),
        costs.max <= 0.1 && encoders == 1,
    )];
    rows.extend(beside_a_browser(binaries, costs)?);
    Ok(rows)
}

/// The same of a browser, as a ratio; nothing where there is none.
fn beside_a_browser(binaries: &Binaries, ours: Spread) -> Result<Option<Row>> {
    if let Some(reason) = need::missing(&[net::NEEDS, chromium::NEEDS].concat()) {
        eprintln!("  No browser beside it: {reason}");
        return Ok(None);
    }
    let files = tempfile::Builder::new().prefix("visio-film-").tempdir()?;
    let media = media(binaries, files.path())?;
    let mut full = usize::MAX;
    let theirs = repeat(|| {
        let mut costs = Vec::new();
        for receivers in RECEIVERS {
            let cost = browsers::sender(receivers, &media)?;
            // Whoever is sent less costs less: from here on the machine, not the browser, would be measured.
            if !cost.is_full() {
                break;
            }
            costs.push((cost.receivers as f64, cost.cpu));
        }
        full = full.min(costs.last().map_or(0, |(receivers, _)| *receivers as usize));
        if costs.len() < 2 {
            return Err(Trouble::new(
                "the browser could not send to two receivers: the machine was too busy",
            ));
        }
        Ok(slope(&costs))
    })?;
    let theirs = Spread::of(theirs);
    let ratio = theirs.min / ours.max.max(NOTICEABLE);
    Ok(Some(Row::new(
        "the same for a headless Chromium in the same run, by all its processes",
        &format!("Visio's is ≤ 1/{PART_OF_BROWSER} of it"),
        &format!(
            "{}, with up to {full} receivers of the full picture; Visio's is 1/{ratio:.0} of it or less",
            theirs.shown(2, " CPU-seconds per 10 s")
        ),
        ratio >= PART_OF_BROWSER,
    )))
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

/// The slope of the line through the CPU time over the number of receivers, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let number = points.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / number;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_what_one_more_costs() {
        let points = [(1.0, 2.1), (2.0, 2.2), (4.0, 2.4), (8.0, 2.8)];
        assert!((slope(&points) - 0.1).abs() < 1e-9);
    }
}
