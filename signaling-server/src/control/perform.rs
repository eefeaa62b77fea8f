//! What each command does.

use super::{Answer, Command, RoomLine};
use crate::data::{Created, DataError, Room, Store};
use crate::http::{App, now_ms};
use crate::hub::People;
use crate::relay::Relays;
use std::cmp::Reverse;
use std::sync::Arc;
use visio_protocol::host_code::HostCode;
use visio_protocol::refusal::Refusal;
use visio_protocol::relay::RelayAccess;
use visio_protocol::request::CreateRoom;
use visio_protocol::{RoomId, SessionId};

/// Where people find a running server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whereabouts {
    /// Its URL, if it knows it.
    pub(crate) url: Option<String>,
    /// What a firewall must let through to it.
    pub(crate) firewall: Option<String>,
}

/// What a command works on.
pub(super) struct Place<'a> {
    pub(super) keeper: Keeper<'a>,
    /// What its sessions are told of relays.
    pub(super) relays: Option<&'a Relays>,
    /// Where people find the server; none where no server is running.
    pub(super) whereabouts: Option<&'a Whereabouts>,
    /// Rooms that there may be.
    pub(super) max_rooms: usize,
}

/// Who has the rooms.
#[derive(Clone, Copy)]
pub(super) enum Keeper<'a> {
    /// A server that is running.
    Running(&'a Arc<App>),
    /// Nobody but the disk. Nothing has to be waited for then.
    Alone(&'a Store),
}

impl Place<'_> {
    /// Does what the owner wants.
    pub(super) async fn perform(&self, command: Command) -> Answer {
        let done = self.try_to(command).await;
        done.unwrap_or_else(|error| refused(error.to_string()))
    }

    async fn try_to(&self, command: Command) -> Result<Answer, DataError> {
        let keeper = self.keeper;
        Ok(match command {
            Command::Rooms => Answer::Rooms {
                rooms: keeper.rooms().await,
            },
            Command::CloseRoom { room } => {
                if !keeper.close_room(room).await? {
                    return Ok(refused("there is no such room"));
                }
                let rooms = keeper.store().room_count();
                tracing::info!(rooms, "a room was closed");
                Answer::Done
            }
            Command::Where => Answer::Where {
                running: self.whereabouts.is_some(),
                url: self.whereabouts.and_then(|it| it.url.clone()),
                firewall: self.whereabouts.and_then(|it| it.firewall.clone()),
            },
            Command::Relay => Answer::Relay {
                access: self.relays.and_then(access_for_a_look),
            },
            Command::CreateRoom {
                room,
                admission_hash,
            } => {
                let room = CreateRoom {
                    room,
                    admission_hash,
                };
                match keeper.create_room(room, self.max_rooms).await {
                    Ok(_) => Answer::Done,
                    Err(Refusal::RoomsFull) => {
                        let most = self.max_rooms;
                        refused(format!(
                            "there are {most} rooms already: close some, or allow more with --max-rooms"
                        ))
                    }
                    Err(Refusal::Internal) => refused(
                        "the room could not be stored: is the disk full? The server's log says more",
                    ),
                    Err(Refusal::Unavailable) => return Err(DataError::SharedAway),
                    Err(refusal) => refused(refusal.to_string()),
                }
            }
            Command::NewHostCode => Answer::HostCode {
                code: keeper.new_host_code().await?.reveal(),
            },
            Command::RevokeHostCode { code } => match code.parse::<HostCode>() {
                Ok(code) => match keeper.revoke_host_code(code).await? {
                    true => Answer::Revoked { count: 1 },
                    false => refused("this is not a host code of this server, or no longer"),
                },
                Err(error) => refused(error.to_string()),
            },
            Command::RevokeAllHostCodes => Answer::Revoked {
                count: keeper.revoke_all_host_codes().await?,
            },
        })
    }
}

impl<'a> Keeper<'a> {
    fn store(self) -> &'a Store {
        match self {
            Self::Running(app) => &app.store,
            Self::Alone(store) => store,
        }
    }

    async fn rooms(self) -> Vec<RoomLine> {
        match self {
            Self::Running(app) => {
                let app = Arc::clone(app);
                // The lock is let go of after each: a list must not hold calls up.
                let list = move || lines(&app.store, |room| app.hub().people(room));
                tokio::task::spawn_blocking(list).await.unwrap_or_default()
            }
            Self::Alone(store) => lines(store, |_| People::default()),
        }
    }

    async fn create_room(self, room: CreateRoom, most: usize) -> Result<Created, Refusal> {
        match self {
            Self::Running(app) => app.create_room(room).await,
            Self::Alone(store) => store.create_room(room.room, room.admission_hash, most),
        }
    }

    async fn close_room(self, room: RoomId) -> Result<bool, DataError> {
        match self {
            Self::Running(app) => app.close_room(room).await,
            Self::Alone(store) => store.close_room(&room),
        }
    }

    async fn new_host_code(self) -> Result<HostCode, DataError> {
        match self {
            Self::Running(app) => app.new_host_code().await,
            Self::Alone(store) => store.new_host_code(),
        }
    }

    async fn revoke_host_code(self, code: HostCode) -> Result<bool, DataError> {
        match self {
            Self::Running(app) => app.revoke_host_code(code).await,
            Self::Alone(store) => store.revoke_host_code(&code),
        }
    }

    async fn revoke_all_host_codes(self) -> Result<usize, DataError> {
        match self {
            Self::Running(app) => app.revoke_all_host_codes().await,
            Self::Alone(store) => store.revoke_all_host_codes(),
        }
    }
}

/// Access to the relay as a session of nobody's gets it: whoever may open the data folder could make it anyhow.
fn access_for_a_look(relays: &Relays) -> Option<RelayAccess> {
    let mut session = [0; 16];
    getrandom::fill(&mut session).ok()?;
    Some(relays.access(SessionId::from_bytes(session), now_ms() / 1000))
}

fn lines(store: &Store, people: impl Fn(&RoomId) -> People) -> Vec<RoomLine> {
    let mut rooms = store.rooms();
    rooms.sort_by_key(|(id, room)| (Reverse(room.created), *id));
    let line = |(room, stored): (RoomId, Room)| {
        let People { calling, watching } = people(&room);
        RoomLine {
            room,
            created: stored.created,
            calling,
            watching,
        }
    };
    rooms.into_iter().map(line).collect()
}

fn refused(reason: impl Into<String>) -> Answer {
    Answer::Refused {
        reason: reason.into(),
    }
}
