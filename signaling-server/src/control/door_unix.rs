//! The way in on Unix: a socket file in the data folder. Who may enter is who may open the folder.

use crate::data::owner_only;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream as Blocking;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};

/// The command's end.
pub(super) type Conversation = Blocking;

/// The server's end. The file is gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
}

impl Door {
    /// Opens the door of this data folder, which is ours alone.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let path = path(data);
        // What a server that was killed has left.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        owner_only::restrict(&path)?;
        Ok(Self { listener, path })
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Knocks; `None` when no server is running.
pub(super) fn connect(data: &Path, time: Duration) -> io::Result<Option<Conversation>> {
    match Blocking::connect(path(data)) {
        Ok(stream) => {
            stream.set_read_timeout(Some(time))?;
            stream.set_write_timeout(Some(time))?;
            Ok(Some(stream))
        }
        // Too long a path is no socket's, and is then looked into like any other folder.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::InvalidInput
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn path(data: &Path) -> PathBuf {
    data.join("control")
}
