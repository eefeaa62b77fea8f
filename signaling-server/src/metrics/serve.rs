//! The listener for whoever watches over the server.

use super::text::{CONTENT_TYPE, Page};
use crate::http::App;
use crate::relay::RelayCounts;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// What the numbers are taken from.
#[derive(Clone)]
struct Sources {
    app: Arc<App>,
    relay: Option<Arc<RelayCounts>>,
}

/// `/metrics` and `/healthz`, and nothing else.
pub(crate) fn router(app: Arc<App>, relay: Option<Arc<RelayCounts>>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || StatusCode::NOT_FOUND)
        .method_not_allowed_fallback(async || StatusCode::NOT_FOUND)
        .with_state(Sources { app, relay })
}

async fn metrics(State(sources): State<Sources>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], sources.page()).into_response()
}

impl Sources {
    fn page(&self) -> String {
        let Self { app, relay } = self;
        let census = app.hub().census();
        let counters = &app.counters;
        let mut page = Page::default();
        page.gauge("visio_rooms", "Rooms that exist.", app.store.room_count());
        page.gauge(
            "visio_rooms_occupied",
            "Rooms that somebody is in.",
            census.rooms,
        );
        page.gauge(
            "visio_participants",
            "Places in calls.",
            census.people.calling,
        );
        page.gauge(
            "visio_watchers",
            "Places of those who would be rung.",
            census.people.watching,
        );
        page.gauge(
            "visio_sessions",
            "Sessions, those included that may yet come back.",
            census.sessions,
        );
        page.gauge(
            "visio_streams",
            "Event streams that are open.",
            census.streams,
        );
        page.gauge(
            "visio_addresses",
            "Addresses that something is counted for.",
            app.gate.known(),
        );
        page.counter(
            "visio_requests_total",
            "Requests answered.",
            counters.requests(),
        );
        page.counter(
            "visio_signals_total",
            "Sealed messages handed on.",
            counters.signals(),
        );
        page.counters(
            "visio_refusals_total",
            "Requests refused.",
            "reason",
            counters.refusals(),
        );
        page.counter(
            "visio_connections_turned_away_total",
            "Connections closed at once, since their address had too many.",
            counters.turned_away(),
        );
        if let Some(shared) = &app.shared {
            page.gauge(
                "visio_redis_up",
                "Whether Redis, over which rooms are shared, is there.",
                u8::from(shared.is_up()),
            );
            page.gauge(
                "visio_servers",
                "Servers that share rooms, this one included.",
                shared.servers(),
            );
            page.counter(
                "visio_log_entries_total",
                "Changes read from what servers share.",
                shared.entries(),
            );
        }
        if let Some(relay) = relay {
            let relay = relay.now();
            page.gauge(
                "visio_relay_allocations",
                "Allocations on the relay.",
                relay.allocations,
            );
            page.gauge(
                "visio_relay_addresses",
                "Relayed addresses.",
                relay.addresses,
            );
            page.counter(
                "visio_relay_allocations_total",
                "Allocations made.",
                relay.made,
            );
            page.counter(
                "visio_relay_bytes_total",
                "Bytes relayed, both directions together.",
                relay.bytes,
            );
            page.counter(
                "visio_relay_packets_held_back_total",
                "Packets that bounds on bandwidth held back.",
                relay.held_back,
            );
        }
        page.into_text()
    }
}
