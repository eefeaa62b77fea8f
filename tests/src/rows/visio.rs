//! A row's call by Visio: real `visio-cli`s, each on its own host.

use std::path::Path;
use std::time::Duration;

use super::play::{Call, play};
use super::{Measured, Received, Row, Second, VIDEO_CEILING};
use crate::net::{Impairment, Meeting, Site};
use crate::report::{PeerMoment, Report};
use crate::{Binaries, Joined, Result, Trouble};

const NAMES: [&str; 3] = ["Camille", "Léa", "Hugo"];

/// What everybody shows: what a browser shows too, from a file.
const SHOW: &str = "pattern:1280x720@30";

/// How long before the last person the others join: people don't join in the same instant.
const EARLIER: Duration = Duration::from_secs(1);

/// Runs `row` once. Everybody speaks with `voice`, a WAV file, or else as a tone. `seed` decides all that the link leaves to
/// chance.
pub fn run(row: &Row, binaries: &Binaries, voice: Option<&Path>, seed: u64) -> Result<Measured> {
    let mut sites = vec![Site::new(Impairment::NONE); row.people];
    sites[row.people - 1] = Site::new(row.start);
    let meeting = Meeting::open(binaries, seed, &sites)?;
    play(row, &meeting.lab, || {
        People::join(&meeting, row.people, voice)
    })
}

/// Everybody in the call, and when each line of theirs appeared.
struct People {
    joined: Vec<Joined>,
    lines: Vec<Vec<f64>>,
}

impl People {
    fn join(meeting: &Meeting, number: usize, voice: Option<&Path>) -> Result<Self> {
        let join = |site: usize| {
            let microphone = match voice {
                Some(file) => format!("file:{}", file.display()),
                None => format!("tone:{}", 440 + 110 * site),
            };
            meeting
                .guest(site, NAMES[site])?
                .camera(SHOW)
                .most_picture(VIDEO_CEILING)
                .microphone(&microphone)
                .join()
        };
        let mut joined = (0..number - 1).map(join).collect::<Result<Vec<_>>>()?;
        std::thread::sleep(EARLIER);
        joined.push(join(number - 1)?);
        Ok(Self {
            joined,
            lines: vec![Vec::new(); number],
        })
    }
}

impl Call for People {
    fn tick(&mut self, at: f64) -> Result<()> {
        for (person, lines) in self.joined.iter_mut().zip(&mut self.lines) {
            if person.process().ended().is_some() {
                return Err(person.process().trouble("left in mid call"));
            }
            let written = person.moments()?.len();
            // What was written before the row began belongs to no time of its clock.
            let at = if lines.is_empty() && written > 1 {
                -1.0
            } else {
                at
            };
            lines.resize(written.max(lines.len()), at);
        }
        Ok(())
    }

    fn end(mut self) -> Result<Vec<Received>> {
        // All at once, so that nobody sees the others leave.
        let moments = self
            .joined
            .iter()
            .map(Joined::moments)
            .collect::<Result<Vec<_>>>()?;
        for person in &mut self.joined {
            person.process().interrupt();
        }
        let mut all = Vec::new();
        for (who, person) in self.joined.into_iter().enumerate() {
            let report = person.report()?;
            for from in (0..NAMES.len()).filter(|from| *from != who) {
                let seconds = self.lines[who].iter().zip(&moments[who]);
                let seconds = seconds.filter_map(|(at, moment)| {
                    let peer = moment.peers.iter().find(|peer| peer.name == NAMES[from])?;
                    Some(second(*at, peer))
                });
                all.extend(received(&report, who, from, seconds.collect()));
            }
        }
        if all.is_empty() {
            return Err(Trouble::new("nobody met anybody"));
        }
        Ok(all)
    }
}

fn second(at: f64, peer: &PeerMoment) -> Second {
    Second {
        at,
        fps: peer.video.fps,
        height: peer.video.height,
        concealed: peer.audio.concealed_ratio,
        heard: peer.audio.bitrate_bps > 0,
        frozen: Duration::from_secs_f64(peer.video.freezes_ms / 1e3),
    }
}

fn received(report: &Report, who: usize, from: usize, seconds: Vec<Second>) -> Option<Received> {
    let peer = report.peer(NAMES[from])?;
    let video = peer.video.as_ref()?;
    Some(Received {
        who,
        from,
        fps: video.fps,
        freezes: video.freeze_count,
        frozen: Duration::from_secs_f64(video.total_freezes_duration_ms / 1e3),
        delay: video
            .pattern
            .as_ref()
            .map(|pattern| (pattern.latency_ms.p50, pattern.latency_ms.p95)),
        concealed: peer
            .audio
            .as_ref()
            .map_or(1.0, |audio| audio.concealed_ratio),
        gap: peer
            .audio
            .as_ref()
            .map(|audio| Duration::from_secs_f64(audio.longest_gap_ms / 1e3)),
        seconds,
    })
}
