//! Several servers that share their rooms over Redis, so that any client may come to any of them.
//!
//! There is one log, a stream in Redis. Whatever changes rooms or sessions is written there first, and
//! every server does it when it reads it, in the order of the log: so all hubs come to the same, with
//! the same numbers on their events, and a stream that was cut at one server goes on at another. A
//! server that comes later reads what the others have written down of their sessions, and then the log.
//!
//! Redis holds no secret of those who call. While it is away calls go on, streams stay, and whatever
//! needs the others is refused as `unavailable`; when it is back everything goes on where it was, and
//! when it has forgotten everything the servers tell it again.
//!
//! On the server's own tokio threads: one task reads, one more writes what must not be lost to the disk.
//! What passes through Redis takes two of its round trips longer. Without `--redis` nothing of this
//! exists.
//!
//! ```text
//! options   what can be set           keys      what lies where in Redis
//! entry     one entry of the log      error     what is wrong with Redis
//! meeting   rooms and host codes are put together
//! reading   the log, and what it does
//! presence  which servers are there, and who is at this one
//! run       all of that, and again when Redis was away
//! ```

mod entry;
mod error;
mod keys;
mod meeting;
mod options;
mod presence;
mod reading;
mod run;

pub(crate) use entry::Said;
pub use error::SharedError;
pub use options::{RedisUrl, SharedOptions};
pub(crate) use run::{Start, run, start};

use crate::hub::{Outcome, ServerId};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue, RedisResult};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use visio_protocol::SessionId;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::CreateRoom;

/// For a change to come back through the log: a client waits twice as long for its answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// For Redis to answer a command that it does at once.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// For a connection to Redis.
const CONNECT_TIME: Duration = Duration::from_secs(3);

/// Changes that wait to come back, at most. Drop policy: further ones are refused.
const MAX_WAITING: usize = 4_096;

/// What came of a change, for whoever said it.
type Answer = Result<Outcome, Refusal>;

/// What this server shares with others.
pub(crate) struct Shared {
    me: ServerId,
    redis: RedisUrl,
    /// What the relays' passwords follow from, on all servers.
    relay_secret: [u8; 32],
    /// The way to Redis, while there is one.
    line: Mutex<Option<MultiplexedConnection>>,
    /// How far the log has been read.
    read: watch::Sender<u128>,
    /// Those who wait for what they said to come back. Bounded by [`MAX_WAITING`].
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    next: AtomicU64,
    /// Sessions that were heard of here and are looked after elsewhere, for the others to learn.
    /// Bounded by the sessions that there are.
    heard: Mutex<HashSet<SessionId>>,
    /// There are rooms or host codes that the disk does not know yet.
    unwritten: tokio::sync::Notify,
    entries: AtomicU64,
    servers: AtomicU64,
}

impl Shared {
    fn new(me: ServerId, redis: RedisUrl, relay_secret: [u8; 32]) -> Self {
        Self {
            me,
            redis,
            relay_secret,
            line: Mutex::default(),
            read: watch::Sender::new(0),
            waiting: Mutex::default(),
            next: AtomicU64::new(1),
            heard: Mutex::default(),
            unwritten: tokio::sync::Notify::new(),
            entries: AtomicU64::new(0),
            servers: AtomicU64::new(1),
        }
    }

    /// This server.
    pub(crate) fn me(&self) -> ServerId {
        self.me
    }

    /// What the relays' passwords follow from, on all servers.
    pub(crate) fn relay_secret(&self) -> [u8; 32] {
        self.relay_secret
    }

    /// Whether Redis is there.
    pub(crate) fn is_up(&self) -> bool {
        lock(&self.line).is_some()
    }

    /// Entries of the log that have been read.
    pub(crate) fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// Servers that are there, this one included.
    pub(crate) fn servers(&self) -> u64 {
        self.servers.load(Ordering::Relaxed)
    }

    /// Says something to all servers, and waits until this one has done it.
    ///
    /// # Errors
    /// What came of it; `Unavailable` when Redis is away or too slow. It may be done all the same, and
    /// may be said again.
    pub(crate) async fn say(&self, said: &Said) -> Answer {
        let mut line = self.line()?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let answer = self.wait_for(number)?;
        let command = entry::write(self.me, number, said);
        let said = async {
            command
                .query_async::<()>(&mut line)
                .await
                .map_err(|error| {
                    let error = SharedError::of(&self.redis.to_string(), &error);
                    tracing::warn!(%error, "a change could not be shared");
                    Refusal::Unavailable
                })?;
            answer.await.unwrap_or(Err(Refusal::Unavailable))
        };
        let answer = tokio::time::timeout(PATIENCE, said).await;
        lock(&self.waiting).remove(&number);
        answer.unwrap_or(Err(Refusal::Unavailable))
    }

