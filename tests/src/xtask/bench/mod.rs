//! `cargo xtask bench`: the numbers that Visio holds itself to, measured with release builds of the real programs. Each is
//! taken three times; the table shows all three. Nothing else should run on the machine meanwhile.

mod app;
mod browsers;
mod calls;
mod echo;
mod endurance;
mod film;
mod network;
mod receivers;
mod server;
mod six;
mod table;
mod voice;
mod window;

use std::process::Command;

use visio_tests::trouble::During;
use visio_tests::{Binaries, Result, Trouble, workspace};

use crate::package::{self, Codec};
use crate::packages::Purpose;
use crate::setup;
use table::Row;

/// How often each number is taken.
const TIMES: usize = 3;

/// A part of the bench: its name and what it measures.
type Part = (&'static str, fn(&Binaries) -> Result<Vec<Row>>);

const PARTS: &[Part] = &[
    ("calls", calls::measure),
    ("cpu", receivers::measure),
    ("six", six::measure),
    ("window", window::measure),
    ("voice", voice::measure),
    ("echo", echo::measure),
    ("app", app::measure),
    ("server", server::measure),
];

/// Runs `cargo xtask bench [PART...|all] [--write]`, or one of the long ones by itself.
pub fn command(arguments: &[String]) -> Result<bool> {
    if let Some(("network", rest)) = arguments
        .split_first()
        .map(|(name, rest)| (name.as_str(), rest))
    {
        return network::command(rest);
    }
    if arguments == ["endurance"] {
        return endurance::command();
    }
    let write = arguments.iter().any(|argument| argument == "--write");
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|name| !["--write", "--dev", "all"].contains(&name.as_str()))
        .collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|name| PARTS.iter().all(|(part, _)| part != *name))
    {
        let parts: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
        return Err(Trouble::new(format!(
            "There is no part {unknown}; the parts are {} and all.",
            parts.join(", ")
        )));
    }
    let binaries = binaries(arguments.iter().any(|argument| argument == "--dev"))?;
    let mut rows = Vec::new();
    for (part, measure) in PARTS
        .iter()
        .filter(|(part, _)| wanted.is_empty() || wanted.iter().any(|name| name == part))
    {
        eprintln!("Measuring {part}…");
        rows.extend(measure(&binaries).during(part)?);
    }
    let conditions = conditions("--write")?;
    println!("{}\n{conditions}", table::markdown(&rows));
    if write {
        let path = workspace::root().join("README.md");
        let readme = std::fs::read_to_string(&path)?;
        let readme = table::with_rows(&readme, &rows, &conditions)
            .ok_or_else(|| Trouble::new("README.md has no place for the numbers"))?;
        std::fs::write(&path, readme)?;
    }
    Ok(true)
}

/// The programs to measure: a release build, or with `dev` what was last built for development, for trying the bench.
fn binaries(dev: bool) -> Result<Binaries> {
    setup::ensure(Purpose::Test)?;
    if dev {
        return Ok(Binaries::in_folder(workspace::target().join("debug")));
    }
    package::release(Codec::BuiltIn)?;
    Ok(Binaries::in_folder(workspace::target().join("release")))
}

/// Where and when it was measured, with `cargo xtask bench` and these arguments.
fn conditions(arguments: &str) -> Result<String> {
    let line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(workspace::root())
            .output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .during(program)
    };
    let date = line("date", &["+%Y-%m-%d"])?;
    let commit = line("git", &["rev-parse", "--short", "HEAD"])?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or(": unknown");
    let processor = processor.trim_start_matches([' ', '\t', ':']);
    Ok(format!(
        "Measured on {date} at commit {commit}, {TIMES} times each, on {cores} cores ({processor}), with `cargo xtask bench {arguments}`."
    ))
}

/// Takes a measurement [`TIMES`] times.
fn repeat<T>(mut measure: impl FnMut() -> Result<T>) -> Result<Vec<T>> {
    (0..TIMES).map(|_| measure()).collect()
}
