//! What the tasks of one session share.

use super::SignalingEvent;
use super::api::{Api, ApiError};
use super::place::Place;
use futures_util::FutureExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};
use visio_protocol::RoomId;
use visio_protocol::request::RoomEntered;
use visio_protocol::secret::SessionSecret;

/// What the tasks of one session share.
pub(super) struct Shared {
    pub(super) api: Api,
    place: Mutex<Place>,
    events: mpsc::Sender<SignalingEvent>,
    /// The event stream is in doubt, though it has not ended.
    doubt: Notify,
    /// Whether the event stream is there.
    online: watch::Sender<bool>,
    /// Counts the returns to a server that had forgotten us.
    returns: watch::Sender<u64>,
    /// There is reason to try again now rather than after a pause.
    hurry: Notify,
}

impl Shared {
    pub(super) fn new(api: Api, place: Place, events: mpsc::Sender<SignalingEvent>) -> Self {
        Self {
            api,
            place: Mutex::new(place),
            events,
            doubt: Notify::new(),
            online: watch::Sender::new(false),
            returns: watch::Sender::new(0),
            hurry: Notify::new(),
        }
    }

    /// Held for as long as sealing takes, and never across an await.
    pub(super) fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What every request shows.
    pub(super) fn credentials(&self) -> (SessionSecret, RoomId) {
        let place = self.place();
        (place.secret.clone(), place.keys.room)
    }

    /// Takes our place in the room, where we are already or were before the server forgot us.
    pub(super) async fn announce(&self) -> Result<RoomEntered, ApiError> {
        let (secret, room) = self.credentials();
        let entrance = self.place().entrance(true);
        let answer = self.api.enter(&secret, &room, &entrance).await?;
        self.place()
            .learn_relay(answer.relay.as_ref(), Instant::now());
        Ok(answer)
    }

    /// Hands an event to the caller; waits while it is busy. False when nobody listens any more.
    pub(super) async fn emit(&self, event: SignalingEvent) -> bool {
        self.events.send(event).await.is_ok()
    }

    /// Something failed that should not while the event stream is there: have a look.
    pub(super) fn doubt(&self) {
        if *self.online.borrow() {
            self.doubt.notify_one();
        }
    }

    /// Lets go of every connection, the stream's included, and makes new ones at once.
    pub(super) fn reconnect(&self) {
        self.api.renew();
        self.doubt();
        self.hurry.notify_one();
    }

    /// Waits for a while, or until there is reason to wait no longer.
    pub(super) async fn pause(&self, time: Duration) {
        let _ = tokio::time::timeout(time, self.hurry.notified()).await;
    }

    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    pub(super) fn set_online(&self, online: bool) {
        // A doubt about the stream before this one says nothing of it.
        let _ = self.doubt.notified().now_or_never();
        self.online.send_replace(online);
    }

    pub(super) fn online(&self) -> watch::Receiver<bool> {
        self.online.subscribe()
    }

    pub(super) fn count_return(&self) {
        self.returns.send_modify(|returns| *returns += 1);
    }

    pub(super) fn returns(&self) -> watch::Receiver<u64> {
        self.returns.subscribe()
    }
}
