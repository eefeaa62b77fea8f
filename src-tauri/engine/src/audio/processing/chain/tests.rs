use super::*;
use crate::audio::level::rms_dbfs;
use crate::audio::stamped::StampedFeed;

/// A processor that tells what it was given.
#[derive(Default)]
struct Witness(Arc<std::sync::Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    far: Vec<f32>,
    near: usize,
}

impl VoiceProcessor for Witness {
    fn far(&mut self, block: &Block) {
        self.0.lock().unwrap().far.push(block[0]);
    }

    fn near(&mut self, _: &mut Block) {
        self.0.lock().unwrap().near += 1;
    }
}

struct Scene {
    chain: Chain,
    tap: Arc<Tap>,
    feed: Option<StampedFeed>,
    seen: Arc<std::sync::Mutex<Seen>>,
    now: Instant,
}

impl Scene {
    fn new() -> Self {
        let now = Instant::now();
        let mut chain = Chain::new(now);
        let tap = Arc::new(Tap::default());
        chain.hear(tap.clone());
        chain.treat(Treatment::of(true, false));
        let witness = Witness::default();
        let seen = witness.0.clone();
        chain.processor = Box::new(witness);
        Self {
            chain,
            tap,
            feed: None,
            seen,
            now,
        }
    }

    fn speaker(&mut self, rate: u32) {
        self.feed = Some(self.tap.connect(rate));
    }

    /// 10 ms in which the speaker plays `level` and the microphone captures silence.
    fn step(&mut self, level: f32, muted: bool) {
        if let Some(feed) = &mut self.feed {
            let at = self.now + Duration::from_millis(20);
            feed.push(BLOCK_SAMPLES, at, std::iter::repeat_n(level, BLOCK_SAMPLES));
        }
        let captured_at = self.now - Duration::from_millis(10);
        self.chain
            .clean(&mut [0.0; BLOCK_SAMPLES], captured_at, muted);
        self.now += Duration::from_millis(10);
    }

    fn counts(&self) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        (seen.far.len(), seen.near)
    }
}

#[test]
fn a_canceller_rests_until_somebody_is_heard_and_then_gets_a_far_end_with_each_block() {
    let mut scene = Scene::new();
    scene.speaker(48_000);
    (0..50).for_each(|_| scene.step(0.0, false));
    assert_eq!(scene.counts(), (0, 50));
    (0..50).for_each(|_| scene.step(0.3, false));
    let (far, _) = scene.counts();
    assert!((45..=50).contains(&far), "{far}");
    (0..1_000).for_each(|_| scene.step(0.0, false));
    assert_eq!(scene.counts().0, far + 1_000);
}

#[test]
fn while_muted_and_with_nobody_to_be_heard_nothing_is_processed() {
    let mut scene = Scene::new();
    scene.speaker(48_000);
    (0..50).for_each(|_| scene.step(0.0, true));
    assert_eq!(scene.counts(), (0, 0));
    (0..50).for_each(|_| scene.step(0.3, true));
    let near = scene.counts().1;
    assert!((45..=50).contains(&near), "an echo is no talking: {near}");
    (0..500).for_each(|_| scene.step(0.0, true));
    let after = scene.counts().1 - near;
    assert!((190..=210).contains(&after), "two seconds more: {after}");
}

#[test]
fn another_speaker_is_heard_within_a_tenth_of_a_second() {
    let mut scene = Scene::new();
    scene.speaker(48_000);
    (0..100).for_each(|_| scene.step(0.3, false));
    scene.speaker(48_000);
    (0..10).for_each(|_| scene.step(0.6, false));
    let last = scene.chain.block[0];
    assert!((last - 0.6).abs() < 1e-3, "{last}");
    let before = scene.counts();
    scene.step(0.6, false);
    assert_eq!(scene.counts(), before, "the processor knew another room");
}

#[test]
fn music_is_not_touched() {
    let mut chain = Chain::new(Instant::now());
    chain.treat(Treatment::of(true, true));
    let mut block = [0.25; BLOCK_SAMPLES];
    chain.clean(&mut block, Instant::now(), false);
    assert_eq!(rms_dbfs(&block), rms_dbfs(&[0.25; BLOCK_SAMPLES]));
}
