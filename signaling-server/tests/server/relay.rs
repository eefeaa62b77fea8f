//! The relay over real sockets of loopback.

use crate::support::{PATIENCE, World};
use crate::turn_client::{Line, TurnClient};
use std::net::SocketAddr;
use tokio::io::AsyncReadExt as _;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use visio_protocol::relay::RelayAccess;
use visio_protocol::session::Role;
use visio_server::relay::{RelayOptions, RelaySecret};

/// A relay for this machine alone.
fn loopback() -> RelayOptions {
    RelayOptions {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        lan: true,
        ..RelayOptions::default()
    }
}

/// A server with a relay, where that listens, and what a session that has entered a room is told.
async fn relayed(options: RelayOptions) -> (World, SocketAddr, RelayAccess) {
    let world = World::with_relay(options).await;
    let keys = world.room().await;
    let entered = world.session(&keys).enter(Role::Calling).await;
    let relay = world.server.as_ref().unwrap().relay().unwrap().addresses()[0];
    let access = entered.relay.expect("a session is told of the relay");
    (world, relay, access)
}

#[tokio::test]
async fn a_session_is_told_where_the_relay_is_and_how_to_use_it() {
    let (_world, relay, access) = relayed(loopback()).await;
    let urls = [
        format!("stun:{relay}"),
        format!("turn:{relay}?transport=udp"),
        format!("turn:{relay}?transport=tcp"),
    ];
    assert_eq!(access.urls, urls);
    assert_eq!(access.seconds, 6 * 60 * 60);
    let mut client = TurnClient::new(Line::udp(relay).await, &access);
    assert_eq!(client.allocate().await.ip(), relay.ip());
    let stranger = RelayAccess {
        password: "guessed".to_owned(),
        ..access
    };
    let mut stranger = TurnClient::new(Line::udp(relay).await, &stranger);
    assert_eq!(stranger.try_allocate().await.unwrap_err(), 401);
}

#[tokio::test]
async fn without_a_relay_nothing_is_said_of_one() {
    let world = World::new().await;
    let keys = world.room().await;
    let entered = world.session(&keys).enter(Role::Calling).await;
    assert_eq!(entered.relay, None);
}

#[tokio::test]
async fn a_server_can_send_its_clients_to_another_relay() {
    let urls = vec!["turn:relay.example.org:3478?transport=udp".to_owned()];
    let world = World::with_relay(RelayOptions {
        urls: urls.clone(),
        secret: Some(RelaySecret::new("north")),
        ..RelayOptions::default()
    })
    .await;
    let keys = world.room().await;
    let session = world.session(&keys);
    let access = session.enter(Role::Calling).await.relay.unwrap();
    assert_eq!(access.urls, urls);
    let password = RelaySecret::new("north").password(&access.username);
    assert_eq!(access.password, *password);
    assert!(access.username.ends_with(&session.id().to_string()));
}

#[tokio::test]
async fn a_peer_outside_is_reached_over_udp_and_over_tcp() {
    let (_world, relay, access) = relayed(loopback()).await;
    for line in [Line::udp(relay).await, Line::tcp(relay).await] {
        let mut client = TurnClient::new(line, &access);
        let relayed = client.allocate().await;
        let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client
            .bind(0x4001, peer.local_addr().unwrap())
            .await
            .unwrap();
        for length in [0, 1, 2, 3, 1200] {
            let data = vec![length as u8; length];
            client.say(0x4001, &data).await;
            let mut space = [0; 2048];
            let (count, from) = timeout(PATIENCE, peer.recv_from(&mut space))
                .await
                .unwrap()
                .unwrap();
            assert_eq!((from, &space[..count]), (relayed, &data[..]));
            peer.send_to(&data, relayed).await.unwrap();
            assert_eq!(client.hear().await, (0x4001, data));
        }
    }
}

