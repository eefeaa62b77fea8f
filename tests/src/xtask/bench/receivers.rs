//! What each further receiver costs the sender, which encodes once for all of them, and what it costs a browser in the
//! same run. Only the sender's own CPU time counts, so what the receivers spend on decoding beside it does not matter, as long
//! as both cores are not full. It is counted once the call has settled, when each receiver is sent the full picture.

use std::time::Duration;

use visio_tests::rows::VIDEO_CEILING;
use visio_tests::{Binaries, Participant, Result, Server, Trouble, chromium, need, net};

use super::film::media;
use super::table::{Row, Spread};
use super::{browsers, repeat};

/// How long a call takes to settle on what each receiver is sent, and how long is measured then.
const SETTLES: Duration = Duration::from_secs(10);
const MEASURED: Duration = Duration::from_secs(20);
/// How many receivers are tried.
const RECEIVERS: [usize; 4] = [1, 2, 4, 8];
/// A further receiver costs at most this part of what it costs a browser.
const PART_OF_BROWSER: f64 = 15.0;
/// So many full pictures per second each receiver must have had, for its cost to be the full one.
const FULL_FPS: f64 = 20.0;
/// Less than this can't be told from nothing, CPU-seconds per 10 s.
const NOTICEABLE: f64 = 0.005;

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let mut encoders = 0;
    let costs = repeat(|| {
        let mut points = Vec::new();
        for receivers in RECEIVERS {
            let (cost, used) = sender(binaries, receivers)?;
            points.push((receivers as f64, cost));
            encoders = encoders.max(used);
        }
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

/// What someone uses who shows 720p to `receivers` others: CPU-seconds per 10 s, and with how many encoders.
fn sender(binaries: &Binaries, receivers: usize) -> Result<(f64, u32)> {
    let server = Server::start(binaries)?;
    let invite = server.invite()?;
    let listeners = (1..=receivers)
        .map(|number| Participant::new(binaries, &invite, &format!("receiver {number}"))?.join())
        .collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(1));
    let sender = Participant::new(binaries, &invite, "sender")?
        .camera("pattern:1280x720@30")
        .most_picture(VIDEO_CEILING)
        .join()?;
    std::thread::sleep(SETTLES + MEASURED);
    let moments = sender.moments()?;
    let settled = moments
        .iter()
        .filter(|moment| moment.seconds > SETTLES.as_secs_f64());
    let (percents, encoders): (Vec<f64>, Vec<u32>) = settled
        .map(|moment| (moment.cpu_percent, moment.encoders))
        .unzip();
    sender.leave()?;
    for listener in listeners {
        let received = listener.moments()?;
        let last = received.iter().rev().take(MEASURED.as_secs() as usize);
        let senders =
            last.filter_map(|moment| moment.peers.iter().find(|peer| peer.name == "sender"));
        let videos = senders.map(|peer| &peer.video);
        let full: Vec<f64> = videos
            .filter(|video| video.height >= 720)
            .map(|video| video.fps)
            .collect();
        let fps = full.iter().sum::<f64>() / MEASURED.as_secs_f64();
        if fps < FULL_FPS {
            return Err(Trouble::new(format!(
                "a receiver of {receivers} had {fps:.1} full pictures per second: the machine was too busy"
            )));
        }
    }
    let cost = percents.iter().sum::<f64>() / percents.len().max(1) as f64 / 10.0;
    Ok((cost, encoders.into_iter().max().unwrap_or_default()))
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
