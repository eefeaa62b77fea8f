//! Creating, entering and leaving rooms, and the refusals.

use crate::support::{World, ask, refusal, sealed};
use reqwest::{Method, StatusCode};
use visio_protocol::RoomKeys;
use visio_protocol::event::{Departure, Event};
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{EnterRoom, ServerInfo, SignalsSent, path};
use visio_protocol::secret::InviteSecret;
use visio_protocol::session::{Presence, Recipient, Role};
use visio_server::Limits;

#[tokio::test]
async fn a_server_says_what_it_is_and_guards_every_answer() {
    let world = World::new().await;
    let health = ask(Method::GET, &world.url(path::HEALTH))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    let answer = ask(Method::GET, &world.url(path::SERVER))
        .send()
        .await
        .unwrap();
    for (name, value) in [
        ("visio-protocol", "1"),
        ("x-content-type-options", "nosniff"),
        ("x-accel-buffering", "no"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let info: ServerInfo = answer.json().await.unwrap();
    assert_eq!(info.protocol, 1);
}

#[tokio::test]
async fn people_meet_in_a_room_speak_and_part() {
    let world = World::new().await;
    let keys = world.room().await;
    let (anna, mut anna_hears) = world.enter(&keys, Role::Calling).await;
    let ben = world.session(&keys);
    let entered = ben.enter(Role::Watching).await;
    assert_eq!(entered.me, ben.id());
    assert_eq!(
        entered.present,
        [Presence {
            session: anna.id(),
            role: Role::Calling
        }]
    );
    assert!(entered.complete);
    let mut ben_hears = ben.listen(None).await;
    assert!(
        matches!(anna_hears.next().await, Some(Event::Arrived(a)) if a.presence.session == ben.id())
    );

    assert_eq!(
        anna.signal(ben.id().into(), &sealed(1, 8)).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(ben_hears.next_signal().await, sealed(1, 8));
    assert_eq!(
        ben.signal(Recipient::Room, &sealed(1, 12)).await.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(anna_hears.next_signal().await, sealed(1, 12));

    ben.enter(Role::Calling).await;
    assert!(
        matches!(anna_hears.next().await, Some(Event::Role(r)) if r.presence.role == Role::Calling)
    );
    ben.leave().await;
    assert_eq!(
        anna_hears.next().await,
        Some(Event::Left(Departure {
            room: keys.room,
            session: ben.id()
        }))
    );
    assert_eq!(ben_hears.next().await, None);
}

#[tokio::test]
async fn a_room_takes_the_host_code_and_its_own_key() {
    let world = World::new().await;
    let keys = RoomKeys::derive(&InviteSecret::random());
    for wrong in ["0000-0000-0000-0000", "nonsense", ""] {
        let answer = world.create_with(&keys, wrong).await;
        assert_eq!(refusal(answer).await, Refusal::HostCode, "{wrong}");
    }
    let anna = world.session(&keys);
    assert_eq!(
        refusal(anna.try_enter(Role::Calling, false).await).await,
        Refusal::RoomUnknown
    );
    assert_eq!(world.create(&keys).await.status(), StatusCode::CREATED);
    assert_eq!(world.create(&keys).await.status(), StatusCode::OK);
    let other = RoomKeys::derive(&InviteSecret::random());
    let body = EnterRoom {
        admission: other.admission,
        role: Role::Calling,
        returning: false,
    };
    let answer = anna
        .ask(Method::PUT, &path::me(&keys.room))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(answer).await, Refusal::Admission);
}

#[tokio::test]
async fn a_client_of_another_version_is_told_so() {
    let world = World::new().await;
    for version in ["2", "one", ""] {
        let request = reqwest::Client::new()
            .post(world.url(path::ALIVE))
            .header("visio-protocol", version);
        assert_eq!(
            refusal(request.send().await.unwrap()).await,
            Refusal::Version { protocol: 1 }
        );
    }
    let request = reqwest::Client::new().post(world.url(path::ALIVE));
    assert_eq!(
        refusal(request.send().await.unwrap()).await,
        Refusal::Version { protocol: 1 }
    );
}

#[tokio::test]
async fn nobody_does_anything_without_a_session() {
    let world = World::new().await;
    let keys = world.room().await;
    let stranger = world.session(&keys);
    assert_eq!(
        refusal(stranger.try_listen(None).await).await,
        Refusal::SessionUnknown
    );
    let alive = stranger
        .ask(Method::POST, path::ALIVE)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(alive).await, Refusal::SessionUnknown);
    let (anna, _hears) = world.enter(&keys, Role::Calling).await;
    assert_eq!(
        refusal(stranger.signal(anna.id().into(), &sealed(1, 8)).await).await,
        Refusal::SessionUnknown
    );
    let sent = anna.signal(stranger.id().into(), &sealed(1, 8)).await;
    let sent: SignalsSent = sent.json().await.unwrap();
    assert_eq!(sent.unknown, [stranger.id()]);
    let unsigned = ask(Method::GET, &world.url(path::EVENTS))
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(unsigned).await, Refusal::Malformed);
}

#[tokio::test]
async fn rooms_and_sessions_are_bounded() {
    let limits = Limits {
        max_rooms: 2,
        max_room_sessions: 2,
        max_sessions: 3,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let (first, second) = (world.room().await, world.room().await);
    let third = RoomKeys::derive(&InviteSecret::random());
    assert_eq!(
        refusal(world.create(&third).await).await,
        Refusal::RoomsFull
    );

    world.session(&first).enter(Role::Calling).await;
    world.session(&first).enter(Role::Calling).await;
    let answer = world.session(&first).try_enter(Role::Calling, false).await;
    assert_eq!(refusal(answer).await, Refusal::RoomFull);
    world.session(&second).enter(Role::Calling).await;
    let answer = world.session(&second).try_enter(Role::Calling, false).await;
    assert_eq!(refusal(answer).await, Refusal::ServerFull);
}
