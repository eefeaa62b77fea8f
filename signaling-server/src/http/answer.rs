//! What every answer has: the version, the security headers, and a refusal's form.

use axum::Json;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use visio_protocol::refusal::Refusal;
use visio_protocol::request::VERSION_HEADER;

/// A refusal as an answer.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, Json(self.0)).into_response();
        if let Refusal::TooMany { seconds } = self.0 {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        // For whoever counts them.
        response.extensions_mut().insert(self.0);
        response
    }
}

/// On every answer, unless it says otherwise itself: it is no page, it may not be kept, framed or guessed
/// at.
const HEADERS: [(HeaderName, HeaderValue); 8] = [
    (
        HeaderName::from_static(VERSION_HEADER),
        HeaderValue::from_static("1"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    // A proxy in between (nginx among them) must not collect an event stream before it hands it on.
    (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    ),
];

/// Adds what every answer has and this one has not yet.
pub(crate) fn finish(response: &mut Response) {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use visio_protocol::PROTOCOL_VERSION;

    #[test]
    fn every_answer_says_the_version_of_the_protocol() {
        let mut response = Refused(Refusal::NotFound).into_response();
        finish(&mut response);
        assert_eq!(
            response.headers()[VERSION_HEADER],
            PROTOCOL_VERSION.to_string()
        );
    }
}
