//! The command's side: asks the running server, or does it itself when none is running.

use super::perform::{Keeper, Place};
use super::{Answer, Command, MAX_ANSWER, TIME, door};
use crate::config::Limits;
use crate::data::{DataError, Store};
use futures_util::FutureExt as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Why a command can't be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no database there.
    #[error(
        "no visio-server has run on {path} yet: is it the right folder (--data)? If so, start the server first"
    )]
    NothingThere {
        /// The folder.
        path: PathBuf,
    },
    /// Another user's.
    #[error("{path} belongs to somebody else: run this as the server's user, or as root")]
    NotAllowed {
        /// The door.
        path: PathBuf,
    },
    /// A server is running, and can't be talked to.
    #[error(
        "the visio-server that runs on {path} takes no commands ({reason}): restart it, or stop it and try again"
    )]
    NoAnswer {
        /// The folder.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// It can't be done.
    #[error("{0}")]
    Refused(String),
}

/// Carries a command out on the server with this data folder, whether it is running or not.
///
/// # Errors
/// [`ControlError`], in words for the owner.
pub fn ask(data: &Path, command: Command) -> Result<Answer, ControlError> {
    let answer = match door::connect(data, TIME) {
        Ok(Some(stream)) => talk(stream, &command).map_err(|error| ControlError::NoAnswer {
            path: data.to_owned(),
            reason: error.to_string(),
        })?,
        Ok(None) => alone(data, command)?,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(ControlError::NotAllowed {
                path: data.to_owned(),
            });
        }
        Err(error) => {
            return Err(ControlError::NoAnswer {
                path: data.to_owned(),
                reason: error.to_string(),
            });
        }
    };
    match answer {
        Answer::Refused { reason } => Err(ControlError::Refused(reason)),
        answer => Ok(answer),
    }
}

fn talk(mut stream: door::Conversation, command: &Command) -> std::io::Result<Answer> {
    let mut line = serde_json::to_string(command)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream)
        .take(MAX_ANSWER)
        .read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

/// No server is running: the data folder is ours.
fn alone(data: &Path, command: Command) -> Result<Answer, ControlError> {
    if !data.join("rooms.redb").exists() {
        return Err(ControlError::NothingThere {
            path: data.to_owned(),
        });
    }
    let store = match Store::open(data) {
        Err(DataError::InUse { .. }) => {
            return Err(ControlError::NoAnswer {
                path: data.to_owned(),
                reason: "its door is not there".to_owned(),
            });
        }
        opened => opened?,
    };
    let looks_only = matches!(command, Command::Rooms | Command::Where);
    if store.group().is_some() && !looks_only {
        // The others would not learn of it, and have it undone when this server joins them.
        return Err(DataError::Shared {
            path: data.to_owned(),
        }
        .into());
    }
    let place = Place {
        keeper: Keeper::Alone(&store),
        relays: None,
        whereabouts: None,
        max_rooms: Limits::default().max_rooms,
    };
    let performed = place.perform(command).now_or_never();
    Ok(performed.expect("there is nothing to wait for"))
}
