//! Several runs of a row as one line of the table: the median, and from the lowest to the highest. Pure.

use visio_tests::net::Impairment;
use visio_tests::rows::{Limit, Measured, Row, VIDEO_CEILING};

use super::page::Entry;
use crate::bench::table::Spread;

/// Later than this the cable itself has changed the link noticeably.
const LATE_MS: u128 = 20;

/// The line for `who`.
pub fn entry(row: &Row, who: &str, runs: &[Measured]) -> Entry {
    let spread = |value: fn(&Measured) -> f64| Spread::of(runs.iter().map(value));
    let fps = spread(|run| run.least(|one| one.fps));
    let freezes = spread(|run| run.worst(|one| one.freezes as f64));
    let frozen = spread(|run| run.frozen_share() * 100.0);
    let p50 = spread(|run| run.worst(|one| one.delay.map_or(f64::INFINITY, |delay| delay.0)));
    let p95 = spread(|run| run.worst(|one| one.delay.map_or(f64::INFINITY, |delay| delay.1)));
    let concealed = spread(|run| run.worst(|one| one.concealed) * 100.0);
    let cells = vec![
        row.link.to_owned(),
        who.to_owned(),
        shown(fps, 1, ""),
        format!("{}; {}", shown(freezes, 0, ""), shown(frozen, 1, " %")),
        format!("{} / {}", shown(p50, 0, " ms"), shown(p95, 0, " ms")),
        shown(concealed, 1, " %"),
        stages(row, runs, used),
        stages(row, runs, settled),
        reached(row, runs),
    ];
    Entry { cells }
}

/// One run in one line, for whoever watches.
pub fn told(row: &Row, run: &Measured) -> String {
    let fps = run.least(|one| one.fps);
    let findings = row.limits.iter().map(|limit| {
        let finding = limit.judge(run);
        let mark = if finding.met { "" } else { " (not reached)" };
        format!("{finding}{mark}")
    });
    let findings: Vec<String> = findings.collect();
    let late = match run.cable_late.as_millis() {
        late if late > LATE_MS => format!("; the machine was busy, the cable up to {late} ms late"),
        _ => String::new(),
    };
    format!("{fps:.1} fps; {}{late}", findings.join("; "))
}

fn shown(spread: Spread, digits: usize, unit: &str) -> String {
    if spread.median.is_infinite() {
        return "never".to_owned();
    }
    let Spread { min, median, max } = spread;
    let max = if max.is_infinite() {
        "never".to_owned()
    } else {
        format!("{max:.digits$}")
    };
    let (min, median) = (format!("{min:.digits$}"), format!("{median:.digits$}"));
    if min == max {
        format!("{median}{unit}")
    } else {
        format!("{median}{unit} ({min} to {max})")
    }
}

/// What `cell` says of each stage of the link: from one change to the next.
fn stages(row: &Row, runs: &[Measured], cell: impl Fn(&[Measured], usize) -> String) -> String {
    let number = runs.iter().map(|run| run.links.len()).min().unwrap_or(0);
    // Where nothing passes, nothing is used and nothing settles.
    let live = (0..number).filter(|stage| !runs[0].links[*stage].1.cut);
    let cells: Vec<String> = live.map(|stage| cell(runs, stage)).collect();
    // Three people share the link that one of them has; how it settles tells little.
    if row.people > 2 && cells.len() > 1 {
        return String::new();
    }
    cells.join("; then ")
}

/// When a stage's link was used, and where it has room for the whole picture, when that was there.
fn settled(runs: &[Measured], stage: usize) -> String {
    let after = |value: &dyn Fn(&Measured) -> Option<f64>| {
        let seconds = runs.iter().map(|run| value(run).unwrap_or(f64::INFINITY));
        shown(Spread::of(seconds), 1, " s")
    };
    let used = after(&|run| run.settled(stage));
    let has_room = runs[0].links[stage]
        .1
        .rate
        .is_none_or(|rate| rate >= VIDEO_CEILING);
    if has_room {
        format!("{used}, 720p {}", after(&|run| run.high(stage, 720)))
    } else {
        used
    }
}

/// The mean of both ways in a stage, from the moment at which it might have settled.
fn used(runs: &[Measured], stage: usize) -> String {
    let link: Impairment = runs[0].links[stage].1;
    let kbits = runs.iter().map(|run| {
        let begins = run.links[stage].0.as_secs_f64();
        let ends = run
            .links
            .get(stage + 1)
            .map_or(f64::INFINITY, |(at, _)| at.as_secs_f64());
        let (up, down) = run.rate(begins + 5.0_f64.min((ends - begins) / 2.0), ends);
        (up + down) / 2e3
    });
    let had = link
        .rate
        .map_or_else(|| "no limit".to_owned(), |rate| (rate / 1000).to_string());
    format!("{} of {had} kbit/s", shown(Spread::of(kbits), 0, ""))
}

/// Each limit with what was measured in the worst run.
fn reached(row: &Row, runs: &[Measured]) -> String {
    let worst = |limit: &Limit| {
        let findings = runs.iter().map(|run| limit.judge(run));
        findings
            .max_by(|one, other| one.excess().total_cmp(&other.excess()))
            .map_or_else(String::new, |finding| {
                let mark = if finding.met {
                    ""
                } else {
                    " **(not reached)**"
                };
                format!("{finding}{mark}")
            })
    };
    let all: Vec<String> = row.limits.iter().map(worst).collect();
    all.join("; ")
}
