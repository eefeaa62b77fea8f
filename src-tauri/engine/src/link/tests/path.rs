//! Paths that die, are replaced, or are closed.

use std::time::Instant;

use super::*;

/// A voice and a picture every 20 ms, until the task is aborted.
fn keep_sending(link: Arc<Link>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        for n in 2_000_000.. {
            pace.tick().await;
            link.send_audio(&audio(n));
            link.send_video(&video(n, true, 1));
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_dies_is_replaced_and_media_goes_on() {
    let wire = Wire::lay().await;
    let (mut alice, mut bob) = connect_by(Some(wire.clone())).await;
    warm_up(&alice, &mut bob).await;

    let sending = keep_sending(alice.link.clone());
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
    let sending = keep_sending(alice.link.clone());
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

/// Longer than any path is given in other programs of this kind before it is torn down.
const OUTAGE: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_comes_back_is_used_again_at_once_whatever_was_offered_meanwhile() {
    let wire = Wire::lay().await;
    let (mut alice, mut bob) = connect_by(Some(wire.clone())).await;
    warm_up(&alice, &mut bob).await;
    let sending = keep_sending(alice.link.clone());
    wire.cut();
    let began = Instant::now();
    bob.expect(|event| *event == LinkEvent::Disconnected).await;
    alice
        .expect(|event| *event == LinkEvent::Disconnected)
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    // Alice offers a restart, which reaches nobody, as often as she likes.
    let offer = alice.link.offer(true).await.expect("an offer");
    let again = alice.link.offer(true).await.expect("an offer");
    assert_eq!(offer, again);
    tokio::time::sleep_until((began + OUTAGE).into()).await;
    while bob.audio.try_recv().is_ok() {}

    let mended = Instant::now();
    wire.mend();
    bob.next_audio().await;
    bob.connected().await;
    alice.connected().await;
    let back = mended.elapsed();
    println!("the path was used again {back:?} after it was back");
    assert!(back < Duration::from_secs(2), "{back:?}");

    // The offer may be answered after all, for whatever reason.
    wire.cut();
    let answer = bob.link.accept_offer(&offer).await.expect("an answer");
    alice
        .link
        .accept_answer(&answer)
        .await
        .expect("an agreement");
    alice.connected().await;
    while bob.audio.try_recv().is_ok() {}
    bob.next_audio().await;
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_repeated_is_not_taken_for_that_to_the_next_offer() {
    let (alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    let offer = alice.link.offer(true).await.expect("an offer");
    let answer = bob.link.accept_offer(&offer).await.expect("an answer");
    let answered = alice.link.accept_answer(&answer).await;
    answered.expect("an agreement");
    bob.connected().await;

    let next = alice.link.offer(true).await.expect("an offer");
    assert_ne!(next, offer);
    alice.link.accept_answer(&answer).await.expect("ignored");
    assert_eq!(alice.link.offer(true).await, Ok(next), "still unanswered");
    warm_up(&alice, &mut bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_over_ipv6_alone_is_as_good_as_any() {
    let (mut alice, mut bob) = (Side::open(true).await, Side::open(false).await);
    let (to_alice, to_bob) = (alice.link.clone(), bob.link.clone());
    trickle_only(&mut alice, to_bob, |candidate| candidate.contains(" ::1 "));
    trickle_only(&mut bob, to_alice, |candidate| candidate.contains(" ::1 "));
    negotiate(&alice, &bob, false).await;
    alice.connected().await;
    bob.connected().await;
    warm_up(&alice, &mut bob).await;
    warm_up(&bob, &mut alice).await;
    // Which address of this machine the answer came from is the machine's choice.
    let route = alice.link.stats().route.expect("a path");
    assert!(route.remote.is_ipv6(), "{}", route.remote);

    // A restart finds it again.
    negotiate(&alice, &bob, true).await;
    alice.connected().await;
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
