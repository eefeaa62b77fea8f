//! Reads what test runners print and counts: libtest, libtest-mimic and Node's runner (TAP). Pure: lines in, numbers out.

use std::collections::BTreeMap;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Counts {
    /// One thing that passed, such as a check that has no parts.
    pub const PASS: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    /// One thing that failed.
    pub const FAIL: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    /// One thing that could not run.
    pub const SKIP: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// Whether nothing was counted at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }
}

/// What the lines read so far said.
#[derive(Debug, Default)]
pub struct Tally {
    /// Counts per test program, by the name that cargo gives it; what has no such name stands under "".
    pub groups: BTreeMap<String, Counts>,
    /// The tests that failed, by name.
    pub failures: Vec<String>,
    /// The tests that were skipped, as "name: reason".
    pub skips: Vec<String>,
    group: String,
}

impl Tally {
    /// The sum over all groups.
    pub fn counts(&self) -> Counts {
        self.groups.values().copied().sum()
    }

    /// Takes one line of a runner's output.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(program) = program_being_run(line) {
            self.group = program;
        } else if let Some(test) = line.strip_prefix("test ") {
            self.read_test(test);
        } else if let Some(total) = line.strip_prefix("# ") {
            self.read_tap_total(total);
        } else if let Some(failure) = line.strip_prefix("not ok ") {
            self.failed(failure.split_once(" - ").map_or(failure, |(_, name)| name));
        } else if let Some(failure) = failure_being_told(line) {
            self.failed(failure);
        } else if let Some((test, reason)) = line
            .strip_prefix("ok ")
            .and_then(|test| test.split_once(" # SKIP"))
        {
            let name = test.split_once(" - ").map_or(test, |(_, name)| name);
            self.skips
                .push(format!("{name}: {}", reason_or_none(reason)));
        }
    }

    /// What follows "test ": "NAME ... ok", "NAME ... FAILED", "NAME ... ignored, REASON", or "result: …" with the counts.
    fn read_test(&mut self, test: &str) {
        if let Some(results) = test.strip_prefix("result: ") {
            self.add(Counts {
                passed: number_before(results, " passed"),
                failed: number_before(results, " failed"),
                skipped: number_before(results, " ignored"),
            });
            return;
        }
        let Some((name, outcome)) = test.split_once(" ... ") else {
            return;
        };
        let name = name.trim();
        if outcome.starts_with("FAILED") {
            self.failed(name);
        } else if let Some(reason) = outcome.strip_prefix("ignored") {
            self.skips
                .push(format!("{name}: {}", reason_or_none(reason)));
        }
    }

    /// A runner tells of a failure when it happens and again at the end; what else was printed may hide the first time.
    fn failed(&mut self, name: &str) {
        if !self.failures.iter().any(|failure| failure == name) {
            self.failures.push(name.to_owned());
        }
    }

    fn read_tap_total(&mut self, total: &str) {
        let Some((what, number)) = total.split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse() else { return };
        match what {
            "pass" => self.add(Counts {
                passed: number,
                ..Counts::default()
            }),
            "fail" | "cancelled" => self.add(Counts {
                failed: number,
                ..Counts::default()
            }),
            "skipped" | "todo" => self.add(Counts {
                skipped: number,
                ..Counts::default()
            }),
            _ => {}
        }
    }

    fn add(&mut self, counts: Counts) {
        *self.groups.entry(self.group.clone()).or_default() += counts;
    }
}

/// The crate and target that cargo announces: "Running unittests src/lib.rs (target/debug/deps/visio_engine-0a1b)" is
/// "visio_engine (src/lib.rs)", "Doc-tests visio_engine" is "visio_engine (doc)".
fn program_being_run(line: &str) -> Option<String> {
    if let Some(package) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{package} (doc)"));
    }
    let (source, program) = line.strip_prefix("Running ")?.split_once(" (")?;
    let source = source.strip_prefix("unittests ").unwrap_or(source);
    let file = program.trim_end_matches(')').rsplit(['/', '\\']).next()?;
    let (name, _hash) = file.rsplit_once('-')?;
    Some(format!("{name} ({source})"))
}

/// The name in "---- NAME ----" or "---- NAME stdout ----", with which libtest and libtest-mimic begin a failure's account.
fn failure_being_told(line: &str) -> Option<&str> {
    let name = line.strip_prefix("---- ")?.strip_suffix(" ----")?;
    Some(name.strip_suffix(" stdout").unwrap_or(name))
}

fn reason_or_none(reason: &str) -> &str {
    let reason = reason.trim_start_matches([',', ' ']);
    if reason.is_empty() {
        "no reason given"
    } else {
        reason
    }
}

fn number_before(text: &str, label: &str) -> usize {
    let number = text
        .split(label)
        .next()
        .and_then(|before| before.rsplit(' ').next());
    number.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn libtest_is_counted_for_each_program() {
        let tally = tally(
            "     Running unittests src/lib.rs (target/debug/deps/visio_protocol-0123456789abcdef)\n\
             test invite::a_code_survives_its_round_trip ... ok\n\
             test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             \x20  Doc-tests visio_protocol\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s\n",
        );
        assert_eq!(
            tally.groups["visio_protocol (src/lib.rs)"],
            Counts {
                passed: 12,
                failed: 0,
                skipped: 1
            }
        );
        assert_eq!(
            tally.groups["visio_protocol (doc)"],
            Counts {
                passed: 2,
                failed: 0,
                skipped: 0
            }
        );
        assert_eq!(
            tally.counts(),
            Counts {
                passed: 14,
                failed: 0,
                skipped: 1
            }
        );
    }

    #[test]
    fn a_skipped_test_keeps_its_reason_and_a_failed_one_its_name() {
        let tally = tally(
            "test camera_unplugged ... ignored, needs qemu-system-x86_64: apt-get install qemu-system-x86\n\
             test two_people_hear_each_other ... FAILED\n\
             test result: FAILED. 0 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 3.00s\n",
        );
        assert_eq!(tally.failures, ["two_people_hear_each_other"]);
        assert_eq!(
            tally.skips,
            ["camera_unplugged: needs qemu-system-x86_64: apt-get install qemu-system-x86"]
        );
    }

    #[test]
    fn a_failure_is_named_once_and_also_when_other_output_hid_it() {
        let tally = tally(
            "test a_tone_arrives ... pulseaudio says something\nFAILED\ntest a_picture_arrives ... FAILED\n\
             ---- a_tone_arrives ----\nno tone\n---- a_picture_arrives ----\nno picture\n\
             test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(tally.failures, ["a_picture_arrives", "a_tone_arrives"]);
        assert_eq!(tally.counts().failed, 2);
    }

    #[test]
    fn node_is_counted_by_its_totals() {
        let tally = tally(
            "ok 1 - grid\nnot ok 2 - words\nok 3 - share # SKIP no screen\n# tests 3\n# pass 1\n# fail 1\n# skipped 1\n# duration_ms 80\n",
        );
        assert_eq!(
            tally.counts(),
            Counts {
                passed: 1,
                failed: 1,
                skipped: 1
            }
        );
        assert_eq!(tally.failures, ["words"]);
        assert_eq!(tally.skips, ["share: no screen"]);
    }

    #[test]
    fn what_is_no_result_counts_nothing() {
        assert!(
            tally("Compiling visio-engine\ntest\nRunning late\n# pass many\n")
                .counts()
                .is_empty()
        );
    }
}
