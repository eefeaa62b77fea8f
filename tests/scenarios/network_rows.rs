//! Calls over links that lose, delay, narrow and vanish: the rows of the network bench that are short and tell most. The
//! others run with `cargo xtask bench network`, side by side with a browser.

use libtest_mimic::Trial;
use visio_tests::rows::{ROWS, Row, visio};
use visio_tests::{Binaries, Need, net};

use crate::scenario::{CALL, Outcome, ensure, scenario_with};

/// The one seed: a scenario that fails fails again.
const SEED: u64 = 1;

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    ROWS.iter()
        .filter(|row| row.every_run)
        .map(|row| {
            let sentence = format!("a call holds ({}): {}", row.name, row.link);
            scenario_with(&sentence, needs(), move || holds(row))
        })
        .collect()
}

/// What a call in a lab needs.
pub fn needs() -> Vec<Need> {
    [net::NEEDS, CALL].concat()
}

fn holds(row: &Row) -> Outcome {
    let measured = visio::run(row, &Binaries::beside_me()?, None, SEED)?;
    let findings: Vec<_> = row
        .limits
        .iter()
        .map(|limit| limit.judge(&measured))
        .collect();
    let told: Vec<String> = findings
        .iter()
        .map(|finding| {
            let mark = if finding.met { "" } else { " (not reached)" };
            format!("{finding}{mark}")
        })
        .collect();
    eprintln!("{}: {}", row.name, told.join("; "));
    ensure(findings.iter().all(|finding| finding.met), || {
        let late = measured.cable_late.as_millis();
        format!(
            "{}; the emulated cable was up to {late} ms late: {:#?}",
            told.join("; "),
            measured.received
        )
    })
}
