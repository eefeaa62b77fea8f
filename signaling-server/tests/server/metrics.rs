//! Numbers for whoever watches over the server.

use crate::support::{World, ask, refusal};
use reqwest::{Method, StatusCode};
use std::collections::HashMap;
use visio_protocol::refusal::Refusal;
use visio_protocol::session::Role;
use visio_server::relay::RelayOptions;
use visio_server::{Config, Server};

async fn text(url: &str) -> (StatusCode, String) {
    let response = ask(Method::GET, url).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn numbers_are_told_at_an_address_of_their_own_and_name_nobody() {
    let mut world = World::new().await;
    world.server.take().unwrap().shutdown().await;
    let mut config = Config::new("127.0.0.1:0".parse().unwrap(), world.data.path());
    config.metrics.listen = Some("127.0.0.1:0".parse().unwrap());
    config.relay = RelayOptions {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        ..RelayOptions::default()
    };
    let server = Server::bind(config).await.unwrap();
    let watched = format!("http://{}", server.metrics_address().unwrap());
    world.server = Some(server);

    let keys = world.room().await;
    let (anna, _hears) = world.enter(&keys, Role::Calling).await;
    world.enter(&keys, Role::Watching).await;
    let wrong = world.create_with(&keys, "1234-5678-9ABC-DEFG").await;
    assert_eq!(refusal(wrong).await, Refusal::HostCode);

    let (status, page) = text(&format!("{watched}/metrics")).await;
    assert_eq!(status, StatusCode::OK);
    let numbers: HashMap<&str, u64> = page
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect();
    for (name, value) in [
        ("visio_rooms", 1),
        ("visio_rooms_occupied", 1),
        ("visio_participants", 1),
        ("visio_watchers", 1),
        ("visio_sessions", 2),
        ("visio_refusals_total{reason=\"host_code\"}", 1),
        ("visio_signals_total", 0),
        ("visio_relay_allocations", 0),
        ("visio_relay_bytes_total", 0),
    ] {
        assert_eq!(numbers.get(name), Some(&value), "{name} in {page}");
    }
    assert!(numbers["visio_requests_total"] >= 5, "{page}");
    for secret in [
        keys.room.to_string(),
        anna.id().to_string(),
        "127.0.0.1".to_owned(),
    ] {
        assert!(!page.contains(&secret), "{secret} in {page}");
    }

    assert_eq!(text(&format!("{watched}/healthz")).await.1, "ok\n");
    assert_eq!(
        text(&format!("{watched}/v1/server")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(text(&world.url("/metrics")).await.0, StatusCode::NOT_FOUND);
    world.server.take().unwrap().shutdown().await;
}
