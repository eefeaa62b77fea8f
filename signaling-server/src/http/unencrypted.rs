//! What is answered without encryption where there is a certificate: what an authority asks for, and
//! to everybody else, where the encrypted port is.

use crate::certificate::Shown;
use axum::Router;
use axum::extract::Path;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use std::sync::Arc;

use super::answer::Refused;
use visio_protocol::refusal::Refusal;

/// All paths. `url` is that of the encrypted port, without a path.
pub(crate) fn router(shown: Arc<Shown>, url: String) -> Router {
    let proof = async move |Path(token): Path<String>| match shown.text(&token) {
        // What RFC 8555, section 8.3, wants.
        Some(text) => ([(CONTENT_TYPE, "application/octet-stream")], text).into_response(),
        None => Refused(Refusal::NotFound).into_response(),
    };
    // The method stays, and never the name that was asked for: that may be anybody's.
    let elsewhere = async move |asked: Uri| {
        let path = asked.path_and_query().map_or("/", |path| path.as_str());
        Redirect::permanent(&format!("{url}{path}"))
    };
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(proof))
        .fallback(elsewhere)
}
