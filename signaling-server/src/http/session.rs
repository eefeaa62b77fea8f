//! Who asks: the session secret, shown with every request.

use super::App;
use super::answer::Refused;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use std::sync::Arc;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{HeardAlive, VERSION_HEADER};
use visio_protocol::secret::SessionSecret;
use visio_protocol::{PROTOCOL_VERSION, SessionId};

/// The session that makes a request: its id follows from the secret that it shows.
pub(super) struct Me(pub(super) SessionId);

impl FromRequestParts<Arc<App>> for Me {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Refused> {
        check_version(&parts.headers)?;
        let secret = bearer(&parts.headers).and_then(SessionSecret::from_bearer);
        Ok(Self(secret.ok_or(Refusal::Malformed)?.session_id()))
    }
}

/// The version that a client says it speaks must be ours. That the header is required also keeps
/// other sites' pages from asking anything in a visitor's name: a browser sends no such header
/// across sites unasked.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let theirs = headers
        .get(VERSION_HEADER)
        .and_then(|version| version.to_str().ok()?.parse().ok());
    if theirs == Some(PROTOCOL_VERSION) {
        Ok(())
    } else {
        Err(Refusal::Version {
            protocol: PROTOCOL_VERSION,
        })
    }
}

/// What follows `Bearer` in the `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

/// `POST /v1/alive`.
pub(super) async fn alive(
    State(app): State<Arc<App>>,
    Me(me): Me,
) -> Result<Json<HeardAlive>, Refused> {
    let newest = app.alive(me).await?;
    Ok(Json(HeardAlive { newest }))
}
