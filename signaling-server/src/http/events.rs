//! A session's event stream.

use super::App;
use super::answer::Refused;
use super::client::Client;
use super::session::Me;
use crate::guard::Asked;
use crate::hub::{CutOff, Stream};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http_body::Frame;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

/// `GET /v1/events`.
pub(super) async fn listen(
    State(app): State<Arc<App>>,
    Me(me): Me,
    Client(client): Client,
    Extension(cut_off): Extension<CutOff>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    app.gate.ask(client, Asked::Stream)?;
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let stream = app.listen(me, last_id, cut_off).await?;
    Ok((
        [(CONTENT_TYPE, "text/event-stream")],
        Body::new(StreamBody(stream)),
    )
        .into_response())
}

/// A stream as the body of an answer: one slot queue and nothing else, which is what makes an idle
/// one cheap.
struct StreamBody(Stream);

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.0.poll_next(context, Instant::now());
        piece.map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}
