//! A real `visio-server` on loopback, with a data folder of its own, that can die and come back.

use std::net::SocketAddr;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Binaries, Process, Result, ports};

/// The server is ready within milliseconds; a machine under full load may need longer.
const READY: Duration = Duration::from_secs(15);

/// What it prints when it is ready, on a line with its address.
const LISTENS: &str = "listening on ";

/// A running server. Dropping it ends the server and removes its data.
pub struct Server {
    process: Process,
    binaries: Binaries,
    address: SocketAddr,
    data: TempDir,
    /// Options besides where to listen and where its data is.
    options: Vec<String>,
    /// What it said of where it is found.
    url: String,
}

impl Server {
    /// Starts a server on a free port of loopback, with an empty data folder, and waits until it answers.
    pub fn start(binaries: &Binaries) -> Result<Self> {
        Self::start_at(binaries, ports::free_address()?)
    }

    /// As [`Self::start`], at `address` of the host that `binaries` run on.
    pub fn start_at(binaries: &Binaries, address: SocketAddr) -> Result<Self> {
        Self::start_with(binaries, address, Vec::new())
    }

    /// As [`Self::start_at`], with more options.
    pub fn start_with(
        binaries: &Binaries,
        address: SocketAddr,
        options: Vec<String>,
    ) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("visio-server-").tempdir()?;
        let (process, url) = spawn(binaries, address, &data, &options)?;
        Ok(Self {
            process,
            url,
            binaries: binaries.clone(),
            address,
            data,
            options,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a client is told it.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The process, for whoever watches what it uses.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The code that allows creating rooms, as its operator would read it.
    pub fn host_code(&self) -> Result<String> {
        let mut process = self.own(&["host-code"])?;
        process.succeed(READY)?;
        Ok(process.stdout().trim().to_owned())
    }

    /// A command of its owner's, about its data folder.
    pub fn own(&self, arguments: &[&str]) -> Result<Process> {
        let mut command = self.binaries.command("visio-server")?;
        command.args(arguments).arg("--data").arg(self.data.path());
        Process::spawn("visio-server as its owner", &mut command)
    }

    /// What its owner is told by a command, such as `rooms list`.
    pub fn command(&self, words: &[&str]) -> Result<String> {
        let mut process = self.own(words)?;
        process.succeed(READY)?;
        Ok(process.stdout())
    }

    /// A new room's invite link, made with `visio-cli invite`.
    pub fn invite(&self) -> Result<String> {
        self.invite_through(&self.url())
    }

    /// As [`Self::invite`], for people who reach this server under another address.
    pub fn invite_through(&self, url: &str) -> Result<String> {
        let host_code = self.host_code()?;
        let mut command = self.binaries.command("visio-cli")?;
        command.args(["invite", "--server", url, "--host-code", &host_code]);
        let mut process = Process::spawn("visio-cli invite", &mut command)?;
        process.succeed(READY)?;
        Ok(process.stdout().trim().to_owned())
    }

    /// Ends it with SIGKILL, as a crash or a power cut would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again at the same address on the same data, and waits until it answers.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.kill();
        (self.process, self.url) = spawn(&self.binaries, self.address, &self.data, &self.options)?;
        Ok(())
    }

    /// What it logged since it was last started.
    pub fn log(&self) -> String {
        format!("{}\n{}", self.process.stdout(), self.process.stderr())
    }
}

fn spawn(
    binaries: &Binaries,
    address: SocketAddr,
    data: &TempDir,
    options: &[String],
) -> Result<(Process, String)> {
    let mut command = binaries.command("visio-server")?;
    command
        .arg("--listen")
        .arg(address.to_string())
        .arg("--data")
        .arg(data.path())
        .args(options);
    let process = Process::spawn("visio-server", &mut command)?;
    let said = process.wait_for_output(|line| line.starts_with(LISTENS), READY)?;
    let url = said.trim_start_matches(LISTENS).trim().to_owned();
    Ok((process, url))
}
