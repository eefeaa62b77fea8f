//! Who a request comes from, as far as limits go: the address, and nothing that would be kept.

use super::App;
use super::answer::Refused;
use crate::guard::{Asked, Network};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use visio_protocol::refusal::Refusal;

/// The other end of the connection that a request came over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Whom a request is counted for; `None` for whoever has no limits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Client(pub(super) Option<Network>);

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl Client {
    /// Known since the request came in.
    pub(super) fn of(parts: &Parts) -> Self {
        parts.extensions.get().copied().unwrap_or_default()
    }
}

/// The address of the client that made a request.
fn address(peer: Peer, _headers: &HeaderMap) -> IpAddr {
    peer.0
}

/// Every request passes here: it is counted for its client, and what it is answered too.
pub(super) async fn admit(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let network = peer.and_then(|peer| app.gate.network(address(peer, request.headers())));
    let response = match app.gate.ask(network, Asked::Request) {
        Ok(()) => {
            request.extensions_mut().insert(Client(network));
            next.run(request).await
        }
        Err(refusal) => Refused(refusal).into_response(),
    };
    app.counters
        .answered(response.extensions().get::<Refusal>());
    response
}
