//! Servers that are down, are something else, are hostile, or send what nobody should.

use super::support::{PATIENCE, Person, World, fake_server, visio};
use crate::signaling::{OpenError, Role, Signaling, SignalingError, SignalingEvent};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use visio_protocol::event::{Event, SealedSignal};
use visio_protocol::message::Signal;
use visio_protocol::sealing::Sealer;
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::Recipient;
use visio_protocol::sse::write_event;
use visio_protocol::{Invite, RoomKeys, ServerUrl, SessionId};

async fn entering(server: &ServerUrl) -> SignalingError {
    let invite = Invite::generate(server.clone());
    let entered = Signaling::enter(&invite, Role::Calling);
    let entered = tokio::time::timeout(PATIENCE, entered)
        .await
        .expect("an answer in time");
    entered.err().expect("nobody can enter here")
}

fn json(status: &str, body: &str) -> String {
    visio(status, "application/json", body)
}

/// The session id of who makes this request.
fn asker(request: &str) -> SessionId {
    let bearer = request
        .lines()
        .find_map(|line| line.strip_prefix("authorization: Bearer "))
        .unwrap();
    SessionSecret::from_bearer(bearer.trim())
        .unwrap()
        .session_id()
}

fn entered(request: &str) -> String {
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_millis();
    let me = asker(request);
    json(
        "200 OK",
        &format!(r#"{{"me":"{me}","present":[],"complete":true,"keepalive_ms":2000,"now":{now}}}"#),
    )
}

#[tokio::test]
async fn a_server_that_is_down_is_told_as_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = entering(&address.parse().unwrap()).await;
    assert_eq!(error, SignalingError::Unreachable { server: address });
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_as_unreachable() {
    let error = entering(&"nobody.invalid".parse().unwrap()).await;
    assert_eq!(
        error,
        SignalingError::Unreachable {
            server: "nobody.invalid".into()
        }
    );
}

#[tokio::test]
async fn something_that_is_not_a_visio_server_is_told_as_such() {
    let page =
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n\r\n<h1>Hello!</h1>";
    let answers = [
        page.to_owned(),
        page.replace("200 OK", "404 Not Found"),
        page.replace("200 OK", "302 Found\r\nlocation: http://192.0.2.1/login"),
        json("200 OK", "{}"),
        json("200 OK", "<h1>Hello!</h1>"),
        json("403 Forbidden", "no"),
        visio(
            "200 OK",
            "application/json",
            &format!("\"{}\"", "a".repeat(1 << 20)),
        ),
    ];
    for answer in answers {
        let shown = answer.chars().take(120).collect::<String>();
        let server = fake_server(move |_| answer.clone().into_bytes()).await;
        assert_eq!(
            entering(&server).await,
            SignalingError::NotVisio {
                server: server.authority()
            },
            "{shown}"
        );
    }
}

#[tokio::test]
async fn something_that_does_not_even_speak_http_is_no_server() {
    let server = fake_server(|_| b"220 mail.example.org ESMTP\r\n".to_vec()).await;
    assert_eq!(
        entering(&server).await,
        SignalingError::Unreachable {
            server: server.authority()
        }
    );
}

#[tokio::test]
async fn a_server_of_another_version_is_told_with_its_version() {
    let answer = json(
        "426 Upgrade Required",
        r#"{"refused":"version","protocol":2}"#,
    );
    let answer = answer.replace("visio-protocol: 1", "visio-protocol: 2");
    let server = fake_server(move |_| answer.clone().into_bytes()).await;
    let expected = SignalingError::OtherVersion {
        server: server.authority(),
        theirs: 2,
    };
    assert_eq!(entering(&server).await, expected);
}

#[tokio::test]
async fn a_server_with_the_wrong_clock_is_told_with_the_difference() {
    let server = fake_server(|request| {
        let an_hour_ago = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() - 3_600_000;
        let me = asker(request);
        let body = format!(r#"{{"me":"{me}","present":[],"complete":true,"keepalive_ms":2000,"now":{an_hour_ago}}}"#);
        json("200 OK", &body).into_bytes()
    })
    .await;
    assert_eq!(
        entering(&server).await,
        SignalingError::Clock {
            server: server.authority(),
            minutes: 60
        }
    );
}

#[tokio::test]
async fn a_server_that_answers_for_somebody_else_is_not_believed() {
    let other = SessionId::random();
    let server = fake_server(move |_| {
        json(
            "200 OK",
            &format!(r#"{{"me":"{other}","present":[],"complete":true,"keepalive_ms":1,"now":0}}"#),
        )
        .into_bytes()
    })
    .await;
    assert_eq!(
        entering(&server).await,
        SignalingError::NotVisio {
            server: server.authority()
        }
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server: ServerUrl = listener.local_addr().unwrap().to_string().parse().unwrap();
    let started = Instant::now();
    assert_eq!(
        entering(&server).await,
        SignalingError::Unreachable {
            server: server.authority()
        }
    );
    assert!(started.elapsed() < Duration::from_secs(8));
}

/// A server that lets everybody in and then sends this as the event stream.
async fn streaming(stream: impl Fn(SessionId) -> Vec<u8> + Send + Sync + 'static) -> ServerUrl {
    fake_server(move |request| {
        if !request.starts_with("GET /v1/events") {
            return entered(request).into_bytes();
        }
        let head = "HTTP/1.1 200 OK\r\nvisio-protocol: 1\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        [head.as_bytes(), &stream(asker(request))].concat()
    })
    .await
}

#[tokio::test]
async fn a_malformed_event_stream_is_refused_and_opened_again() {
    let malformed = SignalingEvent::Refused {
        from: None,
        why: OpenError::Malformed,
    };
    let streams: [&[u8]; 4] = [
        b"event: left\ndata: {}\n\n",
        b"event: signal\ndata: nonsense\n\n",
        b"data: \xff\xfe\n\n",
        &[b'a'; 100_000],
    ];
    for stream in streams {
        let server = streaming(move |_| stream.to_vec()).await;
        let mut anna = Person::enter(&Invite::generate(server), Role::Watching).await;
        assert_eq!(anna.next().await, malformed);
        assert_eq!(anna.next().await, malformed, "it was opened again");
    }
}

#[tokio::test]
async fn a_server_that_alters_replays_or_redirects_messages_is_caught() {
    let invite_secret = InviteSecret::random();
    let keys = RoomKeys::derive(&invite_secret);
    let friend = SessionId::random();
    let stranger_keys = RoomKeys::derive(&InviteSecret::random());
    let sent = Arc::new(Mutex::new(false));
    let server = streaming({
        let keys = keys.clone();
        move |me| {
            if std::mem::replace(&mut *sent.lock().unwrap(), true) {
                return Vec::new();
            }
            let mut sealer = Sealer::new(&keys.sealing, keys.room, friend);
            let mut forger = Sealer::new(&stranger_keys.sealing, keys.room, friend);
            let elsewhere = SessionId::random();
            let to_me = Recipient::Session(me);
            let first = sealer
                .seal(to_me, &Signal::AskOffer { restart: false })
                .unwrap();
            let for_another = sealer.seal(elsewhere.into(), &Signal::Bye).unwrap();
            let mut altered = sealer.seal(to_me, &Signal::Bye).unwrap();
            let last = if altered.pop() == Some('A') { 'B' } else { 'A' };
            altered.insert(altered.len() - 20, last);
            let forged = forger.seal(to_me, &Signal::Bye).unwrap();
            let mut stream = String::new();
            for sealed in [first.clone(), first, for_another, altered, forged] {
                let signal = SealedSignal {
                    room: keys.room,
                    from: friend,
                    to: to_me,
                    sealed,
                };
                let event = Event::Signal(signal);
                stream += &write_event("1-1", event.name(), &event.data());
            }
            stream.into_bytes()
        }
    })
    .await;
    let mut anna = Person::enter(
        &Invite {
            server,
            secret: invite_secret,
        },
        Role::Watching,
    )
    .await;
    let signal = Signal::AskOffer { restart: false };
    assert_eq!(
        anna.next().await,
        SignalingEvent::Signal {
            from: friend,
            signal
        }
    );
    for why in [
        OpenError::Replayed,
        OpenError::Altered,
        OpenError::Altered,
        OpenError::Altered,
    ] {
        assert_eq!(
            anna.next().await,
            SignalingEvent::Refused {
                from: Some(friend),
                why
            }
        );
    }
}

#[tokio::test]
async fn a_message_of_last_week_is_not_taken_for_news() {
    // A hostile server kept what was said to the room, and tells it to a newcomer.
    let secret = InviteSecret::random();
    let keys = RoomKeys::derive(&secret);
    let friend = SessionId::random();
    let old = Sealer::new(&keys.sealing, keys.room, friend)
        .seal(Recipient::Room, &Signal::Bye)
        .unwrap();
    let server = streaming(move |_| {
        let signal = SealedSignal {
            room: keys.room,
            from: friend,
            to: Recipient::Room,
            sealed: old.clone(),
        };
        let event = Event::Signal(signal);
        write_event("1-1", event.name(), &event.data()).into_bytes()
    })
    .await;
    let mut anna = Person::enter(&Invite { server, secret }, Role::Watching).await;
    let events = anna.watch(Duration::from_secs(1)).await;
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, SignalingEvent::Signal { .. })),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_server_that_goes_away_is_lost_and_later_resumed() {
    let mut world = World::new().await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Watching).await;
    world.stop().await;
    assert_eq!(anna.next().await, SignalingEvent::Lost);
    world.start().await;
    assert_eq!(anna.next().await, SignalingEvent::Resumed);
}
