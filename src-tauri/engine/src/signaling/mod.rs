//! The server's client: requests, one event stream, and sealing.
//!
//! Three small tasks per room on the caller's tokio runtime, none of which ever touches media: the
//! *listener* holds the event stream and brings it back when it breaks, the *sender* hands messages
//! to the server in order, the *keepalive* says that this client lives. They share one
//! `place::Place`. A server that is restarted, or a network that changes, is a pause: peers see
//! no departure, and nothing is asked of the caller.
//!
//! ```text
//! api        requests, with typed errors            place     the session in the room: pure
//! addresses  all that a server's name leads to
//! listener   the event stream, and its return       roster    who is there: pure
//! scout      finds a server that was out of reach
//! sender     messages, in order                     error     what went wrong, in words for people
//! ```

mod addresses;
mod api;
mod error;
mod keepalive;
mod listener;
mod place;
mod roster;
mod scout;
mod sender;
mod shared;

#[cfg(test)]
mod tests;

pub use error::SignalingError;
pub use visio_protocol::sealing::OpenError;
pub use visio_protocol::session::{Recipient, Role};

use api::{Api, ApiError};
use place::Place;
use shared::Shared;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use visio_protocol::host_code::HostCode;
use visio_protocol::message::Signal;
use visio_protocol::relay::RelayAccess;
use visio_protocol::request::{CreateRoom, EnterRoom};
use visio_protocol::secret::SessionSecret;
use visio_protocol::{Invite, ServerUrl, SessionId};

/// Messages that wait to be sent. Drop policy: when full, the newest is dropped; that happens only
/// after a long loss of the server, after which connections are negotiated anew anyhow.
const OUTBOX: usize = 256;

/// Events that wait for the caller. When full, the stream is not read, and the server keeps what
/// follows.
const EVENTS: usize = 256;

/// How long leaving waits for what was said last (`bye`, most likely) to be sent.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a change of role keeps trying while the server can't be reached.
const ROLE_PATIENCE: Duration = Duration::from_secs(8);

/// The time between two tries of that.
const ROLE_RETRY: Duration = Duration::from_millis(300);

/// Creates a room on a server and gives the invite to it.
///
/// # Errors
/// [`SignalingError`]; `HostCode` for a wrong host code, found without a request when it is none at
/// all.
pub async fn create_room(server: &ServerUrl, host_code: &str) -> Result<Invite, SignalingError> {
    let host_code: HostCode = host_code.parse().map_err(|_| SignalingError::HostCode)?;
    let invite = Invite::generate(server.clone());
    let keys = invite.keys();
    let body = CreateRoom {
        room: keys.room,
        admission_hash: keys.admission.hash(),
    };
    let api = Api::new(server.clone());
    match api.create_room(&host_code, &body).await {
        Ok(_) => Ok(invite),
        Err(error) => Err(error.for_people(server)),
    }
}

/// What a session learns when it enters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// This session.
    pub me: SessionId,
    /// The others. After a restart of the server some may be missing, and arrive later.
    pub present: Vec<(SessionId, Role)>,
}

/// What happens in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalingEvent {
    /// Somebody entered.
    Arrived(SessionId, Role),
    /// Somebody does something else now.
    Role(SessionId, Role),
    /// Somebody left, or was not heard of for too long.
    Left(SessionId),
    /// Somebody says something to us.
    Signal {
        /// Who.
        from: SessionId,
        /// What.
        signal: Signal,
    },
    /// Something was refused because it can't be from who it says: the server, or who sits before
    /// it, meddles.
    Refused {
        /// From whom it claims to be, if from anybody.
        from: Option<SessionId>,
        /// What is wrong with it.
        why: OpenError,
    },
    /// The server can't be reached; it is tried again until [`Signaling::leave`]. Media goes on
    /// meanwhile.
    Lost,
    /// The server is back, and the place was kept.
    Resumed,
    /// The server is back, but the others have been told that we left: this is a new session, and
    /// everything is said anew.
    Replaced(Entered),
    /// There is no going on; nothing follows.
    Ended(SignalingError),
}

/// A session in a room. Cheap to clone; when the last clone is dropped, the session ends without a
/// word, and is gone when the server's grace period is over.
#[derive(Clone)]
pub struct Signaling {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    outbox: mpsc::Sender<Outgoing>,
    tasks: [JoinHandle<()>; 3],
}

