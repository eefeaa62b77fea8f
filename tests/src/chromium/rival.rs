//! A row's call by Chromium: one browser on each host.

use super::peers::{Media, Peers};
use super::statistics::Timeline;
use crate::Result;
use crate::net::{Impairment, Lab, Site};
use crate::rows::{Call, Measured, Received, Row, play};

/// How often the statistics are read, seconds: as often as Visio writes its own.
const EVERY: f64 = 1.0;

/// Runs `row` once. `seed` decides all that the link leaves to chance.
pub fn run(row: &Row, media: &Media, seed: u64) -> Result<Measured> {
    let mut sites = vec![Site::new(Impairment::NONE); row.people];
    sites[row.people - 1] = Site::new(row.start);
    let lab = Lab::build(seed, &sites)?;
    let hosts: Vec<_> = (0..row.people)
        .map(|site| Some(lab.site(site).host()))
        .collect();
    let mut pages = Peers::open(&hosts, row.people, media)?;
    play(row, &lab, || {
        for from in 0..row.people {
            for to in from + 1..row.people {
                pages.connect(from, to, 0)?;
            }
        }
        let pairs = (0..row.people).flat_map(|who| (0..row.people).map(move |from| (who, from)));
        let timelines = pairs
            .filter(|(who, from)| who != from)
            .map(|(who, from)| (who, from, Timeline::default()))
            .collect();
        Ok(Pages {
            pages,
            timelines,
            read: -EVERY,
        })
    })
}

struct Pages {
    pages: Peers,
    timelines: Vec<(usize, usize, Timeline)>,
    read: f64,
}

impl Call for Pages {
    fn tick(&mut self, at: f64) -> Result<()> {
        self.pages.carry()?;
        if at - self.read >= EVERY {
            self.read = at;
            for (who, from, timeline) in &mut self.timelines {
                let receiver = self.pages.statistics(*who, *from, 0)?;
                let sender = self.pages.statistics(*from, *who, 0)?;
                timeline.add(at, receiver, sender);
            }
        }
        Ok(())
    }

    fn end(self) -> Result<Vec<Received>> {
        let received =
            |(who, from, timeline): &(usize, usize, Timeline)| timeline.received(*who, *from);
        Ok(self.timelines.iter().map(received).collect())
    }
}
