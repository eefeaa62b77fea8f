//! The server's example `crowd`: it plays thousands of clients of one server, and says what it found.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::de::DeserializeOwned;
use visio_tests::trouble::During;
use visio_tests::{Binaries, Process, Result, Trouble, workspace};

/// Longer than any of its commands takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// The program.
pub struct Crowd(PathBuf);

impl Crowd {
    /// Builds it as the programs were built: in their profile, with their features.
    pub fn build(binaries: &Binaries) -> Result<Self> {
        let folder = binaries.folder();
        let release = folder.ends_with("release");
        let status = workspace::cargo()
            .args(["build", "--workspace", "--example", "crowd", "--locked"])
            .args(release.then_some("--release"))
            .status()?;
        if !status.success() {
            return Err(Trouble::new("the example crowd was not built"));
        }
        let name = format!("crowd{}", std::env::consts::EXE_SUFFIX);
        Ok(Self(folder.join("examples").join(name)))
    }

    /// What it found with these words.
    pub fn ask<T: DeserializeOwned>(&self, words: &[&str]) -> Result<T> {
        let mut command = Command::new(&self.0);
        let mut process = Process::spawn("the crowd", command.args(words))?;
        process.succeed(PATIENCE)?;
        serde_json::from_str(process.stdout().trim()).during("what the crowd found")
    }

    /// The program at work with these words, and what it found, which it has said while it goes on.
    pub fn at_work<T: DeserializeOwned>(&self, words: &[&str]) -> Result<(Process, T)> {
        let mut command = Command::new(&self.0);
        let process = Process::spawn("the crowd", command.args(words))?;
        let said = process.wait_for_output(|line| line.starts_with('{'), PATIENCE)?;
        let found = serde_json::from_str(&said).during("what the crowd found")?;
        Ok((process, found))
    }

    /// Writes a certificate for `host` and its key into `folder`, and says where.
    pub fn certificate(&self, folder: &Path, host: &str) -> Result<[PathBuf; 2]> {
        let files = ["certificate.pem", "key.pem"].map(|name| folder.join(name));
        let mut command = Command::new(&self.0);
        command.arg("certificate").arg(host).args(&files);
        Process::spawn("the crowd", &mut command)?.succeed(PATIENCE)?;
        Ok(files)
    }
}
