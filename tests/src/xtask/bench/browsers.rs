//! What each further receiver costs a browser, which encodes once for each of them: a page that shows 720p at 1.5 Mbit/s to
//! a page on another host, over as many connections as there are receivers.

use std::time::{Duration, Instant};

use visio_tests::chromium::{Media, Peers};
use visio_tests::net::{Impairment, Lab, Site};
use visio_tests::rows::VIDEO_CEILING;
use visio_tests::{Result, Trouble};

/// How long a browser takes to send as much as it may.
const SETTLES: Duration = Duration::from_secs(15);
/// And how long is measured then.
const MEASURED: Duration = Duration::from_secs(20);
/// How often what the pages have to say to one another is carried.
const TICK: Duration = Duration::from_millis(50);

/// How many pictures per second of its full height a connection must carry to be one that counts: a browser that runs out
/// of processor sends less instead.
const FULL: (f64, f64) = (720.0, 27.0);

/// What a browser used for so many receivers.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub receivers: usize,
    /// CPU-seconds per 10 s, of all the sending browser's processes.
    pub cpu: f64,
    /// Pictures encoded per second for the receiver that had the fewest, and their height.
    pub fps: f64,
    pub height: f64,
}

impl Cost {
    /// Whether every receiver was sent the full picture.
    pub fn is_full(&self) -> bool {
        self.height >= FULL.0 && self.fps >= FULL.1
    }
}

/// Measures a sender with this many receivers.
pub fn sender(receivers: usize, media: &Media) -> Result<Cost> {
    let lab = Lab::build(1, &[Site::new(Impairment::NONE); 2])?;
    let hosts = [0, 1].map(|site| Some(lab.site(site).host()));
    let media = Media {
        ceiling: VIDEO_CEILING,
        ..media.clone()
    };
    let mut peers = Peers::open(&hosts, 1, &media)?;
    for connection in 0..receivers {
        peers.connect(0, 1, connection)?;
    }
    carry_for(&mut peers, SETTLES)?;
    let (cpu, before, started) = (
        peers.cpu_seconds(0),
        frames(&mut peers, receivers)?,
        Instant::now(),
    );
    carry_for(&mut peers, MEASURED)?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu = (peers.cpu_seconds(0) - cpu) / seconds * 10.0;
    let after = frames(&mut peers, receivers)?;
    let rates = before
        .iter()
        .zip(&after)
        .map(|(before, after)| (after.0 - before.0) / seconds);
    let cost = Cost {
        receivers,
        cpu,
        fps: rates.fold(f64::INFINITY, f64::min),
        height: after
            .iter()
            .map(|(_, height)| *height)
            .fold(f64::INFINITY, f64::min),
    };
    eprintln!(
        "  Chromium, {receivers} receivers: {cpu:.2} CPU-seconds per 10 s, {:.0}p at {:.1} fps",
        cost.height, cost.fps
    );
    Ok(cost)
}

fn carry_for(peers: &mut Peers, time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        peers.carry()?;
        std::thread::sleep(TICK);
    }
    Ok(())
}

/// Frames encoded so far for each receiver, and their height.
fn frames(peers: &mut Peers, receivers: usize) -> Result<Vec<(f64, f64)>> {
    (0..receivers)
        .map(|connection| {
            let statistics = peers.statistics(0, 1, connection)?;
            let video = &statistics["outbound-rtp video"];
            let number = |name: &str| video[name].as_f64();
            number("framesEncoded")
                .zip(number("frameHeight"))
                .ok_or_else(|| {
                    Trouble::new(format!(
                        "connection {connection} sends nothing: {statistics}"
                    ))
                })
        })
        .collect()
}
