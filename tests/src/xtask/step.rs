//! One step of `cargo xtask test`: a program whose output is shown as it comes, counted, and timed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use visio_tests::Result;
use visio_tests::trouble::During;

use crate::tally::{Counts, Tally};

/// How a step went.
#[derive(Debug)]
pub struct Outcome {
    /// The step's name, as the closing table shows it.
    pub name: String,
    /// What it counted.
    pub counts: Counts,
    /// What failed or was skipped within it, each in one line.
    pub notes: Vec<String>,
    /// Rows below it in the table: the counts per test program.
    pub parts: Vec<(String, Counts)>,
    /// Wall time.
    pub took: Duration,
}

impl Outcome {
    /// A step that could not run, and why.
    pub fn skipped(name: &str, reason: &str) -> Self {
        println!("{name}: skipped, {reason}");
        Self::simple(
            name,
            Counts::SKIP,
            vec![format!("skipped  {name}: {reason}")],
            Duration::ZERO,
        )
    }

    /// A step that is one check: failed if there are `problems`.
    pub fn of_check(name: &str, problems: &[String], took: Duration) -> Self {
        problems
            .iter()
            .for_each(|problem| println!("{name} │ {problem}"));
        let counts = if problems.is_empty() {
            Counts::PASS
        } else {
            Counts::FAIL
        };
        let notes = problems
            .iter()
            .map(|problem| format!("failed   {name}: {problem}"))
            .collect();
        Self::simple(name, counts, notes, took)
    }

    fn simple(name: &str, counts: Counts, notes: Vec<String>, took: Duration) -> Self {
        Self {
            name: name.to_owned(),
            counts,
            notes,
            parts: Vec::new(),
            took,
        }
    }
}

/// Whether a step's program reports tests of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It passes or fails as a whole.
    Check,
    /// It prints results that are counted one by one; printing none is a failure.
    Tests,
}

/// Runs `command` and shows each line behind the step's name. After `limit` the program and its children are ended.
pub fn run(name: &str, kind: Kind, command: &mut Command, limit: Duration) -> Outcome {
    println!("\n{name}: {}", shown(command));
    let started = Instant::now();
    let mut tally = Tally::default();
    let ended = stream(command, limit, |line| {
        println!("{name} │ {line}");
        tally.read(line);
    });
    let took = started.elapsed();
    let problem = match &ended {
        Ok(Some(status)) if status.success() => None,
        Ok(Some(status)) => Some(format!("ended with {status}")),
        Ok(None) => Some(format!("was stopped after {} min", limit.as_secs() / 60)),
        Err(trouble) => Some(trouble.to_string()),
    };
    let outcome = match kind {
        Kind::Check => Outcome::of_check(name, problem.as_slice(), took),
        Kind::Tests => of_tests(name, &tally, problem, took),
    };
    println!("{name}: {:.1} s", took.as_secs_f64());
    outcome
}

fn of_tests(name: &str, tally: &Tally, problem: Option<String>, took: Duration) -> Outcome {
    let mut counts = tally.counts();
    let mut notes: Vec<String> = tally
        .failures
        .iter()
        .map(|test| format!("failed   {name}: {test}"))
        .collect();
    notes.extend(
        tally
            .skips
            .iter()
            .map(|test| format!("skipped  {name}: {test}")),
    );
    let unexplained = problem.filter(|_| counts.failed == 0);
    if let Some(problem) =
        unexplained.or_else(|| counts.is_empty().then(|| "ran no test".to_owned()))
    {
        counts += Counts::FAIL;
        notes.push(format!("failed   {name}: {problem}"));
    }
    let parts = tally.groups.iter().filter(|(group, _)| !group.is_empty());
    let parts = parts
        .map(|(group, counts)| (group.clone(), *counts))
        .collect();
    Outcome {
        name: name.to_owned(),
        counts,
        notes,
        parts,
        took,
    }
}

/// Runs `command` with both of its streams joined, so that their order is kept, and hands over each line.
/// `None` when it was ended because `limit` had passed.
fn stream(
    command: &mut Command,
    limit: Duration,
    mut each: impl FnMut(&str),
) -> Result<Option<ExitStatus>> {
    let (reader, writer) = std::io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command
        .spawn()
        .during(format_args!("starting {}", shown(command)))?;
    // The command keeps the pipe's writing end, without which the reader would never see its end.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    // Bounded: a program that prints faster than we can show waits, as on a terminal.
    let (sender, lines) = mpsc::sync_channel(64);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let deadline = Instant::now() + limit;
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => each(&line),
            Err(RecvTimeoutError::Disconnected) => return Ok(Some(child.wait()?)),
            Err(RecvTimeoutError::Timeout) => {
                end_with_children(&mut child);
                return Ok(None);
            }
        }
    }
}

/// Ends the child and all that descends from it: killing cargo alone would leave the test that hangs.
fn end_with_children(child: &mut Child) {
    for descendant in descendants(child.id()) {
        let _ = Command::new("kill")
            .args(["-KILL", &descendant.to_string()])
            .status();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The process ids below `parent`, where the system lists them in `/proc` (Linux); elsewhere none.
fn descendants(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let listings =
        tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = listings
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    children
        .iter()
        .flat_map(|&child| std::iter::once(child).chain(descendants(child)))
        .collect()
}

/// The command as one would type it: the program without its folder.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn shell(kind: Kind, script: &str, limit: Duration) -> Outcome {
        run("step", kind, Command::new("sh").args(["-c", script]), limit)
    }

    #[test]
    fn a_check_that_exits_with_zero_is_one_thing_that_passed() {
        assert_eq!(shell(Kind::Check, "true", MINUTE).counts, Counts::PASS);
        assert_eq!(shell(Kind::Check, "exit 2", MINUTE).counts, Counts::FAIL);
    }

    #[test]
    fn a_test_program_that_ran_nothing_has_failed() {
        let outcome = shell(Kind::Tests, "echo nothing to do", MINUTE);
        assert_eq!(outcome.counts, Counts::FAIL);
        assert!(outcome.notes[0].ends_with("ran no test"));
    }

    #[test]
    fn a_test_program_that_crashed_after_its_last_result_has_failed() {
        let outcome = shell(
            Kind::Tests,
            "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'; exit 101",
            MINUTE,
        );
        assert_eq!(
            outcome.counts,
            Counts {
                passed: 3,
                failed: 1,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_step_that_hangs_is_ended_with_its_children() {
        let started = Instant::now();
        let outcome = shell(
            Kind::Check,
            "sleep 600 & sleep 600; true",
            Duration::from_millis(300),
        );
        assert_eq!(outcome.counts, Counts::FAIL);
        assert!(started.elapsed() < MINUTE);
    }
}
