//! Creating, entering and leaving rooms, and speaking in them.

use super::answer::Refused;
use super::body::Bounded;
use super::client::Client;
use super::session::{Me, bearer, check_version};
use super::{App, now_ms};
use crate::data::Created;
use crate::guard::Asked;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use std::sync::Arc;
use visio_protocol::RoomId;
use visio_protocol::host_code::HostCode;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{
    CreateRoom, EnterRoom, RoomCreated, RoomEntered, SendSignals, SignalsSent,
};

/// The room in a path.
pub(super) struct Room(RoomId);

impl FromRequestParts<Arc<App>> for Room {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let Path(room) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::NotFound)?;
        room.parse()
            .map(Self)
            .map_err(|_| Refusal::Malformed.into())
    }
}

/// Whoever shows the host code.
pub(super) struct Host;

impl FromRequestParts<Arc<App>> for Host {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        check_version(&parts.headers)?;
        let Client(client) = Client::of(parts);
        app.gate.ask(client, Asked::Creation)?;
        // Who has guessed wrong too often learns nothing more, not even that the code is right: part
        // of a code may have been seen over somebody's shoulder.
        app.gate.may(client, Asked::WrongHostCode)?;
        let good = host_code(&parts.headers).is_some_and(|code| app.store.is_host_code(&code));
        if good {
            return Ok(Self);
        }
        app.gate.ask(client, Asked::WrongHostCode)?;
        Err(Refusal::HostCode.into())
    }
}

fn host_code(headers: &HeaderMap) -> Option<HostCode> {
    bearer(headers)?.parse().ok()
}

/// `POST /v1/rooms`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    _host: Host,
    Bounded(body): Bounded<CreateRoom>,
) -> Result<(StatusCode, Json<RoomCreated>), Refused> {
    let room = body.room;
    let created = app.create_room(body).await?;
    tracing::info!(rooms = app.store.room_count(), "a room was created");
    let status = match created {
        Created::New => StatusCode::CREATED,
        Created::Already => StatusCode::OK,
    };
    Ok((
        status,
        Json(RoomCreated {
            room,
            now: now_ms(),
        }),
    ))
}

/// `PUT /v1/rooms/ROOM/me`.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    Me(me): Me,
    Client(client): Client,
    Room(room): Room,
    Bounded(body): Bounded<EnterRoom>,
) -> Result<Json<RoomEntered>, Refused> {
    let admission = app.admission(&room).await?;
    if !admission.admits(&body.admission) {
        app.gate.ask(client, Asked::WrongAdmission)?;
        return Err(Refusal::Admission.into());
    }
    let entered = app.enter(me, room, body.role, body.returning).await?;
    tracing::debug!(sessions = app.hub().session_count(), role = ?body.role, returning = body.returning, "a session entered a room");
    let now = now_ms();
    let relays = app.relays.as_ref();
    Ok(Json(RoomEntered {
        me,
        present: entered.present,
        complete: entered.complete,
        keepalive_ms: u64::try_from(app.limits.keepalive.as_millis()).unwrap_or(u64::MAX),
        relay: relays.map(|relays| relays.access(me, now / 1000)),
        now,
    }))
}

/// `DELETE /v1/rooms/ROOM/me`.
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    Me(me): Me,
    Room(room): Room,
) -> Result<StatusCode, Refused> {
    app.leave(me, room).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/rooms/ROOM/signals`.
pub(super) async fn signal(
    State(app): State<Arc<App>>,
    Me(me): Me,
    Room(room): Room,
    Bounded(body): Bounded<SendSignals>,
) -> Result<(StatusCode, Json<SignalsSent>), Refused> {
    // Not for rooms that there are none of: what is kept of a room is kept of those alone.
    match app.admission(&room).await {
        Err(Refusal::RoomUnknown) => return Err(Refusal::SessionUnknown.into()),
        known => known?,
    };
    let count = body.signals.len();
    app.gate.say(room, count)?;
    let unknown = app.signal(me, room, body.signals).await?;
    app.counters.handed_on(count);
    Ok((StatusCode::ACCEPTED, Json(SignalsSent { unknown })))
}
