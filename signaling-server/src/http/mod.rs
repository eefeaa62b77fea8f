//! Requests and answers: what `PROTOCOL.md`, section 5, says, on axum; and the page for guests.

mod answer;
mod body;
mod client;
mod events;
mod page;
mod rooms;
mod session;
pub(crate) mod unencrypted;

pub(crate) use answer::finish;

use crate::config::Limits;
use crate::data::Store;
use crate::guard::Gate;
use crate::hub::Hub;
use crate::metrics::Counters;
use crate::relay::Relays;
use crate::shared::Shared;
use answer::Refused;
use axum::extract::State;
use axum::routing::{get, post, put};
use axum::{Json, Router, middleware};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use visio_protocol::PROTOCOL_VERSION;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{ServerInfo, path};

/// What all requests share.
pub(crate) struct App {
    pub(crate) limits: Limits,
    pub(crate) store: Store,
    /// What sessions are told of relays.
    pub(crate) relays: Option<Relays>,
    /// Who may ask for how much.
    pub(crate) gate: Arc<Gate>,
    /// What has happened.
    pub(crate) counters: Arc<Counters>,
    /// What it shares with other servers, if there are any.
    pub(crate) shared: Option<Arc<Shared>>,
    hub: Mutex<Hub>,
}

impl App {
    pub(crate) fn new(
        limits: Limits,
        gate: Gate,
        store: Store,
        hub: Hub,
        relays: Option<Relays>,
        shared: Option<Arc<Shared>>,
    ) -> Self {
        Self {
            limits,
            store,
            relays,
            gate: Arc::new(gate),
            counters: Arc::default(),
            shared,
            hub: Mutex::new(hub),
        }
    }

    /// Everything that is in memory. Held for microseconds, and never across an await.
    pub(crate) fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All paths.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/j", get(page::page))
        .route("/ui/{version}/{*path}", get(page::file))
        .route(path::HEALTH, get(async || "ok"))
        .route(path::SERVER, get(server_info))
        .route(path::ROOMS, post(rooms::create))
        .route(
            "/v1/rooms/{room}/me",
            put(rooms::enter).delete(rooms::leave),
        )
        .route("/v1/rooms/{room}/signals", post(rooms::signal))
        .route(path::ALIVE, post(session::alive))
        .route(path::EVENTS, get(events::listen).head(not_found))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            client::admit,
        ))
        .with_state(app)
}

async fn not_found() -> Refused {
    Refused(Refusal::NotFound)
}

async fn server_info(State(app): State<Arc<App>>) -> Json<ServerInfo> {
    Json(ServerInfo {
        protocol: PROTOCOL_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: now_ms(),
        relays: app.relays.as_ref().map_or_else(Vec::new, Relays::urls),
    })
}

/// This machine's clock, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
