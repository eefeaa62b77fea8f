//! A shared screen beside the camera.

use super::*;
use crate::transport::bitrate::Bitrate;
use crate::transport::take::Take;

const WHOLE: Take = Take {
    layer: Some(Layer::Full),
    every_frame: true,
};

/// A picture of the screen in `packets` packets.
fn page(n: u32, keyframe: bool, packets: usize) -> Arc<EncodedVideo> {
    let mut picture = (*video(n, keyframe, packets)).clone();
    picture.layer = Layer::Full;
    Arc::new(picture)
}

async fn next_page(side: &mut Side) -> RtpPacket {
    let next = timeout(PATIENCE, side.screen.recv()).await;
    next.expect("a page in time").expect("a link")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_begins_with_a_keyframe_once_it_is_taken_and_goes_beside_the_camera() {
    let (mut alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    alice.link.send_screen(&page(1, true, 1));
    alice.link.take_screen(WHOLE);
    alice
        .expect(|event| *event == LinkEvent::ScreenKeyframeRequested)
        .await;
    // A track's first packets are lost on the way, and a keyframe is asked for.
    let link = alice.link.clone();
    let sending = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        for n in 2.. {
            pace.tick().await;
            link.send_screen(&page(n, true, 2));
        }
    });
    let first = next_page(&mut bob).await;
    let second = next_page(&mut bob).await;
    assert!(first.timestamp >= 2 * 3000, "what was not taken never left");
    assert_eq!(second.sequence, first.sequence.wrapping_add(1));
    sending.abort();
    alice.link.send_video(&video(2_000_000, true, 1));
    while bob.next_video().await.timestamp != 2_000_000u32.wrapping_mul(3000) {}
    let (sent, seen) = (alice.link.stats(), bob.link.stats());
    assert!(sent.screen_sent.packets >= 2 && seen.screen_received.packets >= 2);
}

/// The probes of a path that could carry more fill up with packets of nothing. They leave no hole in the numbers of a picture.
#[tokio::test(flavor = "multi_thread")]
async fn what_fills_up_probes_leaves_no_hole_in_the_screen_nor_in_the_camera() {
    let (alice, mut bob) = connect().await;
    alice.link.set_wanted(Bitrate::from_kbps(20_000));
    warm_up(&alice, &mut bob).await;
    alice.link.take_screen(WHOLE);
    let (mut pages, mut pictures) = (Vec::new(), Vec::new());
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    for n in 0..1_000 {
        pace.tick().await;
        alice.link.send_audio(&audio(n));
        // Little enough for a path of which nothing is known yet.
        if n % 2 == 0 {
            alice.link.send_screen(&page(n, true, 1));
            alice.link.send_video(&video(n + 1_000_001, true, 1));
        }
        while let Ok(page) = bob.screen.try_recv() {
            pages.push(page.sequence);
        }
        while let Ok(picture) = bob.video.try_recv() {
            pictures.push(picture.sequence);
        }
        if alice.link.stats().padding.packets >= 20 && pages.len().min(pictures.len()) >= 50 {
            break;
        }
    }
    assert!(alice.link.stats().padding.packets >= 20, "it was probed");
    for numbers in [&pages, &pictures] {
        assert!(numbers.len() >= 50, "{} packets", numbers.len());
        let steps = numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
        assert!(
            steps.clone().all(|step| step == 1),
            "{:?}",
            steps.collect::<Vec<_>>()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_of_a_screen_that_were_lost_are_sent_once_more() {
    let (alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    alice.link.take_screen(WHOLE);
    let seen = loop {
        alice.link.send_screen(&page(1, true, 1));
        let soon = timeout(Duration::from_millis(50), bob.screen.recv()).await;
        if let Ok(Some(page)) = soon {
            break page;
        }
    };
    bob.link.nack(Picture::Screen, &[seen.sequence]);
    // What comes again SRTP takes for a replay, so it is looked for where it leaves.
    let repaired = async {
        while alice.link.stats().retransmitted.packets == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, repaired).await.expect("a repair");
    assert_eq!(alice.link.stats().nacks_received, 1);
}
