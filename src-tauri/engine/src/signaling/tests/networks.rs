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
