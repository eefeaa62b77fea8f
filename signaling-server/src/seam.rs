//! One server alone, or one of several: the one place where the two differ for whoever asks.
//!
//! Alone, the hub and the disk do what is asked, at once. Among others, what changes something goes
//! through what they share, and comes back from there; what changes nothing is still asked of the hub.

use crate::data::{Created, DataError, MAX_HOST_CODES, seconds_since_1970};
use crate::http::App;
use crate::hub::{Change, CutOff, Entered, Outcome, Stream};
use crate::shared::{Said, Shared};
use std::sync::Arc;
use std::time::Instant;
use visio_protocol::host_code::HostCode;
use visio_protocol::keys::AdmissionHash;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{CreateRoom, SendSignal};
use visio_protocol::session::Role;
use visio_protocol::{RoomId, SessionId};

impl App {
    /// What admits to this room.
    ///
    /// # Errors
    /// `RoomUnknown`, or `Unavailable` when others may know it.
    pub(crate) async fn admission(&self, room: &RoomId) -> Result<AdmissionHash, Refusal> {
        let known = || self.store.admission(room);
        match (known(), &self.shared) {
            (Some(admission), _) => Ok(admission),
            (None, None) => Err(Refusal::RoomUnknown),
            (None, Some(shared)) => {
                shared.catch_up().await?;
                known().ok_or(Refusal::RoomUnknown)
            }
        }
    }

