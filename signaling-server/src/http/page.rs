//! The guest's page: what a browser is shown that follows an invite link. The UI of the app, embedded.
//!
//! Everything is embedded as compressed by the build script and sent so: a client that names no coding takes any (RFC 9110,
//! section 12.5.3), and no browser refuses this one. What carries the version in its path never changes and is kept; the page
//! itself is asked for anew each time, and is a kilobyte or two.

use super::answer::Refused;
use axum::extract::Path;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use visio_protocol::refusal::Refusal;

/// What the build script wrote: `VERSION`, `PAGE` and `FILES`.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/page.rs"));
}

/// Scripts and styles of this server, words and calls of this server: nothing from elsewhere, nothing inline, and no text that
/// becomes a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// What the page may use, and no page within it.
const PERMISSIONS: &str = "autoplay=(self), camera=(self), clipboard-write=(self), display-capture=(self), fullscreen=(self), \
    microphone=(self), screen-wake-lock=(self), speaker-selection=(self), geolocation=(), usb=(), serial=(), hid=()";

/// What carries its version in its path: a year, as long as anybody keeps anything.
const KEPT: &str = "public, max-age=31536000, immutable";

/// What has to be asked for each time, and may be answered by "as before".
const ASKED_FOR: &str = "no-cache";

/// `GET /` and `GET /j`.
pub(super) async fn page(headers: HeaderMap) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", embedded::VERSION));
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|known| tag.as_ref().is_ok_and(|tag| known == tag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        compressed("text/html; charset=utf-8", embedded::PAGE)
    };
    let headers = response.headers_mut();
    if let Ok(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, ASKED_FOR),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `GET /ui/VERSION/PATH`. Whoever has the page of another version is given what there is now, to be kept by nobody.
pub(super) async fn file(Path((version, path)): Path<(String, String)>) -> Response {
    let found = embedded::FILES
        .binary_search_by(|(known, _)| (*known).cmp(path.as_str()))
        .ok();
    let Some((path, content)) = found.and_then(|place| embedded::FILES.get(place)) else {
        return Refused(Refusal::NotFound).into_response();
    };
    let mut response = compressed(kind(path), content);
    if version == embedded::VERSION {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    }
    response
}

fn compressed(kind: &'static str, content: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_ENCODING, "gzip"),
        (header::VARY, "Accept-Encoding"),
    ];
    (headers, content).into_response()
}

/// What a file is, by the end of its name.
fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_sorted_so_that_each_is_found_and_each_has_a_kind() {
        assert!(embedded::FILES.is_sorted_by_key(|(path, _)| *path));
        for (path, _) in embedded::FILES {
            assert_eq!(
                kind(path).starts_with("text/plain"),
                path.ends_with(".txt"),
                "{path}"
            );
        }
    }

    #[test]
    fn it_comes_with_all_that_it_needs_and_with_nothing_else() {
        let paths: Vec<_> = embedded::FILES.iter().map(|(path, _)| *path).collect();
        for needed in [
            "app.js",
            "backend/browser/index.js",
            "i18n/en.json",
            "i18n/fr.json",
            "style/call.css",
            "vendor/licences/preact.txt",
        ] {
            assert!(paths.contains(&needed), "{needed} is missing");
        }
        let stray = |path: &&&str| path.starts_with("tests/") || path.ends_with(".d.ts");
        assert_eq!(paths.iter().find(stray), None);
    }
}
