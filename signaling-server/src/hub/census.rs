//! How many are where, for whoever runs the server: numbers, and nothing about anybody.

use super::Hub;
use visio_protocol::RoomId;
use visio_protocol::session::Role;

/// How many sessions are in one room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct People {
    /// Those in the call.
    pub calling: usize,
    /// Those that would be rung.
    pub watching: usize,
}

/// How many there are of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Rooms with somebody in them.
    pub rooms: usize,
    /// Sessions, those included that are away and may yet come back.
    pub sessions: usize,
    /// Places in rooms.
    pub people: People,
    /// Event streams.
    pub streams: usize,
}

impl Hub {
    /// How many are in this room.
    pub fn people(&self, room: &RoomId) -> People {
        let mut people = People::default();
        for member in self.rooms.get(room).into_iter().flat_map(|it| it.values()) {
            match member.role {
                Role::Calling => people.calling += 1,
                Role::Watching => people.watching += 1,
            }
        }
        people
    }

    /// Counts everything. Takes a few milliseconds with twenty thousand sessions.
    pub fn census(&self) -> Census {
        let mut census = Census {
            rooms: self.rooms.len(),
            sessions: self.sessions.len(),
            ..Census::default()
        };
        for room in self.rooms.keys() {
            let People { calling, watching } = self.people(room);
            census.people.calling += calling;
            census.people.watching += watching;
        }
        let streams = self.sessions.values();
        census.streams = streams
            .filter(|session| session.mailbox.away_since().is_none())
            .count();
        census
    }
}
