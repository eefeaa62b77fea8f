//! Visio's own programs as cargo built them, to be run as a user would run them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::net::{self, Namespace};
use crate::{Result, Trouble};

/// A folder that holds `visio-server`, `visio-cli` and `visio`, built together.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    /// The network namespace to run them in.
    network: Option<String>,
    /// A file with certificates that they trust, in place of those that this machine trusts.
    trusted: Option<PathBuf>,
}

impl Binaries {
    /// Those of the build that the running program belongs to: a test lies in `target/PROFILE/deps`, xtask one above.
    pub fn beside_me() -> Result<Self> {
        let me = std::env::current_exe()?;
        let folder = me
            .parent()
            .ok_or_else(|| Trouble::new("this program lies in no folder"))?;
        let folder = if folder.ends_with("deps") {
            folder.parent().unwrap_or(folder)
        } else {
            folder
        };
        Ok(Self::in_folder(folder))
    }

    /// Those in `folder`.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            network: None,
            trusted: None,
        }
    }

    /// The same programs, which trust the certificates in this file as if this machine did.
    pub fn trusting(&self, certificates: &Path) -> Self {
        Self {
            trusted: Some(certificates.to_owned()),
            ..self.clone()
        }
    }

    /// The same programs, to be run on this host of a lab.
    pub fn inside(&self, host: &Namespace) -> Self {
        Self {
            network: Some(host.name().to_owned()),
            ..self.clone()
        }
    }

    /// The path of the program `name` (without `.exe`). Fails when it was not built, saying how to build it.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        let path = self
            .folder
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if path.is_file() {
            return Ok(path);
        }
        Err(Trouble::new(format!(
            "{name} is not built; build it with `cargo build --workspace --bins`"
        )))
    }

    /// A command that runs the program `name`.
    pub fn command(&self, name: &str) -> Result<Command> {
        let path = self.path(name)?;
        let mut command = match &self.network {
            Some(network) => net::command(network, path),
            None => Command::new(path),
        };
        if let Some(trusted) = &self.trusted {
            command.env("SSL_CERT_FILE", trusted);
        }
        Ok(command)
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
