//! What comes along with a voice: copies of what was said before, and the clock by which lips are matched to it.

use std::time::Instant;

use super::*;
use crate::transport::clock::Micros;
use crate::video::{RTP_EPOCH, RTP_HZ};

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_is_known_of_the_path_each_packet_carries_a_copy_of_the_one_before_it() {
    let (alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    while bob.extras.try_recv().is_ok() {}
    for n in 0..5u32 {
        alice.link.send_audio(&audio(n));
        let heard = bob.next_audio().await;
        assert_eq!(
            heard.payload,
            audio(n).payload,
            "the packet itself is whole"
        );
        if n == 0 {
            // What was said before it is too long ago.
            continue;
        }
        let (copy, behind) = loop {
            let next = timeout(PATIENCE, bob.extras.recv()).await;
            if let Extra::Copy(copy, behind) = next.expect("in time").expect("a link") {
                break (copy, behind);
            }
        };
        assert_eq!(behind, 1);
        assert_eq!(copy.sequence, heard.sequence.wrapping_sub(1));
        assert_eq!(copy.timestamp, (n - 1) * 960);
        assert_eq!(copy.payload, audio(n - 1).payload);
    }
    let stats = alice.link.stats();
    assert!(stats.audio_copies && stats.audio_copies_sent.packets >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_say_when_voice_and_picture_were_captured_by_one_clock() {
    let (alice, mut bob) = connect().await;
    let link = alice.link.clone();
    let began = Instant::now();
    let sending = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        loop {
            pace.tick().await;
            // A frame of sound that ends now, and a picture that was taken now.
            let now = Instant::now();
            let mut sound = (*audio(0)).clone();
            sound.timestamp = ((now - began).as_micros() * 48 / 1_000) as u32;
            link.send_audio(&Arc::new(sound));
            let mut picture = (*video(0, true, 1)).clone();
            picture.timestamp = ((now - *RTP_EPOCH).as_micros() * RTP_HZ / 1_000_000) as u32;
            link.send_video(&Arc::new(picture));
        }
    });
    let (mut sound, mut picture) = (None, None);
    let (sound, picture): (SenderClock, SenderClock) = loop {
        match timeout(PATIENCE, bob.extras.recv()).await.expect("in time") {
            Some(Extra::AudioClock(clock)) => sound = Some(clock),
            Some(Extra::VideoClock(clock)) => picture = Some(clock),
            Some(Extra::Copy(..)) => {}
            None => panic!("the link ended instead"),
        }
        if let Some(both) = sound.zip(picture) {
            break both;
        }
    };
    sending.abort();
    // The same moment, by both streams: the frame that ended then began 20 ms before.
    let moment = began + Duration::from_secs(1);
    let of_sound = sound.captured(48_000, 48_000);
    let ticks = ((moment - *RTP_EPOCH).as_micros() * RTP_HZ / 1_000_000) as u32;
    let of_picture = picture.captured(ticks, RTP_HZ as u32);
    let apart: Micros = of_picture - of_sound;
    assert!((10_000..30_000).contains(&apart), "{apart} µs apart");
}
