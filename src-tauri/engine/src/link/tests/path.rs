//! Paths that die, are replaced, or are closed.

use std::time::Instant;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_dies_is_replaced_and_media_goes_on() {
    let wire = Wire::lay().await;
    let (mut alice, mut bob) = connect_by(Some(wire.clone())).await;
    warm_up(&alice, &mut bob).await;

    let link = alice.link.clone();
    let sending = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        for n in 2_000_000.. {
            pace.tick().await;
            link.send_video(&video(n, true, 1));
        }
    });
    let old = bob.next_video().await;
    wire.cut();
    alice
        .expect(|event| *event == LinkEvent::Disconnected)
        .await;
    while bob.video.try_recv().is_ok() {}

    // The new path is one without the wire.
    let restart = Instant::now();
    negotiate(&alice, &bob, true).await;
    let new = bob.next_video().await;
    let gap = restart.elapsed();
    println!("media came back {gap:?} after the restart was begun");
    assert!(gap < Duration::from_secs(5), "{gap:?}");
    assert!(
        new.sequence.wrapping_sub(old.sequence) < 0x8000,
        "numbering goes on"
    );
    alice.expect(|event| *event == LinkEvent::Connected).await;
    let route = alice.link.stats().route.expect("a path");
    assert_eq!(route.path, Path::Direct);
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_a_path_that_lives_costs_little() {
    let (alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    let link = alice.link.clone();
    let sending = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        for n in 2_000_000.. {
            pace.tick().await;
            link.send_video(&video(n, true, 1));
        }
    });
    let mut before = bob.next_video().await.arrived;
    let was = alice.link.stats().route.expect("a path");
    negotiate(&alice, &bob, true).await;
    let mut worst = Duration::ZERO;
    let moved = Instant::now();
    while moved.elapsed() < Duration::from_secs(4) {
        let packet = bob.next_video().await;
        worst = worst.max(packet.arrived - before);
        before = packet.arrived;
    }
    let is = alice.link.stats().route.expect("a path");
    println!("the longest gap was {worst:?}");
    assert!(worst < Duration::from_secs(2), "{worst:?}");
    assert_ne!(was.local, is.local, "fresh sockets");
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closes_is_gone_at_once() {
    let (alice, mut bob) = connect().await;
    let began = Instant::now();
    alice.link.close().await;
    let failed = bob
        .expect(|event| matches!(event, LinkEvent::Failed(_)))
        .await;
    assert_eq!(failed, LinkEvent::Failed(LinkFailure::Closed));
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(alice.link.stats().state, LinkState::Closed);
    assert_eq!(bob.link.stats().state, LinkState::Failed);
    assert_eq!(alice.link.offer(true).await, Err(LinkError::Ended));
    alice.link.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lets_go_of_a_link_closes_it() {
    let (alice, mut bob) = connect().await;
    let Side { link, events, .. } = alice;
    drop(events);
    drop(link);
    bob.expect(|event| matches!(event, LinkEvent::Failed(_)))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_vanishes_without_a_word_is_noticed_within_ten_seconds() {
    let wire = Wire::lay().await;
    let (alice, mut bob) = connect_by(Some(wire.clone())).await;
    let began = Instant::now();
    wire.cut();
    bob.expect(|event| *event == LinkEvent::Disconnected).await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let failed = bob
        .expect(|event| matches!(event, LinkEvent::Failed(_)))
        .await;
    assert_eq!(failed, LinkEvent::Failed(LinkFailure::Lost));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );

    // And who comes back is let in again.
    negotiate(&alice, &bob, true).await;
    bob.connected().await;
    warm_up(&alice, &mut bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_path_that_is_said() {
    let (mut alice, bob) = (Side::open(true).await, Side::open(false).await);
    negotiate(&alice, &bob, false).await;
    let nowhere = "candidate:1 1 udp 1 192.0.2.1 9 typ host";
    alice
        .link
        .add_candidate(nowhere, None, None)
        .await
        .expect("a candidate");
    let failed = alice
        .expect(|event| matches!(event, LinkEvent::Failed(_)))
        .await;
    assert_eq!(failed, LinkEvent::Failed(LinkFailure::NoPath));
    alice.link.close().await;
    bob.link.close().await;
}