/// What waits for the sender.
enum Outgoing {
    Signal {
        to: Recipient,
        signal: Signal,
    },
    /// Everything before this has been sent.
    Flush(oneshot::Sender<()>),
}

impl Signaling {
    /// Enters the room that `invite` leads to. Events follow until [`SignalingEvent::Ended`] or
    /// [`Signaling::leave`].
    ///
    /// # Errors
    /// [`SignalingError`], for the person who wants to enter.
    pub async fn enter(
        invite: &Invite,
        role: Role,
    ) -> Result<(Self, mpsc::Receiver<SignalingEvent>, Entered), SignalingError> {
        let keys = invite.keys();
        let secret = SessionSecret::random();
        let api = Api::new(invite.server.clone());
        let body = EnterRoom {
            admission: keys.admission.clone(),
            role,
            returning: false,
        };
        let answer = api
            .enter(&secret, &keys.room, &body)
            .await
            .map_err(|error| error.for_people(&invite.server))?;
        let mut place = Place::new(keys, secret, role);
        let entered = place.entered(&answer);
        place.learn_relay(answer.relay.as_ref(), Instant::now());

        let (events, receiver) = mpsc::channel(EVENTS);
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let shared = Arc::new(Shared::new(api, place, events));
        let keepalive = Duration::from_millis(answer.keepalive_ms);
        let tasks = [
            tokio::spawn(listener::run(Arc::clone(&shared))),
            tokio::spawn(sender::run(Arc::clone(&shared), outgoing)),
            tokio::spawn(keepalive::run(Arc::clone(&shared), keepalive)),
        ];
        let handle = Arc::new(Handle {
            shared,
            outbox,
            tasks,
        });
        Ok((Self { handle }, receiver, entered))
    }

    /// Says something, in order, and again while the server is being reached anew. Does not wait.
    ///
    /// To [`Recipient::Room`] it reaches everybody who is there now, each once; a newcomer is
    /// greeted by a message of its own.
    pub fn send(&self, to: Recipient, signal: Signal) {
        if self
            .handle
            .outbox
            .try_send(Outgoing::Signal { to, signal })
            .is_err()
        {
            tracing::warn!("a message was dropped: too many wait for the server");
        }
    }

    /// How to reach the others where there is no direct way, if the server offers one: what it told last, good for half of
    /// its time at least.
    pub fn relay(&self) -> Option<RelayAccess> {
        self.handle.shared.place().relay().cloned()
    }

    /// The network is another one, or back: whatever connections to the server there are count as
    /// dead, and new ones are made at once. Does not wait.
    pub fn reconnect(&self) {
        self.handle.shared.reconnect();
    }

    /// Joins the call from its lobby, or goes back there.
    ///
    /// # Errors
    /// [`SignalingError`], when the server can't be reached for some seconds or refuses; the role
    /// is then what it was.
    pub async fn set_role(&self, role: Role) -> Result<(), SignalingError> {
        let shared = &self.handle.shared;
        let (was, generation) = {
            let mut place = shared.place();
            (std::mem::replace(&mut place.role, role), place.generation)
        };
        let deadline = Instant::now() + ROLE_PATIENCE;
        loop {
            let error = match shared.announce().await {
                Ok(_) => return Ok(()),
                // A new session was begun meanwhile, with this role.
                Err(_) if shared.place().generation != generation => return Ok(()),
                Err(error) => error,
            };
            if error.is_final() || Instant::now() > deadline {
                shared.place().role = was;
                return Err(error.for_people(shared.api.server()));
            }
            shared.doubt();
            tokio::time::sleep(ROLE_RETRY).await;
        }
    }

    /// Leaves the room: what was said before is still sent, then the others learn of it at once.
    /// Takes at most some seconds.
    pub async fn leave(&self) {
        let (flushed, done) = oneshot::channel();
        if self
            .handle
            .outbox
            .try_send(Outgoing::Flush(flushed))
            .is_ok()
        {
            let _ = tokio::time::timeout(LAST_WORDS, done).await;
        }
        self.handle.stop();
        let shared = &self.handle.shared;
        let (secret, room) = shared.credentials();
        if let Err(ApiError::Unreachable) = shared.api.leave(&secret, &room).await {
            tracing::info!("the server could not be told that we leave, and will notice");
        }
    }
}

impl Handle {
    fn stop(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}
