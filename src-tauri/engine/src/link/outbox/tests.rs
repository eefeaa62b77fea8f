use super::*;
use bytes::Bytes;

const MS: Duration = Duration::from_millis(1);

fn audio(timestamp: u32) -> Arc<EncodedAudio> {
    Arc::new(EncodedAudio {
        timestamp,
        payload: Bytes::from_static(b"opus"),
        level_dbfs: -20.0,
        voice: true,
    })
}

fn video(timestamp: u32, keyframe: bool, packets: usize) -> Arc<EncodedVideo> {
    picture(timestamp, keyframe, false, packets)
}

fn picture(timestamp: u32, keyframe: bool, droppable: bool, packets: usize) -> Arc<EncodedVideo> {
    Arc::new(EncodedVideo {
        timestamp,
        keyframe,
        layer: Layer::High,
        droppable,
        width: 1280,
        height: 720,
        payloads: vec![Bytes::from_static(b"h264"); packets],
    })
}

/// What leaves, as `aTIMESTAMP` or `vTIMESTAMP.INDEX`.
fn drain(outbox: &mut Outbox, now: Instant) -> Vec<String> {
    outbox.expire(now);
    std::iter::from_fn(|| {
        let audio = outbox
            .pop_audio()
            .map(|packet| format!("a{}", packet.timestamp));
        audio.or_else(|| {
            let packet = outbox.pop_video(now)?;
            Some(format!("v{}.{}", packet.timestamp, packet.index))
        })
    })
    .collect()
}

#[test]
fn audio_goes_first_even_in_the_middle_of_a_picture() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    outbox.push_video(video(1, true, 3), now);
    assert!(
        outbox
            .pop_video(now)
            .is_some_and(|packet| packet.index == 0)
    );
    outbox.push_audio(audio(7), now);
    assert_eq!(outbox.sizes(), (Some(4), Some(4)));
    assert_eq!(drain(&mut outbox, now), ["a7", "v1.1", "v1.2"]);
    assert_eq!(outbox.sizes(), (None, None));
}

#[test]
fn nothing_is_sent_before_the_first_keyframe() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    let early = outbox.push_video(video(1, false, 1), now);
    assert_eq!(early, Queued::KeyframeNeeded);
    assert_eq!(outbox.push_video(video(2, true, 1), now), Queued::Yes);
    assert_eq!(outbox.push_video(video(3, false, 1), now), Queued::Yes);
    assert_eq!(drain(&mut outbox, now), ["v2.0", "v3.0"]);
    assert_eq!(outbox.dropped(), (0, 0));
}

#[test]
fn a_picture_that_waited_too_long_goes_whole_and_with_all_that_build_on_it() {
    let (mut outbox, start) = (Outbox::default(), Instant::now());
    outbox.push_video(video(0, true, 1), start);
    outbox.pop_video(start);
    for n in 1..=6 {
        let now = start + n * 33 * MS;
        assert_eq!(outbox.push_video(video(n, false, 2), now), Queued::Yes);
    }
    let late = start + 33 * MS + MAX_WAIT + MS;
    let pushed = outbox.push_video(video(7, false, 2), late);
    assert_eq!(pushed, Queued::KeyframeNeeded);
    assert!(outbox.needs_keyframe());
    assert_eq!(outbox.push_video(video(9, true, 1), late), Queued::Yes);
    assert!(!outbox.needs_keyframe());
    assert_eq!(drain(&mut outbox, late), ["v9.0"]);
    assert_eq!(outbox.dropped(), (0, 7));
}

#[test]
fn a_picture_that_has_begun_is_sent_to_its_end() {
    let (mut outbox, start) = (Outbox::default(), Instant::now());
    outbox.push_video(video(0, true, 1), start);
    outbox.push_video(video(1, false, 2), start);
    outbox.pop_video(start);
    outbox.pop_video(start);
    let late = start + MAX_WAIT + MS;
    assert_eq!(drain(&mut outbox, late), ["v1.1"]);
    assert_eq!(outbox.delay(late), MAX_WAIT + MS);
}

#[test]
fn what_waits_for_a_keyframe_to_leave_is_not_too_old_because_of_it() {
    let (mut outbox, start) = (Outbox::default(), Instant::now());
    outbox.push_video(video(0, true, 3), start);
    outbox.pop_video(start);
    outbox.push_video(video(1, false, 1), start + 33 * MS);
    let late = start + 300 * MS;
    outbox.expire(late);
    outbox.pop_video(late);
    outbox.pop_video(late);
    assert_eq!(drain(&mut outbox, late + MAX_WAIT), ["v1.0"]);
    // But one that never leaves is given up in the end.
    outbox.push_video(video(2, true, 3), late);
    outbox.pop_video(late);
    outbox.expire(late + MAX_SENDING + MS);
    assert_eq!(outbox.sizes(), (None, None));
    assert!(outbox.needs_keyframe());
}

