//! What each command does.

use super::{Answer, Command, RoomLine};
use crate::data::{DataError, Store};
use crate::http::now_ms;
use crate::hub::Hub;
use crate::relay::Relays;
use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use visio_protocol::host_code::HostCode;
use visio_protocol::refusal::Refusal;
use visio_protocol::relay::RelayAccess;
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
    pub(super) store: &'a Store,
    /// Where people are; a server that is not running has none.
    pub(super) hub: Option<&'a Mutex<Hub>>,
    /// What its sessions are told of relays.
    pub(super) relays: Option<&'a Relays>,
    /// Where people find the server; none where no server is running.
    pub(super) whereabouts: Option<&'a Whereabouts>,
    /// Rooms that there may be.
    pub(super) max_rooms: usize,
}

impl Place<'_> {
    /// Does what the owner wants. Waits for the disk.
    pub(super) fn perform(&self, command: Command) -> Answer {
        self.try_to(command)
            .unwrap_or_else(|error| Answer::Refused {
                reason: error.to_string(),
            })
    }

    fn try_to(&self, command: Command) -> Result<Answer, DataError> {
        Ok(match command {
            Command::Rooms => Answer::Rooms {
                rooms: self.rooms(),
            },
            Command::CloseRoom { room } => self.close_room(room)?,
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
            } => match self.store.create_room(room, admission_hash, self.max_rooms) {
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
                Err(refusal) => refused(refusal.to_string()),
            },
            Command::NewHostCode => Answer::HostCode {
                code: self.store.new_host_code()?.reveal(),
            },
            Command::RevokeHostCode { code } => match code.parse::<HostCode>() {
                Ok(code) if self.store.revoke_host_code(&code)? => Answer::Revoked { count: 1 },
                Ok(_) => refused("this is not a host code of this server, or no longer"),
                Err(error) => refused(error.to_string()),
            },
            Command::RevokeAllHostCodes => Answer::Revoked {
                count: self.store.revoke_all_host_codes()?,
            },
        })
    }

    fn rooms(&self) -> Vec<RoomLine> {
        let mut rooms = self.store.rooms();
        rooms.sort_by_key(|(id, room)| (Reverse(room.created), *id));
        rooms
            .into_iter()
            .map(|(room, stored)| {
                // The lock is let go of after each: a list must not hold calls up.
                let people = self
                    .hub
                    .map(|hub| lock(hub).people(&room))
                    .unwrap_or_default();
                RoomLine {
                    room,
                    created: stored.created,
                    calling: people.calling,
                    watching: people.watching,
                }
            })
            .collect()
    }

    fn close_room(&self, room: RoomId) -> Result<Answer, DataError> {
        if !self.store.close_room(&room)? {
            return Ok(refused("there is no such room"));
        }
        if let Some(hub) = self.hub {
            lock(hub).close_room(room, Instant::now());
        }
        tracing::info!(rooms = self.store.room_count(), "a room was closed");
        Ok(Answer::Done)
    }
}

/// Access to the relay as a session of nobody's gets it: whoever may open the data folder could make it anyhow.
fn access_for_a_look(relays: &Relays) -> Option<RelayAccess> {
    let mut session = [0; 16];
    getrandom::fill(&mut session).ok()?;
    Some(relays.access(SessionId::from_bytes(session), now_ms() / 1000))
}

fn lock(hub: &Mutex<Hub>) -> std::sync::MutexGuard<'_, Hub> {
    hub.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(reason: impl Into<String>) -> Answer {
    Answer::Refused {
        reason: reason.into(),
    }
}
