//! `cargo xtask test`: every check and every test, one after the other, whatever fails on the way; at the end a table,
//! every failure and every skip by name, and the counts.

use std::process::Command;
use std::time::{Duration, Instant};

use visio_tests::need::find_program;
use visio_tests::trouble::During;
use visio_tests::{Result, Trouble, workspace};

use crate::packages::Purpose;
use crate::step::{self, Kind, Outcome};
use crate::tally::Counts;
use crate::{setup, structure};

/// A cold build of everything takes about ten minutes on two cores; a machine under load may need thrice that.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
/// No test runs for minutes; what does not end within this hangs.
const TEST_LIMIT: Duration = Duration::from_secs(20 * 60);

/// The test program that the last step runs by itself.
const SCENARIOS: &str = "scenarios";

/// What package.json asks for.
const NODE_VERSION: u32 = 20;

/// A step: its name and what it does.
type Step = (&'static str, fn(&str) -> Outcome);

/// Every step, in order: what is quick and tells most comes first, what needs the built programs comes last.
const STEPS: &[Step] = &[
    ("setup", set_up),
    ("structure", structure),
    ("fmt", |name| {
        cargo(name, Kind::Check, &["fmt", "--all", "--check"])
    }),
    ("ui", ui),
    ("clippy", |name| {
        cargo(
            name,
            Kind::Check,
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
        )
    }),
    ("build", |name| {
        cargo(
            name,
            Kind::Check,
            &["build", "--workspace", "--all-targets", "--locked"],
        )
    }),
    ("unit", unit),
    ("doc", doc),
    ("doctest", |name| {
        cargo(
            name,
            Kind::Check,
            &["test", "--workspace", "--doc", "--locked"],
        )
    }),
    ("scenarios", |name| {
        cargo(
            name,
            Kind::Tests,
            &["test", "--workspace", "--locked", "--test", SCENARIOS],
        )
    }),
];

/// Runs `cargo xtask test [STEP...]`. `Ok(false)` when anything failed.
pub fn command(arguments: &[String]) -> Result<bool> {
    if arguments.iter().any(|argument| argument == "--list") {
        STEPS.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(true);
    }
    if let Some(unknown) = arguments
        .iter()
        .find(|argument| STEPS.iter().all(|(name, _)| name != argument))
    {
        return Err(Trouble::new(format!(
            "There is no step {unknown}; `cargo xtask test --list` names them."
        )));
    }
    let chosen = STEPS
        .iter()
        .filter(|(name, _)| arguments.is_empty() || arguments.iter().any(|wanted| wanted == name));
    let outcomes: Vec<Outcome> = chosen.map(|(name, run)| run(name)).collect();
    Ok(report(&outcomes))
}

fn set_up(name: &str) -> Outcome {
    let started = Instant::now();
    let problem = setup::ensure(Purpose::Test)
        .err()
        .map(|trouble| trouble.to_string());
    Outcome::of_check(name, problem.as_slice(), started.elapsed())
}

fn structure(name: &str) -> Outcome {
    let started = Instant::now();
    let problems = structure::problems().unwrap_or_else(|trouble| vec![trouble.to_string()]);
    Outcome::of_check(name, &problems, started.elapsed())
}

fn cargo(name: &str, kind: Kind, arguments: &[&str]) -> Outcome {
    let limit = if arguments[0] == "test" {
        TEST_LIMIT
    } else {
        BUILD_LIMIT
    };
    step::run(
        name,
        kind,
        workspace::cargo()
            .args(arguments)
            .env("CARGO_TERM_COLOR", "never"),
        limit,
    )
}

/// Every test but the scenarios. They are named one by one rather than by leaving this crate out, because cargo would
/// then choose other features for the dependencies and build them all a second time.
fn unit(name: &str) -> Outcome {
    let tests = match integration_tests() {
        Ok(tests) => tests,
        Err(trouble) => return Outcome::of_check(name, &[trouble.to_string()], Duration::ZERO),
    };
    let mut arguments = vec![
        "test",
        "--workspace",
        "--locked",
        "--no-fail-fast",
        "--lib",
        "--bins",
    ];
    arguments.extend(
        tests
            .iter()
            .filter(|test| *test != SCENARIOS)
            .flat_map(|test| ["--test", test.as_str()]),
    );
    cargo(name, Kind::Tests, &arguments)
}

/// The names of the workspace's integration tests.
fn integration_tests() -> Result<Vec<String>> {
    let output = workspace::cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).during("reading cargo's metadata")?;
    let list =
        |value: &serde_json::Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let targets = list(&metadata, "packages")
        .into_iter()
        .flat_map(|package| list(&package, "targets"));
    let tests = targets.filter(|target| list(target, "kind").iter().any(|kind| kind == "test"));
    Ok(tests
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect())
}

/// The documentation builds without a warning.
fn doc(name: &str) -> Outcome {
    let mut command = workspace::cargo();
    command.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--locked",
    ]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    step::run(name, Kind::Check, &mut command, BUILD_LIMIT)
}

/// The UI's own checks, `npm test`: its types, its units, and how it looks and behaves in a browser.
fn ui(name: &str) -> Outcome {
    match node_major_version() {
        None => return Outcome::skipped(name, "needs Node.js: cargo xtask setup test"),
        Some(version) if version < NODE_VERSION => {
            let reason =
                format!("needs Node.js {NODE_VERSION} or later, this is {version}: see nodejs.org");
            return Outcome::skipped(name, &reason);
        }
        Some(_) => {}
    }
    // Only what package-lock.json names is installed, and only when it is not there yet.
    let script = "cmp -s package-lock.json node_modules/.visio-lock.json \
        || { npm ci --no-audit --no-fund && cp package-lock.json node_modules/.visio-lock.json; } && npm test";
    let mut command = Command::new("sh");
    // The one format of Node's runner that is the same on a terminal and off it, in every version.
    command
        .args(["-c", script])
        .env("NODE_OPTIONS", "--test-reporter=tap")
        .current_dir(workspace::root());
    step::run(name, Kind::Tests, &mut command, TEST_LIMIT)
}

fn node_major_version() -> Option<u32> {
    find_program("npm")?;
    let output = Command::new("node").arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// Prints the closing table, and says whether all is well: nothing failed, and something ran.
fn report(outcomes: &[Outcome]) -> bool {
    println!(
        "\n{:<44} {:>7} {:>7} {:>8} {:>8}",
        "step", "passed", "failed", "skipped", "seconds"
    );
    for outcome in outcomes {
        let seconds = format!("{:.1}", outcome.took.as_secs_f64());
        print_row(&outcome.name, outcome.counts, &seconds);
        for (part, counts) in &outcome.parts {
            print_row(&format!("  {part}"), *counts, "");
        }
    }
    let notes: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.notes).collect();
    if !notes.is_empty() {
        println!();
        notes.iter().for_each(|note| println!("{note}"));
    }
    let total: Counts = outcomes.iter().map(|outcome| outcome.counts).sum();
    println!(
        "\n{} passed, {} failed, {} skipped",
        total.passed, total.failed, total.skipped
    );
    total.failed == 0 && total.passed > 0
}

fn print_row(name: &str, counts: Counts, seconds: &str) {
    println!(
        "{name:<44} {:>7} {:>7} {:>8} {seconds:>8}",
        counts.passed, counts.failed, counts.skipped
    );
}
