//! The real program, started with a data folder, and its commands.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

pub struct Program {
    pub child: Child,
    stdout: BufReader<ChildStdout>,
}

pub fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_visio-server"))
}

impl Program {
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        Self::spawn(command().args(options), data)
    }

    /// Starts it by another program, which ends its own arguments with it.
    pub fn spawn(command: &mut Command, data: &Path) -> Self {
        let mut child = command
            .args(["--log", "debug", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Where it listens, once it does.
    pub fn url(&mut self) -> String {
        let line = self.line();
        line.strip_prefix("listening on ").expect(&line).to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command on a data folder.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    command()
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

/// What a command prints that must succeed.
pub fn printed(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What a command says that must fail: one line.
pub fn complaint(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    assert_eq!(output.stdout, b"");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

pub fn host_code(data: &Path) -> String {
    printed(data, &["host-code"])
}
