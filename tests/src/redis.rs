//! A real redis-server on loopback, with a folder of its own, that can stand still, die and come back.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::need::{Need, find_program};
use crate::{Process, Result, Trouble, ports};

/// What scenarios with it need.
pub const REDIS: Need = Need::Program("redis-server", "redis-server");

/// It is ready within milliseconds; a machine under full load may need longer.
const READY: Duration = Duration::from_secs(15);

/// Between two looks whether it is.
const LOOK: Duration = Duration::from_millis(20);

/// A running Redis. Dropping it ends it and removes what it stored.
pub struct Redis {
    process: Process,
    address: SocketAddr,
    folder: TempDir,
    options: Vec<String>,
}

impl Redis {
    /// Starts one, which lets everybody in.
    pub fn start() -> Result<Self> {
        Self::start_with(Vec::new())
    }

    /// Starts one, which asks for this password.
    pub fn start_locked(password: &str) -> Result<Self> {
        Self::start_with(vec!["--requirepass".to_owned(), password.to_owned()])
    }

    /// Starts one that asks for this password and also encrypts, at the second address, with the certificate and the key in
    /// these files.
    pub fn start_encrypted(
        password: &str,
        certificate: &Path,
        key: &Path,
    ) -> Result<(Self, SocketAddr)> {
        let encrypted = ports::free_address()?;
        let options = [
            "--requirepass".to_owned(),
            password.to_owned(),
            "--tls-port".to_owned(),
            encrypted.port().to_string(),
            "--tls-cert-file".to_owned(),
            certificate.display().to_string(),
            "--tls-key-file".to_owned(),
            key.display().to_string(),
            "--tls-ca-cert-file".to_owned(),
            certificate.display().to_string(),
            "--tls-auth-clients".to_owned(),
            "no".to_owned(),
        ];
        Ok((Self::start_with(options.into())?, encrypted))
    }

    fn start_with(options: Vec<String>) -> Result<Self> {
        let address = ports::free_address()?;
        let folder = tempfile::Builder::new().prefix("visio-redis-").tempdir()?;
        let process = spawn(address, &folder, &options)?;
        Ok(Self {
            process,
            address,
            folder,
            options,
        })
    }

    /// What a server is told of it, where it lets everybody in.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// It stands still: nothing is answered, and every connection stays.
    pub fn pause(&mut self) {
        self.process.pause();
    }

    /// It goes on after [`Self::pause`].
    pub fn resume(&mut self) {
        self.process.resume();
    }

    /// It dies.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// It is back after [`Self::kill`], with what it had stored.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.kill();
        self.process = spawn(self.address, &self.folder, &self.options)?;
        Ok(())
    }

    /// It is back after [`Self::kill`], and has forgotten everything.
    pub fn start_empty(&mut self) -> Result<()> {
        self.process.kill();
        for file in std::fs::read_dir(self.folder.path())? {
            let path = file?.path();
            if path.is_dir() {
                std::fs::remove_dir_all(path)?;
            } else {
                std::fs::remove_file(path)?;
            }
        }
        self.start_again()
    }
}

fn spawn(address: SocketAddr, folder: &TempDir, options: &[String]) -> Result<Process> {
    let program = find_program("redis-server")
        .ok_or_else(|| Trouble::new("redis-server is not installed"))?;
    let mut command = Command::new(program);
    command
        .args(["--bind", "127.0.0.1", "--port"])
        .arg(address.port().to_string())
        .arg("--dir")
        .arg(folder.path())
        // What was answered is in the file, as it is when an owner sets it up so.
        .args(["--save", "", "--appendonly", "yes"])
        .args(options);
    let process = Process::spawn("redis-server", &mut command)?;
    let deadline = Instant::now() + READY;
    while !answers(address) {
        if Instant::now() > deadline {
            return Err(process.trouble("does not answer"));
        }
        std::thread::sleep(LOOK);
    }
    Ok(process)
}

/// Whether it answers, be it with a demand for a password; not while it reads what it had stored.
fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(READY))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG" || &answer == b"-NOAU")
    };
    ask().unwrap_or(false)
}
