//! The page for guests.

use crate::support::{World, refusal};
use reqwest::{Client, Method, Response, StatusCode};
use visio_protocol::refusal::Refusal;

/// What a guest's first visit may load, in bytes.
const MAX_LOAD: usize = 300 * 1024;

/// Asks as a browser does, which knows nothing of the protocol.
async fn get(world: &World, method: Method, path: &str, known: Option<&str>) -> Response {
    let mut request = Client::new().request(method, world.url(path));
    if let Some(known) = known {
        request = request.header("if-none-match", known);
    }
    request.send().await.unwrap()
}

/// The text of an answer, as it was before it was compressed.
async fn text(answer: Response) -> String {
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let bytes = answer.bytes().await.unwrap();
    let mut text = String::new();
    let mut reader = flate2::read::GzDecoder::new(&bytes[..]);
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    text
}

/// Paths that a page asks for.
fn asked_for(page: &str) -> Vec<String> {
    let behind = |beginning: &str| {
        let parts = page.split(beginning).skip(1);
        let found: Vec<String> = parts
            .filter_map(|part| part.split_once('"'))
            .map(|(path, _)| path.to_owned())
            .collect();
        found
    };
    let mut paths = [behind("href=\""), behind("src=\"")].concat();
    paths.sort();
    paths.dedup();
    paths
}

#[tokio::test]
async fn an_invite_link_leads_to_a_page_that_is_guarded_and_asked_for_anew() {
    let world = World::new().await;
    for path in ["/", "/j", "/j?anything"] {
        let answer = get(&world, Method::GET, path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let headers = answer.headers().clone();
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["cache-control"], "no-cache");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(
            !policy.contains("unsafe") && !policy.contains("http"),
            "{policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["visio-protocol"], "1");
        assert!(text(answer).await.starts_with("<!doctype html>"));

        let tag = headers["etag"].to_str().unwrap();
        let again = get(&world, Method::GET, path, Some(tag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()["etag"], tag);
        let other = get(&world, Method::GET, path, Some("\"0\"")).await;
        assert_eq!(other.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_page_loads_little_and_all_of_it_from_here() {
    let world = World::new().await;
    let page = get(&world, Method::GET, "/j", None).await;
    let mut load: usize = page.content_length().unwrap().try_into().unwrap();
    let page = text(page).await;
    let mut paths = asked_for(&page);
    let words = paths.iter().find(|path| path.ends_with("app.js")).unwrap();
    // One language is loaded; the longer one counts.
    paths.push(words.replace("app.js", "i18n/fr.json"));
    assert!(paths.len() > 50, "{paths:?}");
    for path in paths {
        assert!(path.starts_with("/ui/"), "{path} is elsewhere");
        let answer = get(&world, Method::GET, &path, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let kept = "public, max-age=31536000, immutable";
        assert_eq!(answer.headers()["cache-control"], kept, "{path}");
        load += usize::try_from(answer.content_length().unwrap()).unwrap();
        let content = text(answer).await;
        let elsewhere = |beginning: &str| {
            let mut parts = content.split(beginning).skip(1);
            parts.any(|url| !url.starts_with("www.w3.org"))
        };
        let loads = [
            "src=\"http",
            "import(\"http",
            "from \"http",
            "url(http",
            "fetch(\"http",
        ];
        assert!(!loads.iter().any(|it| elsewhere(it)), "{path}");
    }
    assert!(load <= MAX_LOAD, "{load} bytes are loaded");
}

#[tokio::test]
async fn a_head_is_answered_without_a_body_and_what_is_not_there_is_refused() {
    let world = World::new().await;
    let head = get(&world, Method::HEAD, "/j", None).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert!(head.headers().contains_key("etag"));
    assert_eq!(head.bytes().await.unwrap().len(), 0);
    for path in [
        "/ui/0/app.js",
        "/ui/0/style/call.css",
        "/ui/0/vendor/licences/htm.txt",
    ] {
        let old = get(&world, Method::GET, path, None).await;
        assert_eq!(old.status(), StatusCode::OK, "{path}");
        assert_eq!(old.headers()["cache-control"], "no-store");
    }
    for path in [
        "/ui/0/tests/serve.js",
        "/ui/0/../Cargo.toml",
        "/ui/0/%2e%2e/%2e%2e/Cargo.toml",
        "/ui/0/",
        "/ui/app.js",
        "/index.html",
        "/j/more",
    ] {
        let answer = get(&world, Method::GET, path, None).await;
        assert_eq!(refusal(answer).await, Refusal::NotFound, "{path}");
    }
    let post = get(&world, Method::POST, "/j", None).await;
    assert_eq!(refusal(post).await, Refusal::NotFound);
}
