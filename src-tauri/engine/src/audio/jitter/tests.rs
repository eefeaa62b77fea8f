//! Decisions of the jitter buffer, packet by packet.

use super::*;

/// A packet that says its number; longer than what says that the sender rests.
fn payload(n: u16) -> Bytes {
    let [high, low] = n.to_be_bytes();
    Bytes::copy_from_slice(&[high, low, 0, 0])
}

/// How long the first packet waits, in milliseconds.
const FIRST: u64 = 130;

struct Scene {
    buffer: JitterBuffer,
    start: Instant,
}

impl Scene {
    fn new() -> Self {
        Self {
            buffer: JitterBuffer::new(),
            start: Instant::now(),
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Frame `n`, sent at `n` × 20 ms, arrives.
    fn arrive(&mut self, n: u16, ms: u64) {
        let arrived = self.at(ms);
        let timestamp = u32::from(n) * FRAME_SAMPLES as u32;
        self.buffer.insert(
            RtpPacket {
                sequence: n,
                timestamp,
                marker: false,
                payload: payload(n),
                arrived,
            },
            FRAME_SAMPLES,
        );
    }

    /// Fills the buffer with frames in step until frame `n` has been played at `n` × 20 ms + 10 ms.
    fn play_until(&mut self, n: u16) {
        for frame in 0..=n {
            self.arrive(frame, u64::from(frame) * 20);
            if frame > 0 {
                self.buffer.take(self.at(u64::from(frame) * 20 + 10));
            } else {
                self.buffer.take(self.at(10));
            }
        }
    }

    fn played(&mut self, ms: u64) -> Option<u16> {
        match self.buffer.take(self.at(ms)) {
            Frame::Packet { payload, .. } => Some(u16::from_be_bytes([payload[0], payload[1]])),
            _ => None,
        }
    }
}

#[test]
fn nothing_is_played_before_the_first_packet_has_waited_for_the_target() {
    let mut scene = Scene::new();
    assert!(matches!(
        scene.buffer.take(scene.at(0)),
        Frame::Silence { .. }
    ));
    scene.arrive(0, 0);
    assert_eq!(
        scene.buffer.take(scene.at(10)),
        Frame::Silence { samples: 960 }
    );
    assert_eq!(
        scene.buffer.take(scene.at(FIRST - 5)),
        Frame::Silence { samples: 240 }
    );
    assert_eq!(scene.played(FIRST), Some(0));
    assert_eq!(scene.buffer.counts().total_samples, 960);
}

#[test]
fn a_missing_packet_is_recovered_as_soon_as_its_successor_is_there() {
    let mut scene = Scene::new();
    (0..=10).for_each(|n| scene.arrive(n, u64::from(n) * 20));
    scene.arrive(12, 240);
    (0..=10).for_each(|n| assert_eq!(scene.played(FIRST + u64::from(n) * 20), Some(n)));
    let frame = scene.buffer.take(scene.at(FIRST + 220));
    assert!(
        matches!(frame, Frame::Recovered { samples: 960, .. }),
        "{frame:?}"
    );
    assert_eq!(scene.played(FIRST + 240), Some(12));
    assert_eq!(scene.buffer.lost(), 1);
    assert_eq!(scene.buffer.counts().concealed_samples, 0);
}

#[test]
fn a_late_packet_is_waited_for_with_concealment_and_still_played() {
    let mut scene = Scene::new();
    scene.play_until(20);
    let next = 20;
    while scene.played(430).is_some() {}
    assert!(matches!(
        scene.buffer.take(scene.at(450)),
        Frame::Concealed { last: false, .. }
    ));
    assert!(scene.buffer.counts().concealed_samples <= 2 * 960);
    scene.arrive(21, 460);
    assert_eq!(scene.played(470), Some(next + 1));
    assert_eq!(scene.buffer.counts().discarded, 0);
}

#[test]
fn a_packet_whose_time_is_over_is_thrown_away() {
    let mut scene = Scene::new();
    (0..=10)
        .filter(|n| *n != 5)
        .for_each(|n| scene.arrive(n, u64::from(n) * 20));
    for n in 0..=8 {
        scene.buffer.take(scene.at(FIRST + n * 20));
    }
    scene.arrive(5, FIRST + 170);
    assert_eq!(scene.buffer.counts().discarded, 1);
    assert_eq!(scene.buffer.lost(), 0, "late is not lost");
}

#[test]
fn what_the_sender_never_sent_is_silence_and_not_a_loss() {
    let mut scene = Scene::new();
    (0..=5).for_each(|n| scene.arrive(n, u64::from(n) * 20));
    (0..=5).for_each(|n| assert_eq!(scene.played(FIRST + u64::from(n) * 20), Some(n)));
    for ms in (FIRST + 120..1_000).step_by(20) {
        assert!(!matches!(
            scene.buffer.take(scene.at(ms)),
            Frame::Packet { .. }
        ));
    }
    // Sequence number 6, but the timestamp of frame 50: a second of silence.
    let arrived = scene.at(1_000);
    let timestamp = 50 * FRAME_SAMPLES as u32;
    let packet = RtpPacket {
        sequence: 6,
        timestamp,
        marker: true,
        payload: payload(6),
        arrived,
    };
    scene.buffer.insert(packet, FRAME_SAMPLES);
    assert!(matches!(
        scene.buffer.take(scene.at(1_001)),
        Frame::Rest { .. }
    ));
    assert_eq!(scene.played(1_000 + FIRST), Some(6));
    assert_eq!(scene.buffer.counts().concealed_samples, 0);
    assert_eq!(scene.buffer.lost(), 0);
}

#[test]
fn after_a_stall_the_oldest_of_too_much_is_dropped() {
    let mut scene = Scene::new();
    scene.play_until(10);
    (11..=60).for_each(|n| scene.arrive(n, 1_200));
    let first = scene.played(1_210).expect("something to play");
    assert!(
        (48..=51).contains(&first),
        "{first}: no more than the target and 200 ms are kept"
    );
    assert!(scene.buffer.counts().discarded > 30);
}

#[test]
fn a_delay_above_the_target_is_shrunk_gently_until_it_is_not() {
    let mut scene = Scene::new();
    let mut shrunk = 0;
    let mut early_ms = 0;
    for n in 0..400_u64 {
        scene.arrive(n as u16, n * 20);
        // Playing begins as late as the first packet has to wait.
        let Some(ms) = (n * 20 + 1).checked_sub(early_ms) else {
            continue;
        };
        if ms < FIRST {
            continue;
        }
        match scene.buffer.take(scene.at(ms)) {
            Frame::Packet {
                pace: Pace::Shrink(_),
                ..
            } => {
                shrunk += 1;
                early_ms += 5;
                scene.buffer.stretched(-240);
            }
            Frame::Packet { .. } => {}
            other => panic!("{other:?} at {n}"),
        }
        if early_ms >= 20 {
            // Four shrunk frames are one frame less of delay.
            early_ms -= 20;
            scene.buffer.take(scene.at(ms));
        }
    }
    // From the first target to the least, 5 ms at a time.
    assert!((20..=30).contains(&shrunk), "{shrunk}");
}

#[test]
fn a_sender_that_starts_over_is_followed() {
    let mut scene = Scene::new();
    scene.play_until(50);
    for n in 0..10_u16 {
        let arrived = scene.at(1_020 + u64::from(n) * 20);
        let timestamp = 3_000_000_000 + u32::from(n) * FRAME_SAMPLES as u32;
        let payload = payload(n);
        scene.buffer.insert(
            RtpPacket {
                sequence: 40_000 + n,
                timestamp,
                marker: false,
                payload,
                arrived,
            },
            FRAME_SAMPLES,
        );
    }
    assert_eq!(
        scene.played(1_230),
        Some(1),
        "the first only raised suspicion"
    );
    assert_eq!(scene.played(1_250), Some(2));
}
