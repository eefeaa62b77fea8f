//! Networks that break while the server goes on.

use super::support::{Network, Person, World};
use crate::signaling::{Role, SignalingEvent};
use std::time::{Duration, Instant};
use visio_protocol::Invite;
use visio_protocol::message::Signal;

/// Anna beside the server, Ben behind a network.
async fn apart() -> (World, Network, Person, Person) {
    let world = World::new().await;
    let network = Network::to(world.address()).await;
    let invite = world.invite().await;
    let through = Invite {
        server: network.url.clone(),
        secret: invite.secret.clone(),
    };
    let mut anna = Person::enter(&invite, Role::Calling).await;
    let mut ben = Person::enter(&through, Role::Calling).await;
    anna.next().await;
    // Ben's stream is there.
    anna.signaling.send(ben.entered.me.into(), ASK);
    ben.next_signal().await;
    (world, network, anna, ben)
}

const ASK: Signal = Signal::AskOffer { restart: true };

#[tokio::test]
async fn a_server_is_as_well_reached_by_ipv6() {
    let world = World::at("[::1]:0", visio_server::Limits::default()).await;
    let invite = world.invite().await;
    let invite = invite
        .link()
        .parse()
        .expect("an invite with brackets in it");
    let mut anna = Person::enter(&invite, Role::Calling).await;
    let mut ben = Person::enter(&invite, Role::Calling).await;
    anna.next().await;
    anna.signaling.send(ben.entered.me.into(), ASK);
    assert_eq!(ben.next_signal().await.0, ASK);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_mended_before_anybody_notices_and_loses_nothing() {
    let (_world, network, mut anna, mut ben) = apart().await;
    for _ in 0..3 {
        network.cut();
        anna.signaling.send(ben.entered.me.into(), ASK);
        ben.signaling.send(anna.entered.me.into(), ASK);
        assert_eq!(ben.next_signal().await, (ASK, vec![]));
        assert_eq!(anna.next_signal().await, (ASK, vec![]));
    }
}

#[tokio::test]
async fn a_network_that_goes_away_without_a_word_is_noticed_while_the_place_is_kept() {
    let (_world, network, mut anna, mut ben) = apart().await;
    let frozen = Instant::now();
    network.freeze();
    anna.signaling.send(ben.entered.me.into(), ASK);
    let (signal, others) = ben.next_signal().await;
    assert_eq!((signal, others), (ASK, vec![]));
    assert!(
        frozen.elapsed() < Duration::from_secs(8),
        "{:?}",
        frozen.elapsed()
    );
    let seen = anna.watch(Duration::from_secs(3)).await;
    assert!(
        !seen.contains(&SignalingEvent::Left(ben.entered.me)),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_network_that_was_away_for_long_finds_the_server_within_two_seconds_of_being_back() {
    let (_world, network, mut anna, mut ben) = apart().await;
    network.darken(true);
    let left = SignalingEvent::Left(ben.entered.me);
    while anna.next().await != left {}
    // Somewhere in the middle of a try that leads nowhere.
    let end = tokio::time::Instant::now() + Duration::from_millis(2500);
    while tokio::time::timeout_at(end, ben.next()).await.is_ok() {}

    let back = Instant::now();
    network.darken(false);
    assert_eq!(ben.next().await, SignalingEvent::Resumed);
    assert!(
        back.elapsed() < Duration::from_secs(2),
        "{:?}",
        back.elapsed()
    );
    // Under the same name.
    let arrived = SignalingEvent::Arrived(ben.entered.me, Role::Calling);
    assert_eq!(anna.next().await, arrived);
    anna.signaling.send(ben.entered.me.into(), ASK);
    assert_eq!(ben.next_signal().await.0, ASK);
}

#[tokio::test]
async fn who_knows_that_the_network_changed_is_back_at_once() {
    let (_world, network, anna, mut ben) = apart().await;
    network.freeze();
    let began = Instant::now();
    ben.signaling.reconnect();
    anna.signaling.send(ben.entered.me.into(), ASK);
    assert_eq!(ben.next_signal().await, (ASK, vec![]));
    ben.signaling.send(anna.entered.me.into(), ASK);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn what_was_under_way_when_the_network_changed_is_said_again() {
    let (_world, network, mut anna, ben) = apart().await;
    network.darken(true);
    ben.signaling.send(anna.entered.me.into(), ASK);
    tokio::time::sleep(Duration::from_millis(500)).await;
    network.darken(false);
    let began = Instant::now();
    ben.signaling.reconnect();
    assert_eq!(anna.next_signal().await.0, ASK);
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}
