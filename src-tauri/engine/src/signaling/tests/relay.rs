//! The relay that a server tells of.

use super::support::{Person, World};
use crate::signaling::Role;
use visio_server::relay::RelayOptions;

const URL: &str = "turn:203.0.113.9:3478?transport=udp";

#[tokio::test]
async fn whoever_enters_learns_of_the_relay_and_has_credentials_of_their_own() {
    let world = World::with_relay(RelayOptions {
        urls: vec![URL.to_owned()],
        secret: Some("north".parse().unwrap()),
        ..RelayOptions::default()
    })
    .await;
    let invite = world.invite().await;
    let anna = Person::enter(&invite, Role::Watching).await;
    let ben = Person::enter(&invite, Role::Calling).await;
    let told = anna.signaling.relay().expect("a relay");
    assert_eq!(told.urls, [URL]);
    let other = ben.signaling.relay().expect("a relay");
    assert_ne!(told.username, other.username);
    assert_ne!(told.password, other.password);

    // Joining tells anew.
    anna.signaling.set_role(Role::Calling).await.unwrap();
    assert_eq!(anna.signaling.relay().expect("a relay").urls, [URL]);
}

#[tokio::test]
async fn a_server_without_a_relay_tells_of_none() {
    let world = World::new().await;
    let anna = Person::enter(&world.invite().await, Role::Watching).await;
    assert_eq!(anna.signaling.relay(), None);
}
