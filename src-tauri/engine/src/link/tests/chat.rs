//! What people write to each other, and one who writes without end.

use visio_protocol::chat::MAX_CHAT;

use super::*;

/// Two sides whose chat is open.
async fn chatting() -> (Side, Side) {
    let (mut alice, mut bob) = connect().await;
    alice.expect(|event| *event == LinkEvent::ChatOpen).await;
    bob.expect(|event| *event == LinkEvent::ChatOpen).await;
    (alice, bob)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_arrives_in_order() {
    let (alice, mut bob) = chatting().await;
    for n in 0..10u8 {
        alice.link.send_chat(Bytes::from(vec![n])).expect("room");
    }
    for n in 0..10u8 {
        let heard = bob
            .expect(|event| matches!(event, LinkEvent::Chat(_)))
            .await;
        assert_eq!(heard, LinkEvent::Chat(Bytes::from(vec![n])));
    }
    let too_long = Bytes::from(vec![7; MAX_CHAT + 1]);
    assert_eq!(
        alice.link.send_chat(too_long),
        Err(LinkError::TooLong(MAX_CHAT + 1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_cut_off_and_what_else_is_said_comes_through() {
    let (alice, mut bob) = chatting().await;
    let mut sent = 0;
    while sent < 5_000 {
        match alice.link.send_chat(Bytes::from(vec![b'x'; 1_000])) {
            Ok(()) => sent += 1,
            Err(LinkError::Busy) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
    alice
        .link
        .send_control(Bytes::from("still here"))
        .expect("room");
    let mut heard = 0;
    bob.expect(|event| {
        heard += usize::from(matches!(event, LinkEvent::Chat(_)));
        matches!(event, LinkEvent::Control(_))
    })
    .await;
    assert!((1..600).contains(&heard), "{heard} of {sent} got through");
    assert_eq!(bob.link.stats().state, LinkState::Connected);
}
