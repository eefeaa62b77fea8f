//! Sessions in rooms of a family's size.

use hyper::Method;
use hyper::body::Incoming;
use visio_protocol::request::{
    CreateRoom, EnterRoom, RoomCreated, RoomEntered, SendSignal, SendSignals, SignalsSent, path,
};
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::{Recipient, Role};
use visio_protocol::{RoomKeys, SessionId};

use crate::door::{Door, Line};
use crate::{Server, Trouble};

/// Sessions in one room.
pub const FAMILY: usize = 5;

/// One session, its bearer token and the room it is in.
pub struct Member {
    /// Its id.
    pub id: SessionId,
    keys: RoomKeys,
    bearer: String,
}

impl Member {
    /// Opens its stream, on a connection of its own.
    pub async fn listen(&self, door: &Door) -> Result<Incoming, Trouble> {
        let mut line = door.open().await?;
        let response = line.ask(Method::GET, path::EVENTS, &self.bearer, Vec::new());
        Ok(response.await?.into_body())
    }

    /// Says something to another.
    pub async fn say(&self, line: &mut Line, to: SessionId, sealed: String) -> Result<(), Trouble> {
        let to = Recipient::Session(to);
        let signals = vec![SendSignal { to, sealed }];
        let (at, said) = (path::signals(&self.keys.room), SendSignals { signals });
        let sent: SignalsSent = line.tell(Method::POST, &at, &self.bearer, &said).await?;
        match sent.unknown.is_empty() {
            true => Ok(()),
            false => Err("a session is no longer there".into()),
        }
    }
}

/// As many sessions as are wanted, in rooms of [`FAMILY`] made for them, one after the other.
pub async fn families(server: &Server, door: &Door) -> Result<Vec<Member>, Trouble> {
    let mut line = door.open().await?;
    let mut members = Vec::with_capacity(server.streams);
    while members.len() < server.streams {
        let keys = RoomKeys::derive(&InviteSecret::random());
        let room = CreateRoom {
            room: keys.room,
            admission_hash: keys.admission.hash(),
        };
        let made = line.tell(Method::POST, path::ROOMS, &server.host_code, &room);
        made.await.map(|_: RoomCreated| ())?;
        for _ in 0..FAMILY.min(server.streams - members.len()) {
            members.push(enter(&mut line, &keys).await?);
        }
    }
    Ok(members)
}

async fn enter(line: &mut Line, keys: &RoomKeys) -> Result<Member, Trouble> {
    let secret = SessionSecret::random();
    let bearer = secret.to_bearer().to_string();
    let place = EnterRoom {
        admission: keys.admission.clone(),
        role: Role::Watching,
        returning: false,
    };
    let entered: RoomEntered = line
        .tell(Method::PUT, &path::me(&keys.room), &bearer, &place)
        .await?;
    Ok(Member {
        id: entered.me,
        keys: keys.clone(),
        bearer,
    })
}