    /// Waits until this server has read all that is in the log now.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn catch_up(&self) -> Result<(), Refusal> {
        let mut line = self.line()?;
        let read = async {
            let newest = reading::newest(&mut line).await.ok()?;
            let position = entry::position(&newest)?;
            let mut read = self.read.subscribe();
            read.wait_for(|read| *read >= position).await.ok()?;
            Some(())
        };
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(Some(())) => Ok(()),
            _ => Err(Refusal::Unavailable),
        }
    }

    /// This session was heard of here, and is looked after elsewhere.
    pub(crate) fn note_heard(&self, session: SessionId) {
        lock(&self.heard).insert(session);
    }

    /// Puts a room where all servers find it; gives what was there already.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn put_room(
        &self,
        room: &CreateRoom,
        created: u64,
    ) -> Result<Option<visio_protocol::keys::AdmissionHash>, Refusal> {
        let mut line = self.line()?;
        let put = meeting::put_room(&mut line, room, created);
        self.at_once(put).await
    }

    /// Takes a room away from where all servers find it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn take_room(&self, room: &visio_protocol::RoomId) -> Result<(), Refusal> {
        let mut line = self.line()?;
        let mut command = redis::cmd("HDEL");
        command.arg(keys::ROOMS).arg(room.to_string());
        self.at_once(async { command.query_async(&mut line).await })
            .await
    }

    /// Puts the hash of a host code where all servers find it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn put_host_code(&self, hash: &[u8; 32], created: u64) -> Result<(), Refusal> {
        let mut line = self.line()?;
        let mut command = redis::cmd("HSET");
        command.arg(keys::HOST_CODES).arg(hash).arg(created);
        self.at_once(async { command.query_async(&mut line).await })
            .await
    }

    /// Takes the hash of one host code away from there, or all of them.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn take_host_codes(&self, hash: Option<&[u8; 32]>) -> Result<(), Refusal> {
        let mut line = self.line()?;
        let command = match hash {
            Some(hash) => redis::cmd("HDEL").arg(keys::HOST_CODES).arg(hash).clone(),
            None => redis::cmd("DEL").arg(keys::HOST_CODES).clone(),
        };
        self.at_once(async { command.query_async(&mut line).await })
            .await
    }

    async fn at_once<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> Result<T, Refusal> {
        match tokio::time::timeout(ANSWER_TIME, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let error = SharedError::of(&self.redis.to_string(), &error);
                tracing::warn!(%error, "something could not be shared");
                Err(Refusal::Unavailable)
            }
            Err(_) => Err(Refusal::Unavailable),
        }
    }

    fn line(&self) -> Result<MultiplexedConnection, Refusal> {
        lock(&self.line).clone().ok_or(Refusal::Unavailable)
    }

    fn wait_for(&self, number: u64) -> Result<oneshot::Receiver<Answer>, Refusal> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= MAX_WAITING {
            return Err(Refusal::Unavailable);
        }
        let (sender, receiver) = oneshot::channel();
        waiting.insert(number, sender);
        Ok(receiver)
    }

    /// Redis is away: whoever waits need not.
    fn hang_up(&self) {
        *lock(&self.line) = None;
        lock(&self.waiting).clear();
    }
}

/// A connection to Redis.
async fn connect(redis: &RedisUrl) -> Result<MultiplexedConnection, SharedError> {
    let place = redis.to_string();
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIME))
        // Each command has a time of its own; reading the log waits on purpose.
        .set_response_timeout(None);
    let connecting = redis
        .client
        .get_multiplexed_async_connection_with_config(&config);
    match tokio::time::timeout(CONNECT_TIME, connecting).await {
        Ok(connected) => connected.map_err(|error| SharedError::of(&place, &error)),
        Err(_) => Err(SharedError::slow(&place)),
    }
}

/// Asks Redis for something that it does at once.
async fn ask<T: FromRedisValue>(
    place: &str,
    line: &mut MultiplexedConnection,
    command: &redis::Cmd,
) -> Result<T, SharedError> {
    in_time(place, command.query_async(line)).await
}

/// What Redis answers, if it does so in time.
async fn in_time<T>(
    place: &str,
    asked: impl Future<Output = RedisResult<T>>,
) -> Result<T, SharedError> {
    match tokio::time::timeout(ANSWER_TIME, asked).await {
        Ok(answer) => answer.map_err(|error| SharedError::of(place, &error)),
        Err(_) => Err(SharedError::slow(place)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
