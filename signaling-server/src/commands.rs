//! What the owner can ask of a server besides running it. What is asked for goes to standard output
//! and nothing else, so that it can be handed on.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use visio_protocol::secret::InviteSecret;
use visio_protocol::{Invite, RoomId, RoomKeys, ServerUrl};
use visio_server::control::{self, Answer, ControlError};
use visio_server::{data, doctor};
use zeroize::Zeroizing;

type Done = Result<(), Box<dyn std::error::Error>>;

/// The data folder that a command is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Data {
    /// The server's data folder.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "VISIO_DATA",
        default_value = "visio-data"
    )]
    data: PathBuf,
}

/// All of them work while the server is running, and when it is not.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the host code, which lets its holder create rooms; make further ones, or revoke them.
    HostCode {
        #[command(subcommand)]
        what: Option<HostCode>,

        #[command(flatten)]
        data: Data,
    },
    /// List the rooms, or close one.
    Rooms {
        #[command(subcommand)]
        what: Rooms,

        #[command(flatten)]
        data: Data,
    },
    /// Create a room, and print the invite to it.
    ///
    /// Its secret is made here and stays here: the server keeps what it keeps of any room.
    Invite {
        /// Where people reach the server, as https://call.example.org. Without it, where it listens.
        #[arg(long, value_name = "URL", env = "VISIO_URL")]
        url: Option<ServerUrl>,

        #[command(flatten)]
        data: Data,
    },
    /// Look whether people can get here: the data folder, the name, the certificate, the clock, and
    /// whether the relay relays.
    ///
    /// From the server's machine it looks from inside. From another machine, with --url, it looks from
    /// outside, where a firewall shows.
    Doctor {
        /// Where people reach the server, as https://call.example.org. Without it, where it says that
        /// it is reached.
        #[arg(long, value_name = "URL", env = "VISIO_URL")]
        url: Option<ServerUrl>,

        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum HostCode {
    /// Make another host code and print it, this once. The others stay good.
    New,
    /// Make a host code good for nothing. Rooms that were created with it stay.
    Revoke {
        /// The code; dashes and case don't matter.
        #[arg(required_unless_present = "all")]
        code: Option<String>,

        /// All host codes.
        #[arg(long, conflicts_with = "code")]
        all: bool,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Rooms {
    /// One line for each room: its id, how many are in the call, how many would be rung, and when it
    /// was created.
    List,
    /// Close a room for good: nobody can enter it any more, and whoever is in it is told so.
    Close {
        /// Its id, as the list shows it, or its invite.
        #[arg(value_parser = room)]
        room: RoomId,
    },
}

impl Command {
    pub(crate) fn run(self) -> Done {
        match self {
            Self::HostCode { what, data } => host_code(what, &data.data),
            Self::Rooms { what, data } => rooms(what, &data.data),
            Self::Invite { url, data } => invite(url, &data.data),
            Self::Doctor { url, data } => doctor(url, &data.data),
        }
    }
}

fn host_code(what: Option<HostCode>, data: &Path) -> Done {
    let command = match what {
        None => {
            println!("{}", data::host_code(data)?.reveal());
            return Ok(());
        }
        Some(HostCode::New) => control::Command::NewHostCode,
        Some(HostCode::Revoke { code, .. }) => match code {
            Some(code) => control::Command::RevokeHostCode { code },
            None => control::Command::RevokeAllHostCodes,
        },
    };
    match control::ask(data, command)? {
        Answer::HostCode { code } => println!("{}", Zeroizing::new(code).as_str()),
        Answer::Revoked { count } => println!("revoked: {count}"),
        _ => return Err(unexpected()),
    }
    Ok(())
}

fn rooms(what: Rooms, data: &Path) -> Done {
    match what {
        Rooms::List => {
            let Answer::Rooms { rooms } = control::ask(data, control::Command::Rooms)? else {
                return Err(unexpected());
            };
            println!(
                "{:32}  {:>7}  {:>8}  created",
                "room", "calling", "watching"
            );
            for room in rooms {
                println!(
                    "{:32}  {:>7}  {:>8}  {}",
                    room.room,
                    room.calling,
                    room.watching,
                    room.created.map_or("-".to_owned(), date)
                );
            }
        }
        Rooms::Close { room } => match control::ask(data, control::Command::CloseRoom { room })? {
            Answer::Done => println!("closed"),
            _ => return Err(unexpected()),
        },
    }
    Ok(())
}

fn invite(url: Option<ServerUrl>, data: &Path) -> Done {
    // Before there is a room that nobody has the invite of.
    let server = match url {
        Some(url) => url,
        None => match control::ask(data, control::Command::Where)? {
            Answer::Where { url: Some(url), .. } => url.parse()?,
            Answer::Where { url: None, .. } => {
                return Err(ControlError::Refused(
                    "say where people reach the server, as in --url https://call.example.org"
                        .to_owned(),
                )
                .into());
            }
            _ => return Err(unexpected()),
        },
    };
    let secret = InviteSecret::random();
    let keys = RoomKeys::derive(&secret);
    let command = control::Command::CreateRoom {
        room: keys.room,
        admission_hash: keys.admission.hash(),
    };
    match control::ask(data, command)? {
        Answer::Done => {
            let link = Zeroizing::new(Invite { server, secret }.link());
            println!("{}", link.as_str());
            Ok(())
        }
        _ => Err(unexpected()),
    }
}

fn doctor(url: Option<ServerUrl>, data: &Path) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let examined = doctor::examine(data, url, |line| println!("{line}"));
    if runtime.block_on(examined) {
        Ok(())
    } else {
        Err("something keeps people from calling: see what is marked ✗".into())
    }
}

/// A room by its id or by its invite.
fn room(text: &str) -> Result<RoomId, String> {
    if let Ok(room) = text.trim().parse() {
        return Ok(room);
    }
    match Invite::parse(text) {
        Ok(invite) => Ok(invite.keys().room),
        Err(_) => Err("neither the 32 digits that `rooms list` shows nor an invite".to_owned()),
    }
}

fn date(seconds: u64) -> String {
    UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .map_or("-".to_owned(), httpdate::fmt_http_date)
}

fn unexpected() -> Box<dyn std::error::Error> {
    "the running server is of another version: restart it".into()
}
