//! The way in where there are no socket files (Windows): a port on loopback. Every program of the
//! machine can reach it, so a file in the data folder holds the port and a password, new at each
//! start, which is what a command begins with.

use crate::data::owner_only;
use std::io::{self, ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream as Blocking};
use std::path::{Path, PathBuf};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

/// Hexadecimal digits of the password: 32 random bytes.
const PASSWORD: usize = 64;

/// For the password to arrive, so that a stranger at the port does not keep the owner waiting.
const PASSWORD_TIME: Duration = Duration::from_millis(500);

/// The command's end.
pub(super) type Conversation = Blocking;

/// The server's end. The file is gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Door {
    listener: TcpListener,
    password: String,
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
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let mut random = [0_u8; PASSWORD / 2];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file = owner_only::make_file(&path)?;
        writeln!(file, "{address} {password}")?;
        Ok(Self {
            listener: TcpListener::from_std(listener)?,
            password,
            path,
        })
    }

    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        let (mut stream, _) = self.listener.accept().await?;
        let mut shown = [0; PASSWORD];
        tokio::time::timeout(PASSWORD_TIME, stream.read_exact(&mut shown)).await??;
        if bool::from(shown.ct_eq(self.password.as_bytes())) {
            Ok(stream)
        } else {
            Err(ErrorKind::PermissionDenied.into())
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Knocks; `None` when no server is running.
pub(super) fn connect(data: &Path, time: Duration) -> io::Result<Option<Conversation>> {
    let text = match std::fs::read_to_string(path(data)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let told = text
        .trim()
        .split_once(' ')
        .and_then(|(address, password)| Some((address.parse::<SocketAddr>().ok()?, password)));
    let Some((address, password)) = told else {
        return Ok(None);
    };
    match Blocking::connect_timeout(&address, time) {
        Ok(mut stream) => {
            stream.set_read_timeout(Some(time))?;
            stream.set_write_timeout(Some(time))?;
            stream.write_all(password.as_bytes())?;
            Ok(Some(stream))
        }
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(None),
        Err(error) => Err(error),
    }
}

fn path(data: &Path) -> PathBuf {
    data.join("control")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test]
    async fn only_who_can_read_the_data_folder_gets_in() {
        let data = tempfile::tempdir().unwrap();
        assert!(connect(data.path(), PASSWORD_TIME).unwrap().is_none());
        let door = Door::open(data.path()).unwrap();
        let address = door.listener.local_addr().unwrap();

        let mut stranger = Blocking::connect(address).unwrap();
        stranger.write_all(&[b'0'; PASSWORD]).unwrap();
        assert!(door.accept().await.is_err());

        let mut owner = connect(data.path(), PASSWORD_TIME).unwrap().unwrap();
        let mut let_in = door.accept().await.unwrap();
        let_in.write_all(b"!").await.unwrap();
        let mut answer = [0];
        owner.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"!");

        drop((door, let_in));
        assert!(connect(data.path(), PASSWORD_TIME).unwrap().is_none());
    }
}
