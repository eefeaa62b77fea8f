//! A voice and its picture, which is held back for a while because repairs are frequent, in virtual time.

use super::*;
use crate::transport::clock::local_micros;
use crate::video::Frame;
use crate::video::playout::{Cue, Playout};

/// What people notice, either way (ITU-R BT.1359).
const NOTICED_MS: f64 = 45.0;

/// A voice that takes 20 ms and a picture that takes 45, each from a sender whose clock is half an hour ahead of ours.
struct Pair {
    start: Instant,
    source: AudioSource,
    picture: Arc<PictureDelay>,
    playout: Playout,
    encoder: AudioEncoder,
    tone: Tone,
}

const VOICE_TAKES: Duration = Duration::from_millis(20);
const PICTURE_TAKES: Duration = Duration::from_millis(45);
const DEVICE_TAKES: Duration = Duration::from_millis(20);
const CLOCK_AHEAD: Micros = 1_800_000_000;

impl Pair {
    fn new() -> Self {
        let (source, picture) = (AudioSource::new(), Arc::<PictureDelay>::default());
        source.follow(picture.clone());
        let start = Instant::now();
        let micros = local_micros(start) + CLOCK_AHEAD;
        source.set_clock(SenderClock {
            ntp: ((micros as u64 / 1_000_000) << 32)
                | (((micros as u64 % 1_000_000) << 32) / 1_000_000),
            timestamp: u32::MAX - 48_000,
        });
        Self {
            start,
            source,
            picture,
            playout: Playout::default(),
            encoder: AudioEncoder::new().unwrap(),
            tone: Tone::new(440.0, 0.283),
        }
    }

    /// Lives through 10 ms.
    fn step(&mut self, n: u32, hold: Duration) {
        let now = self.start + ms(10) * n;
        if n.is_multiple_of(2) {
            let mut frame = [0.0; FRAME_SAMPLES];
            self.tone.fill(&mut frame);
            let payload = self.encoder.encode(&frame, true).unwrap().unwrap();
            // Pushed when it was captured: what counts is when it says that it arrived.
            let arrived = now + VOICE_TAKES;
            self.source.push(packet(n as usize / 2, payload, arrived));
        }
        if n.is_multiple_of(3) {
            let decoded = now + PICTURE_TAKES;
            let cue = Cue {
                captured: local_micros(now) + CLOCK_AHEAD,
                voice: self.source.delay().get(now),
            };
            let frame = Arc::new(Frame::new(2, 2, decoded));
            self.playout.push(frame, Some(cue), hold, decoded);
            let held = self.playout.held();
            let (delay, hold) = held.map_or((0, 0), |held| (held.delay, held.hold));
            self.picture.set(delay, hold, decoded);
        }
        self.playout.pop(now);
        self.source
            .fill(480, &mut Sound::default(), now + VOICE_TAKES, DEVICE_TAKES);
    }

    /// How much later than the voice the picture is.
    fn offset(&self) -> f64 {
        self.playout.offset_ms().expect("there is a voice")
    }

    fn voice_delay(&self, n: u32) -> f64 {
        let now = self.start + ms(10) * n;
        let delay = self.source.delay().get(now).expect("there is a voice");
        (delay + CLOCK_AHEAD) as f64 / 1e3
    }
}

#[test]
fn a_voice_waits_for_a_picture_that_is_held_back_and_no_longer_than_that() {
    let mut pair = Pair::new();
    (0..500).for_each(|n| pair.step(n, Duration::ZERO));
    let alone = pair.voice_delay(500);
    assert!(pair.offset().abs() < NOTICED_MS, "{} ms", pair.offset());

    // A hold comes at once; the voice follows within 2 s, as fast as it can be stretched unheard.
    (500..700).for_each(|n| pair.step(n, ms(120)));
    for n in 700..1_200 {
        pair.step(n, ms(120));
        assert!(pair.offset().abs() < NOTICED_MS, "{} ms", pair.offset());
    }
    let waiting = pair.voice_delay(1_200);
    assert!((70.0..=120.0).contains(&(waiting - alone)), "{waiting} ms");

    // It goes by 4 ms a second.
    for n in 1_200..4_400 {
        let shrunk = ms(u64::from(n - 1_200) / 25);
        pair.step(n, ms(120).saturating_sub(shrunk));
        assert!(pair.offset().abs() < NOTICED_MS, "{} ms", pair.offset());
    }
    let after = pair.voice_delay(4_400);
    assert!((after - alone).abs() <= 14.0, "{alone}, then {after} ms");
    let stats = pair.source.stats();
    assert_eq!(stats.concealed_samples, 0, "{stats:?}");
}
