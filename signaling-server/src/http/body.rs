//! A body of bounded size that arrives in bounded time.

use super::App;
use super::answer::Refused;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use visio_protocol::refusal::Refusal;

/// A JSON body.
///
/// One that announces more than the limit is refused before any of it is read, one that has more
/// without announcing it as soon as the limit is passed; the connection ends with either, so that
/// the rest is not read.
pub(super) struct Bounded<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Bounded<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refused> {
        let limit = app.limits.max_body;
        let announced = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(Refusal::TooLarge { limit }.into());
        }
        let bytes = tokio::time::timeout(app.limits.request_time, read(request.into_body(), limit))
            .await
            .map_err(|_| Refusal::TooSlow)??;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| Refusal::Malformed.into())
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge { limit }),
        Err(_) => Err(Refusal::Malformed),
    }
}
