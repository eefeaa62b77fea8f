//! One address that asks too much: what it is told, and that nobody else notices.

use crate::support::{PATIENCE, Session, World, ask, refusal, sealed};
use reqwest::{Method, Response, StatusCode};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use visio_protocol::RoomKeys;
use visio_protocol::host_code::HostCode;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::path;
use visio_protocol::secret::InviteSecret;
use visio_protocol::session::{Recipient, Role};
use visio_server::guard::GuardOptions;

/// Loopback is held to the limits, as any other address.
fn strict() -> GuardOptions {
    GuardOptions {
        loopback: true,
        ..GuardOptions::default()
    }
}

async fn server_info(world: &World) -> Response {
    let request = ask(Method::GET, &world.url(path::SERVER));
    request.send().await.unwrap()
}

/// The seconds that an answer says to wait, which must be all that it says.
async fn too_many(response: Response) -> u64 {
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let header = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .to_owned();
    match refusal(response).await {
        Refusal::TooMany { seconds } => {
            assert_eq!(header, seconds.to_string());
            seconds
        }
        other => panic!("{other:?}"),
    }
}

/// Another machine, as far as limits go.
async fn connect_from(world: &World, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let from: IpAddr = from.parse().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    let server = world.server.as_ref().unwrap().address();
    socket.connect(server).await.unwrap()
}

/// What comes until the connection ends, or `None` when it doesn't.
async fn ask_health(socket: &mut TcpStream) -> Option<String> {
    let request = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, socket.read_to_string(&mut answer))
        .await
        .ok()?
        .ok()?;
    Some(answer)
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_back_and_is_then_served() {
    let world = World::with_guard(GuardOptions {
        requests: "5+2/s".parse().unwrap(),
        ..strict()
    })
    .await;
    for _ in 0..5 {
        assert_eq!(server_info(&world).await.status(), StatusCode::OK);
    }
    let mut refused = None;
    for _ in 0..5 {
        let response = server_info(&world).await;
        if response.status() != StatusCode::OK {
            refused = Some(response);
            break;
        }
    }
    let seconds = too_many(refused.expect("five more at once are too many")).await;
    assert_eq!(seconds, 1);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    assert_eq!(server_info(&world).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn this_machine_itself_has_no_limits_unless_it_is_said() {
    let world = World::with_guard(GuardOptions {
        requests: "1+1/min".parse().unwrap(),
        address_connections: 1,
        ..GuardOptions::default()
    })
    .await;
    for _ in 0..10 {
        assert_eq!(server_info(&world).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn who_guesses_host_codes_is_not_heard_for_a_while_and_may_still_call() {
    let world = World::with_guard(GuardOptions {
        wrong_host_codes: "3+1/min".parse().unwrap(),
        ..strict()
    })
    .await;
    let keys = world.room().await;
    for _ in 0..3 {
        let wrong = HostCode::random().reveal();
        let answer = world.create_with(&keys, &wrong).await;
        assert_eq!(refusal(answer).await, Refusal::HostCode);
    }
    let other = RoomKeys::derive(&InviteSecret::random());
    let seconds = too_many(world.create(&other).await).await;
    assert!((50..=60).contains(&seconds), "{seconds}");
    world.enter(&keys, Role::Calling).await;
}

#[tokio::test]
async fn who_tries_many_old_invites_is_told_so_and_locks_nobody_else_out() {
    let world = World::with_guard(GuardOptions {
        wrong_admissions: "3+1/min".parse().unwrap(),
        ..strict()
    })
    .await;
    let keys = world.room().await;
    let wrong = Session {
        keys: RoomKeys {
            admission: RoomKeys::derive(&InviteSecret::random()).admission,
            ..keys.clone()
        },
        ..world.session(&keys)
    };
    for _ in 0..3 {
        let answer = wrong.try_enter(Role::Calling, false).await;
        assert_eq!(refusal(answer).await, Refusal::Admission);
    }
    too_many(wrong.try_enter(Role::Calling, false).await).await;
    world.enter(&keys, Role::Calling).await;
}

#[tokio::test]
async fn rooms_and_streams_are_counted_each_for_itself() {
    let world = World::with_guard(GuardOptions {
        creations: "2+1/min".parse().unwrap(),
        streams: "2+1/min".parse().unwrap(),
        ..strict()
    })
    .await;
    let keys = world.room().await;
    world.room().await;
    too_many(world.create(&keys).await).await;
    let (anna, _hears) = world.enter(&keys, Role::Calling).await;
    let _again = anna.listen(None).await;
    too_many(anna.try_listen(None).await).await;
}

#[tokio::test]
async fn what_is_said_in_one_room_is_bounded_and_another_room_goes_on() {
    let world = World::with_guard(GuardOptions {
        room_signals: "10+10/s".parse().unwrap(),
        ..GuardOptions::default()
    })
    .await;
    let (loud, quiet) = (world.room().await, world.room().await);
    let (anna, _anna_hears) = world.enter(&loud, Role::Calling).await;
    let (ben, _ben_hears) = world.enter(&quiet, Role::Calling).await;
    let started = Instant::now();
    let mut said = 0;
    let refused = loop {
        let answer = anna.signal(Recipient::Room, &sealed(said + 1, 8)).await;
        if answer.status() != StatusCode::ACCEPTED {
            break answer;
        }
        said += 1;
    };
    let most = 10.0 + 10.0 * started.elapsed().as_secs_f64();
    assert!(said >= 10 && said as f64 <= most, "{said} of {most}");
    let seconds = too_many(refused).await;
    let quiet = ben.signal(Recipient::Room, &sealed(1, 8)).await;
    assert_eq!(quiet.status(), StatusCode::ACCEPTED);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let later = anna.signal(Recipient::Room, &sealed(said + 1, 8)).await;
    assert_eq!(later.status(), StatusCode::ACCEPTED);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_flood_of_connections_from_one_address_leaves_the_others_their_place() {
    let world = World::with_guard(GuardOptions {
        address_connections: 50,
        ..strict()
    })
    .await;
    // Half a head each, and then nothing.
    let mut flood = Vec::new();
    for _ in 0..300 {
        let mut socket = connect_from(&world, "127.0.0.9").await;
        let _ = socket.write_all(b"GET /healthz HTTP/1.1\r\nho").await;
        flood.push(socket);
    }
    let mut other = connect_from(&world, "127.0.0.2").await;
    let started = Instant::now();
    let answer = ask_health(&mut other).await.expect("another is served");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(2));
    let mut open = 0;
    for socket in &mut flood {
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_millis(10), socket.read(&mut byte)).await;
        open += usize::from(read.is_err());
    }
    assert_eq!(open, 50, "the others were closed");
    // And when the flood is over, its address is as good as any.
    drop(flood);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut again = connect_from(&world, "127.0.0.9").await;
        if ask_health(&mut again)
            .await
            .is_some_and(|it| it.starts_with("HTTP/1.1 200"))
        {
            break;
        }
        assert!(Instant::now() < deadline, "it is let in again");
    }
}
