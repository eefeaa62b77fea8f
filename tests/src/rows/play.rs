//! Lets a call run, and its link change meanwhile.

use std::time::{Duration, Instant};

use super::{Change, Measured, Received, Row};
use crate::Result;
use crate::net::{Download, Gauge, Lab, Way};

/// How often a call is looked at, and the script.
const TICK: Duration = Duration::from_millis(50);

/// A call that runs in a lab, however it is made.
pub trait Call {
    /// Looks after it; called often. `at` is the row's clock, in seconds.
    fn tick(&mut self, at: f64) -> Result<()>;
    /// Ends it, and tells what each received of each other.
    fn end(self) -> Result<Vec<Received>>;
}

/// Plays `row` in `lab`, with the call that `join` begins: its last person joins at the row's zero.
pub fn play<C: Call>(row: &Row, lab: &Lab, join: impl FnOnce() -> Result<C>) -> Result<Measured> {
    let place = lab.site(row.people - 1);
    let mut measured = Measured {
        links: vec![(Duration::ZERO, row.start)],
        ..Measured::default()
    };
    let mut call = join()?;
    // From here on: what the machine added while the call was being prepared is no matter.
    place.cable().lateness();
    let gauge = Gauge::start(place.cable());
    let mut script = row.script.iter();
    let mut next = script.next();
    let mut download: Option<(Duration, Download)> = None;
    let mut due = Instant::now();
    while gauge.now() < row.lasts {
        if let Some((at, change)) = next
            && gauge.now() >= *at
        {
            match change {
                Change::Link(link) => {
                    place.cable().set(*link);
                    measured.links.push((gauge.now(), *link));
                }
                Change::Download => {
                    download = Some((gauge.now(), lab.download(row.people - 1)?));
                }
                Change::Address => {
                    place.change_address()?;
                    let link = place.cable().impairment(Way::Down);
                    measured.links.push((gauge.now(), link));
                }
            }
            next = script.next();
        }
        call.tick(gauge.now().as_secs_f64())?;
        due += TICK;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    measured.samples = gauge.samples();
    measured.cable_late = place.cable().lateness();
    measured.download = download.map(|(began, download)| (began, download.received()));
    measured.received = call.end()?;
    Ok(measured)
}
