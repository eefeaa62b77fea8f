use super::*;

/// A speaker and a microphone in virtual time. What is played is its own position, so that a reader can tell where it is.
struct Scene {
    far: FarEnd,
    start: Instant,
    /// The speaker is heard so much later than its callback asks.
    delay: Duration,
    position: u64,
    played: f64,
    captured: f64,
}

impl Scene {
    fn new() -> Self {
        let start = Instant::now() + Duration::from_secs(10);
        Self {
            far: FarEnd::new(start),
            start,
            delay: Duration::from_millis(20),
            position: 0,
            played: 0.0,
            captured: 0.0,
        }
    }

    /// One callback of each; the speaker's clock is `ppm` faster. How far, in samples, the block is from where it belongs.
    fn step(&mut self, ppm: f64) -> f64 {
        while self.played <= self.captured + 0.02 {
            let at = self.start + Duration::from_secs_f64(self.played) + self.delay;
            let samples: Vec<f32> = (0..480).map(|n| (self.position + n) as f32 / 1e7).collect();
            self.far.played(self.position, &samples, at);
            self.position += 480;
            self.played += 0.01 / (1.0 + ppm * 1e-6);
        }
        let at = self.start + Duration::from_secs_f64(self.captured);
        self.captured += 0.01;
        let mut block = [0.0; BLOCK_SAMPLES];
        self.far.block(at, Duration::ZERO, &mut block);
        let heard = f64::from(block[0]) * 1e7;
        let seconds = (at + LEAD)
            .saturating_duration_since(self.start + self.delay)
            .as_secs_f64();
        heard - seconds * 48_000.0 * (1.0 + ppm * 1e-6)
    }

    /// The farthest of so many blocks.
    fn farthest(&mut self, blocks: usize, ppm: f64) -> f64 {
        (0..blocks)
            .map(|_| self.step(ppm).abs())
            .fold(0.0, f64::max)
    }
}

#[test]
fn a_block_holds_what_is_heard_while_it_is_captured() {
    let mut scene = Scene::new();
    scene.farthest(10, 0.0);
    let off = scene.farthest(500, 0.0);
    assert!(off < 60.0, "{off} samples");
}

#[test]
fn two_sound_cards_200_ppm_apart_are_held_together_for_half_an_hour() {
    for ppm in [-200.0, 200.0] {
        let mut scene = Scene::new();
        scene.farthest(500, ppm);
        let off = scene.farthest(180_000, ppm);
        assert!(off < 150.0, "{ppm} ppm: {off} samples");
    }
}

#[test]
fn a_speaker_whose_delay_jumps_is_followed_within_half_a_second() {
    let mut scene = Scene::new();
    scene.farthest(500, 0.0);
    scene.delay += Duration::from_millis(150);
    scene.farthest(50, 0.0);
    let off = scene.farthest(500, 0.0);
    assert!(off < 60.0, "{off} samples");
}

#[test]
fn a_single_stamp_that_errs_moves_nothing() {
    let mut scene = Scene::new();
    scene.farthest(500, 0.0);
    let before = scene.delay;
    for _ in 0..20 {
        scene.delay = before + Duration::from_millis(20);
        scene.farthest(1, 0.0);
        scene.delay = before;
        let off = scene.farthest(30, 0.0);
        assert!(off < 60.0, "{off} samples");
    }
}

#[test]
fn stamps_that_err_for_a_while_move_nothing() {
    let mut scene = Scene::new();
    scene.farthest(500, 0.0);
    let before = scene.delay;
    for (blocks, ms) in [(26, 36), (50, 70), (50, -19)] {
        let erring = before.as_millis() as i64 + ms;
        scene.delay = Duration::from_millis(erring.unsigned_abs());
        scene.farthest(blocks, 0.0);
        scene.delay = before;
        scene.farthest(30, 0.0);
        let off = scene.farthest(200, 0.0);
        assert!(off < 60.0, "after {ms} ms: {off} samples");
    }
}

#[test]
fn a_delay_that_jumps_by_a_little_is_followed_within_two_seconds() {
    let mut scene = Scene::new();
    scene.farthest(500, 0.0);
    scene.delay += Duration::from_millis(40);
    scene.farthest(200, 0.0);
    let off = scene.farthest(500, 0.0);
    assert!(off < 60.0, "{off} samples");
}

#[test]
fn a_block_is_whole_though_stamps_say_that_what_was_not_yet_played_is_heard() {
    let now = Instant::now();
    let mut far = FarEnd::new(now);
    let mut block = [0.0; BLOCK_SAMPLES];
    for n in 0..100 {
        let at = now + Duration::from_millis(10) * n;
        far.played(u64::from(n) * 480, &[0.5; 480], at);
        far.block(at + Duration::from_millis(25), Duration::ZERO, &mut block);
        if n > 2 {
            assert!(block.iter().all(|sample| *sample == 0.5), "block {n}");
        }
    }
}

#[test]
fn what_was_never_played_is_silence() {
    let now = Instant::now();
    let mut far = FarEnd::new(now);
    let mut block = [1.0; BLOCK_SAMPLES];
    assert!(!far.block(now, Duration::from_secs(1), &mut block));
    assert_eq!(block, [0.0; BLOCK_SAMPLES]);
    far.played(0, &[0.0; 960], now);
    assert!(!far.block(now, Duration::from_secs(1), &mut block));
    far.played(960, &[0.5; 960], now + Duration::from_millis(20));
    assert!(far.block(now + Duration::from_millis(20), Duration::ZERO, &mut block));
    let later = now + Duration::from_millis(900);
    for _ in 0..LONG_JUMPED {
        assert!(far.block(later, Duration::from_secs(1), &mut block));
    }
    assert!(!far.block(later, Duration::from_millis(500), &mut block));
    assert_eq!(block, [0.0; BLOCK_SAMPLES]);
}

#[test]
fn a_gap_in_what_was_played_is_silence_and_what_follows_keeps_its_place() {
    let now = Instant::now();
    let mut far = FarEnd::new(now);
    far.played(0, &[0.5; 480], now);
    far.played(960, &[0.25; 480], now + Duration::from_millis(20));
    let mut block = [1.0; BLOCK_SAMPLES];
    far.block(now, Duration::ZERO, &mut block);
    assert!(block[10..470].iter().all(|sample| *sample == 0.0));
    far.block(now + Duration::from_millis(10), Duration::ZERO, &mut block);
    assert!(
        block[10..470]
            .iter()
            .all(|sample| (sample - 0.25).abs() < 1e-6)
    );
}

#[test]
fn no_order_of_pieces_makes_it_grow() {
    let now = Instant::now();
    let mut far = FarEnd::new(now);
    let mut seed = 3_u64;
    let mut block = [0.0; BLOCK_SAMPLES];
    for n in 0..5_000_u64 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let position = if seed.is_multiple_of(3) {
            seed >> (seed % 60)
        } else {
            n * 480
        };
        let length = (seed >> 40) as usize % 4_096;
        far.played(
            position / 2,
            &vec![0.1; length],
            now + Duration::from_millis(seed >> 50),
        );
        far.block(
            now + Duration::from_millis(seed >> 48),
            Duration::MAX,
            &mut block,
        );
        assert!(far.samples.len() <= KEPT_SAMPLES);
        assert!(block.iter().all(|sample| sample.is_finite()));
    }
}