#[tokio::test]
async fn two_clients_who_both_need_the_relay_reach_each_other_whatever_they_speak() {
    // Not even for a LAN: what is relayed between relayed addresses leads nowhere else.
    let options = RelayOptions {
        lan: false,
        ..loopback()
    };
    let (_world, relay, access) = relayed(options).await;
    let mut anna = TurnClient::new(Line::udp(relay).await, &access);
    let mut ben = TurnClient::new(Line::tcp(relay).await, &access);
    let (annas, bens) = (anna.allocate().await, ben.allocate().await);
    anna.bind(0x4000, bens).await.unwrap();
    ben.bind(0x4fff, annas).await.unwrap();
    anna.say(0x4000, b"hello").await;
    assert_eq!(ben.hear().await, (0x4fff, b"hello".to_vec()));
    ben.say(0x4fff, b"hi").await;
    assert_eq!(anna.hear().await, (0x4000, b"hi".to_vec()));
    let elsewhere = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = elsewhere.local_addr().unwrap();
    // At the relay's own address a peer may be; that it is none is seen by the packet.
    anna.bind(0x4001, elsewhere).await.unwrap();
    let private = "10.0.0.1:80".parse().unwrap();
    assert_eq!(anna.bind(0x4002, private).await.unwrap_err(), 403);
}

#[tokio::test]
async fn many_packets_at_once_all_come_through_in_order() {
    let (_world, relay, access) = relayed(loopback()).await;
    let mut anna = TurnClient::new(Line::udp(relay).await, &access);
    let mut ben = TurnClient::new(Line::udp(relay).await, &access);
    let (annas, bens) = (anna.allocate().await, ben.allocate().await);
    anna.bind(0x4000, bens).await.unwrap();
    ben.bind(0x4000, annas).await.unwrap();
    for round in 0..20 {
        for number in 0..50 {
            anna.say(0x4000, &[round, number]).await;
        }
        for number in 0..50 {
            assert_eq!(ben.hear().await, (0x4000, vec![round, number]));
        }
    }
}

#[tokio::test]
async fn a_stream_that_was_accepted_elsewhere_is_served_like_any_other() {
    let (world, _, access) = relayed(loopback()).await;
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let door = world.server.as_ref().unwrap().relay().unwrap().door();
    door.admit(theirs, "192.0.2.7:4000".parse().unwrap());
    let mut client = TurnClient::new(Line::Stream(Box::new(ours)), &access);
    client.allocate().await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client
        .bind(0x4001, peer.local_addr().unwrap())
        .await
        .unwrap();
    client.say(0x4001, b"hello").await;
    let mut space = [0; 64];
    let received = timeout(PATIENCE, peer.recv(&mut space)).await;
    assert_eq!(received.unwrap().unwrap(), 5);
}

#[tokio::test]
async fn a_stream_that_speaks_something_else_is_closed() {
    let (_world, relay, _) = relayed(loopback()).await;
    let mut line = Line::tcp(relay).await;
    line.send(b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n").await;
    let Line::Stream(mut stream) = line else {
        unreachable!()
    };
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok());
    assert!(rest.is_empty());
}

#[tokio::test]
async fn so_many_streams_are_served_and_further_ones_closed() {
    let (_world, relay, access) = relayed(RelayOptions {
        max_streams: 1,
        ..loopback()
    })
    .await;
    let mut first = TurnClient::new(Line::tcp(relay).await, &access);
    first.allocate().await;
    let Line::Stream(mut second) = Line::tcp(relay).await else {
        unreachable!()
    };
    let ended = timeout(PATIENCE, second.read(&mut [0; 16])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
    first.line.send(&[0x40, 0x01, 0, 0]).await;
}

#[tokio::test]
async fn credentials_are_still_good_after_a_restart_and_the_ports_are_free_again() {
    let (mut world, relay, access) = relayed(loopback()).await;
    world.relay.listen = vec![relay];
    world.restart().await;
    let mut client = TurnClient::new(Line::tcp(relay).await, &access);
    client.allocate().await;
}

#[tokio::test]
async fn a_relay_that_cannot_be_is_told_in_one_line() {
    use visio_server::{Config, Server};
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::new("127.0.0.1:0".parse().unwrap(), data.path());
    config.relay.listen = vec![taken.local_addr().unwrap()];
    let error = Server::bind(config).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the relay can't listen on 127.0.0.1:"),
        "{error}"
    );
}
