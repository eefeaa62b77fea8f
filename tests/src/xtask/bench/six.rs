//! Six people on one machine, each of whom sees and hears the five others: thirty streams each way.

use std::time::Duration;

use visio_tests::{Binaries, Participant, Report, Result, Server, Trouble};

use super::repeat;
use super::table::{Row, Spread};

const PEOPLE: usize = 6;
const STAY: Duration = Duration::from_secs(20);

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let rates = repeat(|| slowest_picture(binaries))?;
    let rates = Spread::of(rates);
    Ok(vec![Row::new(
        "six participants, each with pattern:320x180@15 and a tone",
        "all see and hear all, ≥ 14 fps",
        &format!("the slowest of 30 pictures: {}", rates.shown(1, " fps")),
        rates.min >= 14.0,
    )])
}

/// The lowest frame rate that anyone had of anyone. Fails when somebody did not see or hear somebody.
fn slowest_picture(binaries: &Binaries) -> Result<f64> {
    let server = Server::start(binaries)?;
    let invite = server.invite()?;
    let people = (0..PEOPLE)
        .map(|number| {
            let person = Participant::new(binaries, &invite, &format!("person {number}"))?;
            person
                .camera("pattern:320x180@15")
                .microphone(&format!("tone:{}", 400 + 50 * number))
                .stay(STAY)
                .join()
        })
        .collect::<Result<Vec<_>>>()?;
    let reports = people
        .into_iter()
        .map(|person| person.report())
        .collect::<Result<Vec<_>>>()?;
    let rates = reports.iter().map(rates).collect::<Result<Vec<_>>>()?;
    Ok(rates.into_iter().flatten().fold(f64::INFINITY, f64::min))
}

fn rates(report: &Report) -> Result<Vec<f64>> {
    if report.peers.len() != PEOPLE - 1 {
        return Err(Trouble::new(format!(
            "somebody met {} people",
            report.peers.len()
        )));
    }
    let rate = |peer: &visio_tests::report::Peer| {
        let heard = peer
            .audio
            .as_ref()
            .is_some_and(|audio| audio.tone_hz.is_some());
        peer.video.as_ref().filter(|_| heard).map(|video| video.fps)
    };
    let rates: Option<Vec<f64>> = report.peers.iter().map(rate).collect();
    rates.ok_or_else(|| Trouble::new(format!("somebody was not seen or not heard: {report:?}")))
}
