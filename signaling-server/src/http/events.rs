//! A session's event stream.

use super::App;
use super::answer::Refused;
use super::client::Client;
use super::session::Me;
use crate::connection::stream::Outlet;
use crate::guard::Asked;
use axum::Extension;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// `GET /v1/events`: the beginning of the answer, which the connection goes on with.
pub(super) async fn listen(
    State(app): State<Arc<App>>,
    Me(me): Me,
    Client(client): Client,
    Extension(outlet): Extension<Outlet>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    app.gate.ask(client, Asked::Stream)?;
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let stream = app.listen(me, last_id, outlet.cut_off()).await?;
    outlet.go_on_with(stream);
    Ok([(CONTENT_TYPE, "text/event-stream")].into_response())
}
