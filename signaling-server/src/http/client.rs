//! Who a request comes from, as far as limits go: the address, and nothing that would be kept.

use super::App;
use super::answer::Refused;
use crate::client_address::ClientAddress;
use crate::guard::{Asked, Network};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::convert::Infallible;
use std::sync::Arc;
use visio_protocol::refusal::Refusal;

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

/// Every request passes here: it is counted for its client, and what it is answered too.
pub(super) async fn admit(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = request.extensions().get::<ClientAddress>();
    let network = client.and_then(|client| app.gate.network(client.0));
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
