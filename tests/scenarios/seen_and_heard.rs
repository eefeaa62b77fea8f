//! What a report must say for one person to have seen and heard another.

use libtest_mimic::Failed;
use visio_tests::report::Peer;
use visio_tests::words::sentence;
use visio_tests::{Joined, Report};

use crate::scenario::{Outcome, ensure};

/// A tone is the right one when it is this near, in Hz: the neighbours in a scenario are at least 50 Hz apart.
const TONE_TOLERANCE_HZ: f64 = 10.0;

/// What `who` tells of the person called `name`.
pub fn peer<'a>(report: &'a Report, who: &str, name: &str) -> Result<&'a Peer, Failed> {
    report
        .peer(name)
        .ok_or_else(|| format!("{who} never met {name}").into())
}

/// They had at least `frames` pictures of the test pattern whose own number could be read.
pub fn saw(report: &Report, who: &str, name: &str, frames: u64) -> Outcome {
    let video = peer(report, who, name)?
        .video
        .as_ref()
        .ok_or_else(|| format!("{who} saw nothing of {name}"))?;
    let decoded = video.frames_decoded;
    ensure(decoded >= frames, || {
        format!("{who} saw {decoded} frames of {name}, less than {frames}")
    })?;
    ensure(video.pattern.is_some(), || {
        format!("{who} could not read the pattern that {name} showed")
    })
}

/// They heard the tone of `hertz`, and no more than a twentieth of it was made up.
pub fn heard(report: &Report, who: &str, name: &str, hertz: f64) -> Outcome {
    let audio = peer(report, who, name)?
        .audio
        .as_ref()
        .ok_or_else(|| format!("{who} heard nothing of {name}"))?;
    let tone = audio.tone_hz.unwrap_or_default();
    ensure((tone - hertz).abs() <= TONE_TOLERANCE_HZ, || {
        format!("{who} heard {tone} Hz of {name}, not {hertz}")
    })?;
    let concealed = audio.concealed_ratio;
    ensure(concealed <= 0.05, || {
        format!("{concealed} of what {who} heard of {name} was made up")
    })
}

/// Two who were in a call all the time leave it: until now neither was told that the other had left, and no picture stood still.
pub fn stayed_together(pair: [(&str, Joined); 2]) -> Result<[Report; 2], Failed> {
    let [(one, _), (other, _)] = &pair;
    let others = [*other, *one];
    for ((who, guest), other) in pair.iter().zip(others) {
        let left = sentence("en", "cli.left", &[("name", other)])?;
        ensure(!guest.said().contains(&left), || {
            format!("{who} was told that {other} had left:\n{}", guest.said())
        })?;
    }
    let [(one, first), (other, second)] = pair;
    let reports = [first.leave()?, second.leave()?];
    for ((who, other), report) in [(one, other), (other, one)].into_iter().zip(&reports) {
        // A busy machine may stumble; a picture that had stopped would have stood still for seconds.
        let video = peer(report, who, other)?.video.as_ref();
        let frozen = video.map_or(f64::MAX, |video| video.total_freezes_duration_ms);
        ensure(frozen < 1000.0, || {
            format!("the picture that {who} had of {other} stood still for {frozen} ms")
        })?;
    }
    Ok(reports)
}
