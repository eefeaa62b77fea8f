//! A child process with what it said, ended when its guard goes.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::trouble::During;
use crate::{Result, Trouble};

/// The newest lines that are kept of each stream; older ones are dropped, so that a chatty child costs bounded memory.
const KEPT_LINES: usize = 4000;

/// How often a process is asked whether it has ended; no event source for that is in the standard library.
const EXIT_POLL: Duration = Duration::from_millis(10);

/// How long a process may take to end after a polite signal, before the guard kills it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running child. Dropping it ends this child, by its id, and no other process.
pub struct Process {
    name: String,
    child: Child,
    stdout: Arc<Lines>,
    stderr: Arc<Lines>,
}

/// What one stream of the child said so far.
#[derive(Default)]
struct Lines {
    state: Mutex<LineState>,
    changed: Condvar,
}

#[derive(Default)]
struct LineState {
    lines: VecDeque<String>,
    ended: bool,
}

impl Process {
    /// Starts `command` without standard input, and reads both of its streams from now on. `name` is used in messages.
    pub fn spawn(name: impl Into<String>, command: &mut Command) -> Result<Self> {
        let name = name.into();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .during(format_args!("starting {name}"))?;
        let stdout = child.stdout.take().map(Lines::read);
        let stderr = child.stderr.take().map(Lines::read);
        Ok(Self {
            name,
            child,
            stdout: stdout.unwrap_or_default(),
            stderr: stderr.unwrap_or_default(),
        })
    }

    /// Starts `command` and leaves its input and output to the caller; only its standard error is read.
    pub fn spawn_to_talk(
        name: impl Into<String>,
        command: &mut Command,
    ) -> Result<(Self, ChildStdin, ChildStdout)> {
        let name = name.into();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .during(format_args!("starting {name}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Trouble::new(format!("{name} has no pipes")));
        };
        let stderr = child.stderr.take().map(Lines::read);
        let process = Self {
            name,
            child,
            stdout: Arc::default(),
            stderr: stderr.unwrap_or_default(),
        };
        Ok((process, input, output))
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The name given at the start.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits until a line on standard error satisfies `wanted`; lines said before the call count too.
    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool, within: Duration) -> Result<String> {
        self.stderr
            .wait_for(wanted, within)
            .ok_or_else(|| self.trouble("did not say what was awaited"))
    }

    /// As [`Self::wait_for`], on standard output.
    pub fn wait_for_output(
        &self,
        wanted: impl Fn(&str) -> bool,
        within: Duration,
    ) -> Result<String> {
        self.stdout
            .wait_for(wanted, within)
            .ok_or_else(|| self.trouble("did not print what was awaited"))
    }

    /// Standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// The status with which it ended, or `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end, which must come within `within`; afterwards both streams have been read to theirs.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.ended() {
                self.stdout.wait_for_end(PATIENCE);
                self.stderr.wait_for_end(PATIENCE);
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(self.trouble(&format!("had not ended after {within:?}")));
            }
            std::thread::sleep(EXIT_POLL);
        }
    }

    /// As [`Self::wait`], and an exit status other than 0 is an error.
    pub fn succeed(&mut self, within: Duration) -> Result<()> {
        let status = self.wait(within)?;
        if status.success() {
            Ok(())
        } else {
            Err(self.trouble(&format!("ended with {status}")))
        }
    }

    /// Asks it to end as Ctrl-C would.
    pub fn interrupt(&mut self) {
        self.signal("INT");
    }

    /// Asks it to end as the system does when it shuts down.
    pub fn terminate(&mut self) {
        self.signal("TERM");
    }

    /// Holds it as a sleeping computer would (SIGSTOP): it runs no more, and its connections stay open.
    pub fn pause(&mut self) {
        self.signal("STOP");
    }

    /// Lets it run on after [`Self::pause`].
    pub fn resume(&mut self) {
        self.signal("CONT");
    }

    /// Ends it without giving it a chance to say anything (SIGKILL), and waits until it is gone.
    pub fn kill(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// An error about this process that ends with the last lines it said.
    pub fn trouble(&self, what: &str) -> Trouble {
        let said = self.stderr();
        let tail: Vec<&str> = said.lines().rev().take(15).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        Trouble::new(format!(
            "{} {what}. It last said:\n{}",
            self.name,
            tail.join("\n")
        ))
    }

    /// Signals this child alone. Sent through `kill`, for which the standard library has no call.
    fn signal(&mut self, signal: &str) {
        if self.ended().is_none() {
            let _ = Command::new("kill")
                .args([&format!("-{signal}"), &self.id().to_string()])
                .status();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended().is_some() {
            return;
        }
        self.terminate();
        let deadline = Instant::now() + PATIENCE;
        while self.ended().is_none() && Instant::now() < deadline {
            std::thread::sleep(EXIT_POLL);
        }
        self.kill();
    }
}

impl Lines {
    fn read(stream: impl Read + Send + 'static) -> Arc<Self> {
        let lines = Arc::new(Self::default());
        let writer = Arc::clone(&lines);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut bytes = Vec::new();
            while reader
                .read_until(b'\n', &mut bytes)
                .is_ok_and(|read| read > 0)
            {
                let line = String::from_utf8_lossy(&bytes)
                    .trim_end_matches(['\r', '\n'])
                    .to_owned();
                bytes.clear();
                let mut state = writer.state();
                if state.lines.len() == KEPT_LINES {
                    state.lines.pop_front();
                }
                state.lines.push_back(line);
                writer.changed.notify_all();
            }
            writer.state().ended = true;
            writer.changed.notify_all();
        });
        lines
    }

    fn state(&self) -> MutexGuard<'_, LineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for(&self, wanted: impl Fn(&str) -> bool, within: Duration) -> Option<String> {
        let find = |state: &LineState| state.lines.iter().find(|line| wanted(line)).cloned();
        let (state, _) = self
            .changed
            .wait_timeout_while(self.state(), within, |state| {
                find(state).is_none() && !state.ended
            })
            .unwrap_or_else(PoisonError::into_inner);
        find(&state)
    }

    fn wait_for_end(&self, within: Duration) {
        let waited = self
            .changed
            .wait_timeout_while(self.state(), within, |state| !state.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn text(&self) -> String {
        let state = self.state();
        state
            .lines
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::spawn("shell", Command::new("sh").args(["-c", script])).expect("sh starts")
    }

    #[test]
    fn a_line_that_was_said_is_found() {
        let process = shell("echo one >&2; echo two >&2; exec sleep 60");
        let line = process.wait_for(|line| line.contains("two"), Duration::from_secs(10));
        assert_eq!(line.expect("the line comes"), "two");
    }

    #[test]
    fn waiting_ends_when_the_process_does() {
        let process = shell("echo only this >&2");
        let missing = process.wait_for(|line| line == "something else", Duration::from_secs(60));
        assert!(
            missing
                .expect_err("it never comes")
                .to_string()
                .contains("only this")
        );
    }

    #[test]
    fn a_failure_quotes_what_was_said_last() {
        let trouble = shell("echo the reason >&2; exit 3")
            .succeed(Duration::from_secs(10))
            .expect_err("exit 3");
        assert!(trouble.to_string().contains("the reason"), "{trouble}");
    }

    #[test]
    fn dropping_the_guard_ends_the_child() {
        let process = shell("exec sleep 60");
        let folder = std::path::PathBuf::from(format!("/proc/{}", process.id()));
        let had_one = folder.exists();
        drop(process);
        assert!(!had_one || !folder.exists());
    }
}
