//! Event streams that break, are slow, and outlive the server.

use crate::support::{PATIENCE, World, refusal, sealed};
use reqwest::{Method, StatusCode};
use std::time::{Duration, Instant};
use visio_protocol::event::Event;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{RoomEntered, path};
use visio_protocol::session::{Presence, Role};
use visio_server::Limits;

#[tokio::test]
async fn a_stream_that_breaks_goes_on_after_its_last_id() {
    let world = World::new().await;
    let keys = world.room().await;
    let (anna, _) = world.enter(&keys, Role::Watching).await;
    let (ben, mut hears) = world.enter(&keys, Role::Watching).await;
    for number in 1..=3 {
        anna.signal(ben.id().into(), &sealed(number, 8)).await;
    }
    assert_eq!(hears.next_signal().await, sealed(1, 8));
    let last_id = hears.last_id.clone();
    drop(hears);
    anna.signal(ben.id().into(), &sealed(4, 8)).await;
    let mut hears = ben.listen(last_id.as_deref()).await;
    for number in 2..=4 {
        assert_eq!(hears.next_signal().await, sealed(number, 8));
    }
}

#[tokio::test]
async fn a_reader_too_slow_is_cut_off_and_resumes_from_its_last_id() {
    let limits = Limits {
        queue_events: 8,
        history_events: 2000,
        history_bytes: 64 << 20,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let keys = world.room().await;
    let (anna, _anna_hears) = world.enter(&keys, Role::Watching).await;
    let (ben, mut hears) = world.enter(&keys, Role::Watching).await;
    // Much more than what sockets and HTTP buffer, while nobody reads.
    let count = 400;
    for number in 1..=count {
        assert_eq!(
            anna.signal(ben.id().into(), &sealed(number, 50_000))
                .await
                .status(),
            StatusCode::ACCEPTED
        );
    }
    let mut heard = 0;
    let mut cuts = 0;
    while heard < count {
        match hears.next().await {
            Some(Event::Signal(signal)) => {
                heard += 1;
                assert_eq!(signal.sealed, sealed(heard, 50_000));
            }
            Some(_) => {}
            None => {
                cuts += 1;
                let last_id = hears.last_id.clone();
                hears = ben.listen(last_id.as_deref()).await;
            }
        }
    }
    assert_eq!(cuts, 1);
}

#[tokio::test]
async fn somebody_who_calls_and_vanishes_without_a_word_is_gone_within_ten_seconds() {
    let world = World::new().await;
    let keys = world.room().await;
    let (_anna, mut hears) = world.enter(&keys, Role::Watching).await;
    // Ben's stream stays open, as that of a machine that lost its network does; but he says nothing
    // any more.
    let (ben, _ben_hears) = world.enter(&keys, Role::Calling).await;
    let vanished = Instant::now();
    assert!(matches!(hears.next().await, Some(Event::Arrived(_))));
    let left = tokio::time::timeout(PATIENCE, hears.next()).await.unwrap();
    assert!(matches!(left, Some(Event::Left(left)) if left.session == ben.id()));
    assert!(
        vanished.elapsed() > Duration::from_secs(7),
        "the place is kept for a while"
    );
    // And for a while longer it is there for who comes back, who then arrives.
    assert_eq!(
        ben.try_enter(Role::Calling, true).await.status(),
        StatusCode::OK
    );
    assert!(matches!(hears.next().await, Some(Event::Arrived(_))));
}

#[tokio::test]
async fn after_a_restart_sessions_are_taken_back_and_nobody_sees_anybody_leave() {
    let limits = Limits {
        grace: Duration::from_secs(2),
        ..Limits::default()
    };
    let mut world = World::with(limits).await;
    let keys = world.room().await;
    let (anna, mut anna_hears) = world.enter(&keys, Role::Watching).await;
    let (mut ben, _ben_hears) = world.enter(&keys, Role::Watching).await;
    assert!(matches!(anna_hears.next().await, Some(Event::Arrived(_))));
    world.restart().await;
    assert_eq!(anna_hears.next().await, None);
    let old_id = anna_hears.last_id.clone();
    assert_eq!(
        refusal(anna.try_listen(old_id.as_deref()).await).await,
        Refusal::SessionUnknown
    );

    let answer: RoomEntered = anna
        .try_enter(Role::Watching, true)
        .await
        .json()
        .await
        .unwrap();
    assert!(!answer.complete);
    let mut anna_hears = anna.listen(old_id.as_deref()).await;
    // A message to somebody who is not back yet waits.
    assert_eq!(
        anna.signal(ben.id().into(), &sealed(1, 8)).await.status(),
        StatusCode::ACCEPTED
    );
    ben.base = world.url("");
    assert_eq!(
        ben.try_enter(Role::Watching, true).await.status(),
        StatusCode::OK
    );
    let mut ben_hears = ben.listen(None).await;
    assert_eq!(ben_hears.next_signal().await, sealed(1, 8));

    let there = Presence {
        session: ben.id(),
        role: Role::Watching,
    };
    assert!(
        matches!(anna_hears.next().await, Some(Event::Arrived(arrived)) if arrived.presence == there)
    );
    assert!(
        matches!(anna_hears.next().await, Some(Event::Roster(roster)) if roster.present == [there])
    );
}

#[tokio::test]
async fn a_silent_stream_has_heartbeats() {
    let limits = Limits {
        heartbeat: Duration::from_millis(600),
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let keys = world.room().await;
    let (_anna, mut hears) = world.enter(&keys, Role::Watching).await;
    for _ in 0..2 {
        let piece = tokio::time::timeout(PATIENCE, hears.response.chunk())
            .await
            .unwrap();
        assert_eq!(piece.unwrap().unwrap(), ":\n\n");
    }
}

#[tokio::test]
async fn a_calling_session_stays_for_as_long_as_it_says_that_it_lives() {
    let limits = Limits {
        grace: Duration::from_secs(1),
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let keys = world.room().await;
    let (anna, _hears) = world.enter(&keys, Role::Calling).await;
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        let alive = anna.ask(Method::POST, path::ALIVE).send().await.unwrap();
        assert_eq!(alive.status(), StatusCode::OK);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