#[test]
fn what_nothing_builds_on_goes_first() {
    let (mut outbox, start) = (Outbox::default(), Instant::now());
    outbox.push_video(video(0, true, 1), start);
    for n in 1..5 {
        outbox.push_video(picture(n, false, n % 2 == 0, 1), start);
    }
    let crowded = start + CROWDED + MS;
    assert_eq!(drain(&mut outbox, crowded), ["v0.0", "v1.0", "v3.0"]);
    assert_eq!(outbox.dropped(), (0, 2));
}

#[test]
fn pictures_after_a_waiting_keyframe_survive_those_before_it() {
    let (mut outbox, start) = (Outbox::default(), Instant::now());
    for (n, keyframe) in [(0, true), (1, false), (2, true), (3, false)] {
        outbox.push_video(video(n, keyframe, 1), start + n * 50 * MS);
    }
    let late = start + 50 * MS + MAX_WAIT;
    assert_eq!(outbox.push_video(video(4, false, 1), late), Queued::Yes);
    assert_eq!(drain(&mut outbox, late), ["v2.0", "v3.0", "v4.0"]);
}

#[test]
fn late_audio_is_dropped_oldest_first() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    for n in 0..AUDIO_CAPACITY as u32 + 2 {
        outbox.push_audio(audio(n), now);
    }
    assert_eq!(drain(&mut outbox, now), ["a2", "a3", "a4", "a5", "a6"]);
    outbox.push_audio(audio(9), now);
    assert!(drain(&mut outbox, now + MAX_WAIT + MS).is_empty());
    assert_eq!(outbox.dropped(), (3, 0));
}

#[test]
fn after_a_path_was_away_only_a_keyframe_is_of_use() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    outbox.push_video(video(0, true, 2), now);
    outbox.push_audio(audio(0), now);
    outbox.restart();
    let late = outbox.push_video(video(1, false, 1), now);
    assert_eq!(late, Queued::KeyframeNeeded);
    assert!(drain(&mut outbox, now).is_empty());
}

#[test]
fn who_takes_nothing_is_sent_nothing_that_waits() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    outbox.push_video(video(0, true, 2), now);
    let nothing = Take {
        layer: None,
        every_frame: true,
    };
    assert_eq!(outbox.take(nothing), None);
    assert_eq!(outbox.push_video(video(1, true, 1), now), Queued::No);
    assert!(drain(&mut outbox, now).is_empty() && !outbox.needs_keyframe());
    assert_eq!(outbox.take(Take::default()), Some(Layer::High));
    assert_eq!(outbox.push_video(video(2, true, 1), now), Queued::Yes);
}

/// Pictures of all kinds at every pace, sent at every pace: nothing waits too long, nothing grows,
/// and what leaves can be decoded.
#[test]
fn no_sequence_of_pictures_and_pauses_makes_it_grow_or_break_the_stream() {
    let mut random = 0x9e37_79b9u32;
    let mut below = move |bound: u32| {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random % bound
    };
    let (mut outbox, mut now) = (Outbox::default(), Instant::now());
    // The last picture that was whole, and what each picture builds on.
    let (mut whole, mut base, mut pictures) = (None, 0, 0);
    for n in 0..10_000u32 {
        now += Duration::from_micros(u64::from(below(60_000)));
        let (keyframe, droppable) = (below(12) == 0, below(3) == 0);
        let droppable = droppable && !keyframe;
        let packets = 1 + below(if keyframe { 40 } else { 4 }) as usize;
        let frame = Arc::new(EncodedVideo {
            // What it builds on, for the check below.
            width: base,
            ..(*picture(n, keyframe, droppable, packets)).clone()
        });
        if !droppable {
            base = n;
        }
        outbox.push_video(frame, now);
        assert!(outbox.video.len() <= VIDEO_CAPACITY);
        for _ in 0..below(8) {
            outbox.expire(now);
            let fresh = outbox.video.iter().all(|waiting| {
                let behind = outbox
                    .current
                    .as_ref()
                    .is_some_and(|(s, _)| s.frame.keyframe);
                let since = outbox
                    .keyframe_left
                    .map_or(waiting.queued, |l| l.max(waiting.queued));
                behind || now - since <= MAX_WAIT
            });
            assert!(fresh && outbox.delay(now) <= MAX_SENDING + 2 * MAX_WAIT);
            let Some(packet) = outbox.pop_video(now) else {
                break;
            };
            if packet.index == 0 && !packet.frame.keyframe {
                assert_eq!(
                    whole,
                    Some(packet.frame.width),
                    "what it builds on was sent"
                );
            }
            let last = packet.index + 1 == packet.frame.payloads.len();
            if last && !packet.frame.droppable {
                whole = Some(packet.timestamp);
                pictures += 1;
            }
        }
    }
    assert!(pictures > 500, "{pictures}");
}