    /// Lets a session into a room, see [`crate::hub::Hub::enter`]. That it may was checked.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) async fn enter(
        &self,
        me: SessionId,
        room: RoomId,
        role: Role,
        returning: bool,
    ) -> Result<Entered, Refusal> {
        let Some(shared) = &self.shared else {
            let mut hub = self.hub();
            // The owner may have closed it meanwhile, and has then sent away all who were in it.
            if self.store.admission(&room).is_none() {
                return Err(Refusal::RoomUnknown);
            }
            return hub.enter(me, room, role, returning, Instant::now());
        };
        let mut entrance = self.hub().may_enter(me, room, returning);
        if entrance == Err(Refusal::SessionOver) {
            // Another server may know it.
            shared.catch_up().await?;
            entrance = self.hub().may_enter(me, room, returning);
        }
        if let Some(other) = entrance?.instead_of {
            let sessions = vec![other];
            shared
                .say(&Said::Change(Change::Forget { sessions }))
                .await?;
        }
        let session = me;
        let change = Change::Enter {
            session,
            room,
            role,
        };
        match shared.say(&Said::Change(change)).await? {
            Outcome::Entered(entered) => Ok(entered),
            _ => Err(Refusal::Internal),
        }
    }

    /// Takes a session out of a room.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn leave(&self, me: SessionId, room: RoomId) -> Result<(), Refusal> {
        let Some(shared) = &self.shared else {
            self.hub().leave(me, room, Instant::now());
            return Ok(());
        };
        self.find(shared, me).await?;
        if self.hub().whereabouts(me).is_some() {
            let session = me;
            let change = Change::Leave { session, room };
            shared.say(&Said::Change(change)).await?;
        }
        Ok(())
    }

    /// Hands messages on, see [`crate::hub::Hub::signal`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) async fn signal(
        &self,
        me: SessionId,
        room: RoomId,
        signals: Vec<SendSignal>,
    ) -> Result<Vec<SessionId>, Refusal> {
        let Some(shared) = &self.shared else {
            return self.hub().signal(me, room, signals, Instant::now());
        };
        self.find(shared, me).await?;
        self.hub().may_say(me, room, &signals)?;
        let session = me;
        let change = Change::Say {
            session,
            room,
            signals,
        };
        match shared.say(&Said::Change(change)).await? {
            Outcome::Unknown(unknown) => Ok(unknown),
            _ => Err(Refusal::Internal),
        }
    }

    /// Starts the event stream of a session, see [`crate::hub::Hub::listen`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) async fn listen(
        &self,
        me: SessionId,
        last_id: Option<&str>,
        cut_off: CutOff,
    ) -> Result<Stream, Refusal> {
        if let Some(shared) = &self.shared {
            self.find(shared, me).await?;
            let here = Some((shared.me(), false));
            // It is looked after where its stream is.
            let whereabouts = self.hub().whereabouts(me);
            if whereabouts.is_some() && whereabouts != here {
                let session = me;
                shared.say(&Said::Change(Change::Here { session })).await?;
            }
        }
        self.hub().listen(me, last_id, cut_off, Instant::now())
    }

    /// A session says that it lives, see [`crate::hub::Hub::alive`].
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) async fn alive(&self, me: SessionId) -> Result<Option<String>, Refusal> {
        if let Some(shared) = &self.shared {
            self.find(shared, me).await?;
            let whereabouts = self.hub().whereabouts(me);
            match whereabouts {
                Some((_, true)) => {
                    let sessions = vec![me];
                    shared
                        .say(&Said::Change(Change::Heard { sessions }))
                        .await?;
                }
                Some((host, false)) if host != shared.me() => shared.note_heard(me),
                _ => {}
            }
        }
        self.hub().alive(me, Instant::now())
    }

    /// Creates a room.
    ///
    /// # Errors
    /// [`Refusal`], see [`crate::data::Store::create_room`].
    pub(crate) async fn create_room(
        self: &Arc<Self>,
        room: CreateRoom,
    ) -> Result<Created, Refusal> {
        let most = self.limits.max_rooms;
        let Some(shared) = &self.shared else {
            let app = Arc::clone(self);
            let create = move || app.store.create_room(room.room, room.admission_hash, most);
            return tokio::task::spawn_blocking(create)
                .await
                .map_err(|_| Refusal::Internal)?;
        };
        let known = self.store.admission(&room.room);
        if known.is_none() && self.store.room_count() >= most {
            return Err(Refusal::RoomsFull);
        }
        let created = seconds_since_1970();
        let was = shared.put_room(&room, created).await?;
        if was.is_some_and(|was| was != room.admission_hash) {
            return Err(Refusal::Admission);
        }
        // Also when it is there already: whoever put it there may not have come to say so.
        let said = Said::Room {
            room: room.room,
            admission: room.admission_hash,
            created: Some(created),
        };
        shared.say(&said).await?;
        Ok(match was {
            Some(_) => Created::Already,
            None => Created::New,
        })
    }

    /// Closes a room; answers whether there was one. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`], or that what is shared is out of reach.
    pub(crate) async fn close_room(self: &Arc<Self>, room: RoomId) -> Result<bool, DataError> {
        let Some(shared) = &self.shared else {
            let app = Arc::clone(self);
            let close = move || {
                let was_there = app.store.close_room(&room)?;
                if was_there {
                    app.hub().close_room(room, Instant::now());
                }
                Ok(was_there)
            };
            return in_background(close).await;
        };
        match self.admission(&room).await {
            Err(Refusal::RoomUnknown) => return Ok(false),
            known => known.map_err(|_| DataError::SharedAway)?,
        };
        let close = async {
            shared.take_room(&room).await?;
            shared.say(&Said::Change(Change::Close { room })).await
        };
        close.await.map_err(|_| DataError::SharedAway)?;
        Ok(true)
    }

    /// Makes another host code. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`].
    pub(crate) async fn new_host_code(self: &Arc<Self>) -> Result<HostCode, DataError> {
        let Some(shared) = &self.shared else {
            let app = Arc::clone(self);
            return in_background(move || app.store.new_host_code()).await;
        };
        if self.store.host_code_hashes().len() >= MAX_HOST_CODES {
            return Err(DataError::TooManyHostCodes);
        }
        let code = HostCode::random();
        let hash = *code.hash().as_bytes();
        let make = async {
            shared.put_host_code(&hash, seconds_since_1970()).await?;
            shared.say(&Said::HostCode { hash }).await
        };
        make.await.map_err(|_| DataError::SharedAway)?;
        Ok(code)
    }

    /// From now on this host code is good no more; answers whether it was. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`].
    pub(crate) async fn revoke_host_code(
        self: &Arc<Self>,
        code: HostCode,
    ) -> Result<bool, DataError> {
        let Some(shared) = &self.shared else {
            let app = Arc::clone(self);
            return in_background(move || app.store.revoke_host_code(&code)).await;
        };
        if !self.store.is_host_code(&code) {
            return Ok(false);
        }
        let hash = *code.hash().as_bytes();
        let revoke = async {
            shared.take_host_codes(Some(&hash)).await?;
            shared.say(&Said::Revoked { hash }).await
        };
        revoke.await.map_err(|_| DataError::SharedAway)?;
        Ok(true)
    }

    /// From now on no host code is good; answers how many were. Waits for the disk.
    ///
    /// # Errors
    /// [`DataError`].
    pub(crate) async fn revoke_all_host_codes(self: &Arc<Self>) -> Result<usize, DataError> {
        let Some(shared) = &self.shared else {
            let app = Arc::clone(self);
            return in_background(move || app.store.revoke_all_host_codes()).await;
        };
        let count = self.store.host_code_hashes().len();
        let revoke = async {
            shared.take_host_codes(None).await?;
            shared.say(&Said::AllRevoked).await
        };
        revoke.await.map_err(|_| DataError::SharedAway)?;
        Ok(count)
    }

    /// A session that is not known here may be known elsewhere, from a moment ago.
    async fn find(&self, shared: &Shared, me: SessionId) -> Result<(), Refusal> {
        let known = self.hub().whereabouts(me).is_some();
        if known {
            Ok(())
        } else {
            shared.catch_up().await
        }
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DataError> + Send + 'static,
) -> Result<T, DataError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(DataError::Interrupted(error.to_string())),
    }
}
