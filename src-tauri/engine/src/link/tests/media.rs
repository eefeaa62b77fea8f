//! Media and messages, between two links that are connected.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn sound_and_pictures_arrive_as_they_were_sent() {
    let (mut alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    warm_up(&bob, &mut alice).await;

    let (from_alice, from_bob) = (alice.link.clone(), bob.link.clone());
    for (from, to) in [(from_alice, &mut bob), (from_bob, &mut alice)] {
        for n in 0..5u32 {
            from.send_audio(&audio(n));
            let heard = to.next_audio().await;
            assert_eq!(heard.timestamp, n * 960);
            assert_eq!(heard.payload, audio(n).payload);
        }
        let mut last = None;
        for n in 0..5u32 {
            let sent = video(n, n == 0, 4);
            from.send_video(&sent);
            for index in 0..4 {
                let seen = to.next_video().await;
                assert_eq!(seen.timestamp, n * 3000);
                assert_eq!(seen.payload, sent.payloads[index]);
                assert_eq!(
                    seen.marker,
                    index == 3,
                    "the last packet of a picture is marked"
                );
                assert!(last.is_none_or(|l: u16| seen.sequence == l.wrapping_add(1)));
                last = Some(seen.sequence);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_and_how_it_goes_is_counted() {
    let (mut alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    let before = alice.link.stats();
    alice.link.send_video(&video(1, true, 3));
    for _ in 0..3 {
        bob.next_video().await;
    }
    let stats = alice.link.stats();
    assert_eq!(stats.state, LinkState::Connected);
    assert_eq!(stats.video_sent.packets - before.video_sent.packets, 3);
    assert_eq!(stats.video_sent.bytes - before.video_sent.bytes, 3300);
    assert_eq!(stats.layer, Some((1280, 720)));
    assert_eq!(stats.audio_dropped, before.audio_dropped);
    assert_eq!(stats.video_dropped, before.video_dropped);
    let route = stats.route.expect("a path");
    assert_eq!(
        (route.path, route.transport),
        (Path::Direct, Transport::Udp)
    );
    let theirs = bob.link.stats().route.expect("a path");
    assert_eq!((route.local, route.remote), (theirs.remote, theirs.local));
    assert!(bob.link.stats().video_received.packets >= 3);

    // The other side reports once a second.
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let link = alice.link.clone();
    tokio::spawn(async move {
        for n in 0.. {
            pace.tick().await;
            link.send_audio(&audio(n));
        }
    });
    let loss = alice
        .expect(|event| matches!(event, LinkEvent::RemoteLoss(_)))
        .await;
    assert_eq!(loss, LinkEvent::RemoteLoss(0.0));
    alice
        .expect(|event| matches!(event, LinkEvent::RemoteLoss(_)))
        .await;
    alice
        .expect(|event| matches!(event, LinkEvent::RemoteLoss(_)))
        .await;
    let stats = alice.link.stats();
    let rtt = stats.rtt.expect("consent checks have been answered");
    let media_rtt = stats.media_rtt.expect("reports have been answered");
    assert!(rtt < Duration::from_secs(1) && media_rtt < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_told_when_their_packets_arrived() {
    let (mut alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    warm_up(&bob, &mut alice).await;
    for side in [&alice, &bob] {
        let told = async {
            while side.link.stats().arrival_reports_received == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, told).await.expect("a report");
    }
    let offer = alice.link.offer(true).await.expect("an offer");
    let extensions = offer.lines().filter(|l| l.contains("transport-wide-cc"));
    assert_eq!(
        extensions.count(),
        4,
        "one for each stream of media: {offer}"
    );
    let feedback = offer.lines().filter(|l| l.ends_with("transport-cc"));
    assert_eq!(feedback.count(), 6, "and for the copies of the two voices");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_moves_to_another_layer_at_its_keyframe_and_numbers_go_on() {
    let (mut alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    let picture = |n: u32, keyframe: bool, layer: Layer| {
        let picture = video(n, keyframe, 1);
        Arc::new(EncodedVideo {
            layer,
            ..(*picture).clone()
        })
    };
    alice.link.send_video(&picture(1, true, Layer::High));
    let first = bob.next_video().await;
    alice.link.take(Take {
        layer: Some(Layer::Low),
        every_frame: true,
    });
    alice
        .expect(|event| *event == LinkEvent::KeyframeRequested(Layer::Low))
        .await;
    for (n, keyframe, layer) in [
        (2, false, Layer::Low),
        (3, false, Layer::High),
        (4, true, Layer::Low),
        (5, false, Layer::High),
        (6, false, Layer::Low),
    ] {
        alice.link.send_video(&picture(n, keyframe, layer));
    }
    for (index, n) in [3, 4, 6].into_iter().enumerate() {
        let seen = bob.next_video().await;
        assert_eq!(seen.timestamp, n * 3000);
        let sequence = first.sequence.wrapping_add(1 + index as u16);
        assert_eq!(seen.sequence, sequence);
    }
    assert_eq!(alice.link.stats().sending, Some(Layer::Low));
    let estimate = async {
        while alice.link.stats().estimate.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, estimate).await.expect("an estimate");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_are_sent_once_more_when_they_are_asked_for() {
    let wire = Wire::lay().await;
    let (alice, mut bob) = connect_by(Some(wire.clone())).await;
    warm_up(&alice, &mut bob).await;
    alice.link.send_video(&video(1, true, 1));
    let first = bob.next_video().await.sequence.wrapping_add(1);
    let lost = [first.wrapping_add(1), first.wrapping_add(3)];
    wire.lose(lost);
    alice.link.send_video(&video(2, false, 6));
    let mut arrived = Vec::new();
    for _ in 0..4 {
        arrived.push(bob.next_video().await.sequence.wrapping_sub(first));
    }
    assert_eq!(arrived, [0, 2, 4, 5]);

    bob.link.nack(Picture::Camera, &lost);
    for index in [1, 3] {
        let repaired = bob.next_video().await;
        assert_eq!(repaired.sequence, first.wrapping_add(index));
        assert_eq!(
            repaired.payload,
            video(2, false, 6).payloads[usize::from(index)]
        );
        assert_eq!(repaired.timestamp, 2 * 3000);
    }
    let stats = alice.link.stats();
    assert_eq!((stats.retransmitted.packets, stats.nacks_received), (2, 1));
    assert_eq!(bob.link.stats().nacks_sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyframe_is_asked_for_when_there_is_a_path_and_then_no_oftener_than_is_bearable() {
    let (mut alice, mut bob) = connect().await;
    // Of her own accord, for a path is new.
    alice
        .expect(|event| *event == LinkEvent::KeyframeRequested(Layer::High))
        .await;
    warm_up(&alice, &mut bob).await;
    let unasked = bob.link.stats().keyframe_requests_sent;
    assert_eq!(unasked, 0, "nothing was missed");
    for _ in 0..100 {
        bob.link.request_keyframe(Picture::Camera);
        tokio::task::yield_now().await;
    }
    alice
        .expect(|event| *event == LinkEvent::KeyframeRequested(Layer::High))
        .await;
    // Each in two datagrams. The second request may be on its way.
    let received = alice.link.stats().keyframe_requests_received;
    let sent = bob.link.stats().keyframe_requests_sent;
    assert!((1..=2).contains(&sent), "{sent} requests left");
    assert!(
        (2..=2 * sent).contains(&received),
        "{received} of {sent} came"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn control_messages_arrive_in_order_also_those_sent_before_there_was_a_path() {
    let (mut alice, mut bob) = (Side::open(true).await, Side::open(false).await);
    for n in 0..10u8 {
        alice.link.send_control(Bytes::from(vec![n])).expect("room");
    }
    let (to_alice, to_bob) = (alice.link.clone(), bob.link.clone());
    trickle(&mut alice, to_bob, None);
    trickle(&mut bob, to_alice, None);
    negotiate(&alice, &bob, false).await;
    alice.expect(|event| *event == LinkEvent::ControlOpen).await;
    for n in 0..10u8 {
        let heard = bob
            .expect(|event| matches!(event, LinkEvent::Control(_)))
            .await;
        assert_eq!(heard, LinkEvent::Control(Bytes::from(vec![n])));
    }
    let long = Bytes::from(vec![7; MAX_CONTROL_BYTES]);
    bob.link.send_control(long.clone()).expect("room");
    let heard = alice
        .expect(|event| matches!(event, LinkEvent::Control(_)))
        .await;
    assert_eq!(heard, LinkEvent::Control(long));

    let too_long = Bytes::from(vec![7; MAX_CONTROL_BYTES + 1]);
    assert_eq!(
        bob.link.send_control(too_long),
        Err(LinkError::TooLong(MAX_CONTROL_BYTES + 1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn media_is_not_kept_for_a_path_that_is_not_there() {
    let alice = Side::open(true).await;
    for n in 0..1000 {
        alice.link.send_video(&video(n, true, 10));
        alice.link.send_audio(&audio(n));
    }
    let stats = alice.link.stats();
    assert_eq!(stats.state, LinkState::Connecting);
    assert_eq!((stats.video_sent.packets, stats.video_dropped), (0, 0));
}
