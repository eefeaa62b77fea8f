//! What nobody's client does.

use crate::support::{PATIENCE, World, ask, refusal, sealed};
use reqwest::{Method, StatusCode};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::path;
use visio_protocol::session::{Recipient, Role};
use visio_server::Limits;

async fn connect(world: &World) -> TcpStream {
    let address: SocketAddr = world.server.as_ref().unwrap().address();
    TcpStream::connect(address).await.unwrap()
}

/// What comes next, in one piece.
async fn some(socket: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let length = tokio::time::timeout(PATIENCE, socket.read(&mut answer))
        .await
        .expect("something comes")
        .unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// What comes until the connection ends.
async fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer))
        .await
        .expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

fn head(world: &World, more: &str) -> String {
    format!(
        "POST /v1/rooms HTTP/1.1\r\nhost: a\r\nvisio-protocol: 1\r\nauthorization: Bearer {}\r\n{more}\r\n\r\n",
        world.host_code()
    )
}

#[tokio::test]
async fn a_body_of_a_gigabyte_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let mut socket = connect(&world).await;
    let started = Instant::now();
    socket
        .write_all(head(&world, "content-length: 1073741824").as_bytes())
        .await
        .unwrap();
    let answer = some(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(
        answer.contains(r#"{"refused":"too_large","limit":65536}"#),
        "{answer}"
    );
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_body_that_does_not_say_its_length_is_refused_when_it_is_too_long() {
    let world = World::new().await;
    let mut socket = connect(&world).await;
    socket
        .write_all(head(&world, "transfer-encoding: chunked").as_bytes())
        .await
        .unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    // A gigabyte of them, if the server let us.
    let mut sent = 0;
    for _ in 0..65_536 {
        if socket.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
        sent += chunk.len();
    }
    assert!(sent < 64 << 20, "{sent} bytes were taken");
}

#[tokio::test]
async fn a_request_that_drips_is_ended() {
    let limits = Limits {
        request_time: Duration::from_millis(500),
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let mut slow_head = connect(&world).await;
    slow_head
        .write_all(b"GET /healthz HTTP/1.1\r\nho")
        .await
        .unwrap();
    let mut slow_body = connect(&world).await;
    slow_body
        .write_all(head(&world, "content-length: 100").as_bytes())
        .await
        .unwrap();
    slow_body.write_all(b"{").await.unwrap();
    rest(&mut slow_head).await;
    let answer = rest(&mut slow_body).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn who_asks_for_more_on_the_connection_of_a_stream_has_hung_up() {
    let world = World::new().await;
    let keys = world.room().await;
    let session = world.session(&keys);
    session.enter(Role::Watching).await;
    let request = |method: &str| {
        format!(
            "{method} {} HTTP/1.1\r\nhost: a\r\nvisio-protocol: 1\r\nauthorization: Bearer {}\r\n\r\n",
            path::EVENTS,
            session.secret.to_bearer().as_str()
        )
    };
    let mut socket = connect(&world).await;
    // A head alone begins nothing, and the connection can be used again.
    socket.write_all(request("HEAD").as_bytes()).await.unwrap();
    assert!(some(&mut socket).await.starts_with("HTTP/1.1 404"));
    socket.write_all(request("GET").as_bytes()).await.unwrap();
    let mut heard = String::new();
    while !heard.ends_with(":\n\n") {
        let more = some(&mut socket).await;
        assert_ne!(more, "", "{heard}");
        heard += &more;
    }
    assert!(
        heard.starts_with("HTTP/1.1 200 OK\r\nconnection: close\r\ndate: "),
        "{heard}"
    );
    for line in [
        "content-type: text/event-stream",
        "visio-protocol: 1",
        "x-content-type-options: nosniff",
    ] {
        assert!(heard.contains(&format!("\r\n{line}\r\n")), "{heard}");
    }
    assert!(!heard.contains("content-length"), "{heard}");
    socket.write_all(request("GET").as_bytes()).await.unwrap();
    assert_eq!(rest(&mut socket).await, "");
}

#[tokio::test]
async fn a_head_without_end_and_a_thing_that_is_not_http_end_the_connection() {
    let world = World::new().await;
    let mut endless = connect(&world).await;
    let mut text = "GET /healthz HTTP/1.1\r\n".to_owned();
    text += &"x-header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(10_000);
    let _ = endless.write_all(text.as_bytes()).await;
    rest(&mut endless).await;
    let mut noise = connect(&world).await;
    noise
        .write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0xff, 0x00])
        .await
        .unwrap();
    noise.write_all(b"\r\n\r\n").await.unwrap();
    rest(&mut noise).await;
}

#[tokio::test]
async fn malformed_bodies_and_paths_get_a_typed_refusal() {
    let world = World::new().await;
    let keys = world.room().await;
    let (anna, _hears) = world.enter(&keys, Role::Calling).await;
    let signals = path::signals(&keys.room);
    for body in [
        "",
        "{",
        "[]",
        r#"{"signals":[{"to":"everybody","sealed":"AQAAAAAAAAAB"}]}"#,
        r#"{"signals":[{"to":"room"}]}"#,
        "\u{0}",
    ] {
        let answer = anna
            .ask(Method::POST, &signals)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(answer).await, Refusal::Malformed, "{body}");
    }
    let answer = anna
        .ask(Method::PUT, "/v1/rooms/kitchen/me")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(answer).await, Refusal::Malformed);
    for wrong in ["/nowhere", "/v2/rooms", "/v1/rooms/../../etc/passwd"] {
        let answer = ask(Method::GET, &world.url(wrong)).send().await.unwrap();
        assert_eq!(refusal(answer).await, Refusal::NotFound, "{wrong}");
    }
    let answer = ask(Method::DELETE, &world.url(path::ROOMS))
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(answer).await, Refusal::NotFound);
    // And none of that has disturbed anybody.
    assert_eq!(
        anna.signal(Recipient::Room, &sealed(1, 8)).await.status(),
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_and_the_others_are_served() {
    let limits = Limits {
        max_connections: 2,
        request_time: Duration::from_millis(700),
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let _idle = [connect(&world).await, connect(&world).await];
    // The idle ones are ended when no request arrives; then it is our turn.
    let answer = ask(Method::GET, &world.url(path::HEALTH))
        .timeout(PATIENCE)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn oversized_everything_is_refused_and_costs_nobody_else_anything() {
    let world = World::new().await;
    let keys = world.room().await;
    let (anna, _hears) = world.enter(&keys, Role::Calling).await;
    let long = "x".repeat(1 << 20);
    let many = "x-header: a\r\n".repeat(5_000);
    for head in [
        format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("{long} / HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nauthorization: Bearer {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{many}\r\n"),
    ] {
        let mut socket = connect(&world).await;
        let _ = socket.write_all(head.as_bytes()).await;
        let answer = rest(&mut socket).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    let signals = path::signals(&keys.room);
    let one = r#"{"to":"room","sealed":"AQAAAAAAAAAB"}"#;
    let too_many = format!(r#"{{"signals":[{}]}}"#, [one; 65].join(","));
    let nested = "[".repeat(60_000);
    for body in [too_many, nested] {
        let answer = anna.ask(Method::POST, &signals).body(body).send().await;
        assert_eq!(refusal(answer.unwrap()).await, Refusal::Malformed);
    }
    let longest = sealed(1, 60_000);
    let answer = anna.signal(Recipient::Room, &longest).await;
    assert_eq!(refusal(answer).await, Refusal::Malformed);
    let answer = anna.signal(Recipient::Room, &sealed(1, 8)).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_crowd_that_sends_a_byte_now_and_then_is_ended_in_time_and_others_are_served() {
    let limits = Limits {
        request_time: Duration::from_millis(800),
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let started = Instant::now();
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let mut socket = connect(&world).await;
        crowd.spawn(async move {
            let _ = socket.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await;
            while socket.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
    let answer = ask(Method::GET, &world.url(path::HEALTH)).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    let ended = async { while crowd.join_next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("all of them are ended");
    assert!(started.elapsed() < Duration::from_secs(5));
}
