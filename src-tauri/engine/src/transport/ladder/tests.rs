//! Lines as they get better and worse, in virtual time.

use super::*;

/// How often the session asks.
const TICK: Duration = Duration::from_millis(100);

/// Voice at 32 kbit/s, fifty packets a second, headers included.
const VOICE: Bitrate = Bitrate::from_kbps(58);

/// A call of which we are the sender.
struct Stage {
    ladder: Ladder<u8>,
    offer: Offer,
    now: Instant,
    wants: Vec<Want<u8>>,
    plan: Plan<u8>,
}

impl Stage {
    /// People with these estimates, in kbit/s, who all show us as tall as they can.
    fn with(estimates: &[u64]) -> Self {
        let wants = estimates.iter().zip(0..).map(|(kbps, peer)| Want {
            peer,
            estimate: Some(Bitrate::from_kbps(*kbps)),
            reserved: VOICE,
            rows: Some(720),
        });
        let mut stage = Self {
            ladder: Ladder::default(),
            offer: Offer::of(Some((1280, 720)), Layer::Full),
            now: Instant::now(),
            wants: wants.collect(),
            plan: Plan {
                chosen: Vec::new(),
                rates: [None; 4],
            },
        };
        stage.run(TICK);
        stage
    }

    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.plan = self.ladder.plan(&self.wants, self.offer, self.now);
            self.now += TICK;
        }
    }

    fn line(&mut self, peer: usize, kbps: u64) -> &mut Self {
        self.wants[peer].estimate = Some(Bitrate::from_kbps(kbps));
        self
    }

    /// Runs until somebody takes a layer; how long that took.
    fn until(&mut self, peer: usize, layer: Layer) -> Duration {
        let start = self.now;
        while self.layer(peer) != Some(layer) {
            self.run(TICK);
            assert!(
                self.now - start < Duration::from_secs(60),
                "never {layer:?}"
            );
        }
        self.now - start
    }

    fn layer(&self, peer: usize) -> Option<Layer> {
        self.plan.chosen[peer].take.layer
    }

    fn rate(&self, layer: Layer) -> Option<Bitrate> {
        self.plan.rates[layer.index()]
    }

    fn active(&self) -> Vec<Layer> {
        let rates = &self.plan.rates;
        Layer::ALL
            .into_iter()
            .filter(|layer| rates[layer.index()].is_some())
            .collect()
    }

    /// What goes over somebody's line, headers and voice included.
    fn used(&self, peer: usize) -> Bitrate {
        let take = self.plan.chosen[peer].take;
        let rate = take
            .layer
            .and_then(|layer| self.rate(layer))
            .unwrap_or_default();
        let frames = if take.every_frame { 30.0 } else { 15.0 };
        let cost = if take.every_frame { 1.0 } else { HALF_COST };
        let packets = rate.bps() as f64 * cost / 8.0 / 1188.0 + frames / 2.0;
        rate * cost + Bitrate::from_bps((packets * HEADER_BYTES as f64 * 8.0) as u64) + VOICE
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn a_good_line_is_sent_all_that_is_useful_and_nothing_else_is_encoded() {
    let mut stage = Stage::with(&[3_000]);
    stage.run(seconds(5.0));
    assert_eq!(stage.active(), [Layer::High]);
    assert_eq!(stage.rate(Layer::High), Some(Bitrate::from_kbps(1_800)));
    assert!(stage.plan.chosen[0].take.every_frame);
}

#[test]
fn a_line_of_600_is_used_for_more_than_four_fifths() {
    for kbps in [250, 400, 600, 800, 1_200, 1_800] {
        let mut stage = Stage::with(&[kbps]);
        stage.run(seconds(20.0));
        let share = stage.used(0).bps() as f64 / (kbps as f64 * 1e3);
        assert!((0.8..=1.0).contains(&share), "{share} of {kbps} kbit/s");
    }
}

#[test]
fn a_line_of_250_has_all_frames_of_the_smallest_layer_and_the_voice() {
    let mut stage = Stage::with(&[250]);
    stage.run(seconds(20.0));
    assert_eq!(stage.layer(0), Some(Layer::Low));
    assert!(stage.plan.chosen[0].take.every_frame);
    assert!(stage.used(0) <= Bitrate::from_kbps(250));
}

#[test]
fn a_cut_is_followed_at_once_and_its_end_within_two_seconds() {
    let mut stage = Stage::with(&[3_000]);
    stage.run(seconds(10.0));
    stage.line(0, 500).run(TICK);
    assert_eq!(stage.layer(0), Some(Layer::Middle));
    assert!(
        stage.used(0) <= Bitrate::from_kbps(500),
        "{}",
        stage.used(0)
    );
    stage.run(seconds(30.0));
    assert!(stage.line(0, 3_000).until(0, Layer::High) < seconds(2.0));
}

#[test]
fn a_dip_costs_every_second_frame_and_no_keyframe() {
    let mut stage = Stage::with(&[900]);
    stage.run(seconds(10.0));
    assert_eq!(stage.layer(0), Some(Layer::High));
    stage.line(0, 720).run(seconds(1.0));
    assert_eq!(stage.layer(0), Some(Layer::High));
    assert!(!stage.plan.chosen[0].take.every_frame);
    assert!(
        stage.used(0) <= Bitrate::from_kbps(720),
        "{}",
        stage.used(0)
    );
    stage.line(0, 900).run(seconds(1.0));
    assert!(stage.plan.chosen[0].take.every_frame);
}

#[test]
fn a_dip_that_stays_is_a_layer_down_with_all_frames() {
    let mut stage = Stage::with(&[900]);
    stage.run(seconds(10.0));
    stage.line(0, 720).run(seconds(4.0));
    assert_eq!(stage.layer(0), Some(Layer::Middle));
    assert!(stage.plan.chosen[0].take.every_frame);
}

#[test]
fn below_the_smallest_layer_the_picture_pauses_and_comes_back() {
    let mut stage = Stage::with(&[400]);
    stage.run(seconds(10.0));
    // For a moment the face stays, with half of its frames: it may only be its own keyframe that stands in the way.
    stage.line(0, 75).run(seconds(1.4));
    assert_eq!(stage.layer(0), Some(Layer::Low));
    assert!(!stage.plan.chosen[0].take.every_frame);
    stage.run(seconds(0.3));
    assert_eq!(stage.plan.chosen[0].take, Take::NOTHING);
    assert!(stage.plan.chosen[0].paused);
    stage.run(seconds(2.0));
    assert_eq!(stage.active(), []);
    let back = stage.line(0, 200).until(0, Layer::Low);
    assert!((seconds(1.0)..seconds(4.0)).contains(&back), "{back:?}");
    assert!(!stage.plan.chosen[0].paused);
}

#[test]
fn a_weak_line_goes_down_alone() {
    let mut stage = Stage::with(&[3_000, 3_000, 3_000]);
    stage.run(seconds(5.0));
    for (kbps, layer) in [
        (900, Layer::Middle),
        (300, Layer::Middle),
        (200, Layer::Low),
    ] {
        stage.line(2, kbps).run(seconds(5.0));
        assert_eq!(stage.layer(2), Some(layer), "{kbps}");
        assert_eq!(stage.layer(0), Some(Layer::High));
        assert_eq!(stage.rate(Layer::High), Some(Bitrate::from_kbps(1_800)));
        assert_eq!(stage.active(), [layer, Layer::High]);
    }
    stage.line(2, 40).run(seconds(5.0));
    assert!(stage.plan.chosen[2].paused);
    assert_eq!(stage.active(), [Layer::High]);
}

#[test]
fn those_who_are_alike_share_one_layer_at_the_rate_of_the_weaker() {
    let mut stage = Stage::with(&[1_500, 1_400, 1_300]);
    stage.run(seconds(5.0));
    assert_eq!(stage.active(), [Layer::High]);
    assert!(stage.used(2) <= Bitrate::from_kbps(1_300));
    assert!(stage.used(2) > Bitrate::from_kbps(1_250));
}

#[test]
fn when_the_strong_one_leaves_the_other_moves_up() {
    let mut stage = Stage::with(&[3_000, 1_000]);
    stage.run(seconds(5.0));
    assert_eq!(stage.layer(1), Some(Layer::Middle));
    stage.wants.remove(0);
    assert!(stage.until(0, Layer::High) < seconds(2.5));
}

#[test]
fn everybody_weak_pauses_nobody_for_the_sake_of_another() {
    let mut stage = Stage::with(&[3_000, 170]);
    stage.wants[0].rows = Some(100);
    stage.run(seconds(5.0));
    assert_eq!(stage.layer(1), Some(Layer::Low));
}

#[test]
fn a_small_tile_gets_a_small_picture_and_a_hidden_one_none() {
    let mut stage = Stage::with(&[3_000, 3_000]);
    stage.wants[0].rows = Some(180);
    stage.run(seconds(3.0));
    assert_eq!(stage.active(), [Layer::Low, Layer::High]);
    let useful = |stage: &Stage| stage.plan.chosen[0].useful;
    assert!((VOICE + Bitrate::from_kbps(250)..Bitrate::from_kbps(350)).contains(&useful(&stage)));
    stage.wants[0].rows = None;
    stage.wants[1].rows = None;
    stage.run(seconds(3.0));
    assert_eq!(useful(&stage), VOICE);
    assert_eq!(stage.active(), []);
    assert!(!stage.plan.chosen[0].paused);
    // The line has been known to carry it all the while.
    stage.wants[0].rows = Some(720);
    stage.run(TICK);
    assert_eq!(stage.layer(0), Some(Layer::High));
}

#[test]
fn full_size_is_for_a_large_camera_in_a_large_tile_over_a_good_line() {
    let mut stage = Stage::with(&[4_500]);
    stage.offer = Offer::of(Some((1920, 1080)), Layer::Full);
    stage.run(seconds(5.0));
    assert_eq!(stage.layer(0), Some(Layer::High));
    stage.wants[0].rows = Some(1080);
    stage.run(seconds(5.0));
    assert_eq!(stage.layer(0), Some(Layer::Full));
    stage.line(0, 1_500).run(seconds(5.0));
    assert_eq!(stage.layer(0), Some(Layer::High));
}

#[test]
fn a_layer_stays_until_the_change_to_another_is_through() {
    let mut stage = Stage::with(&[3_000]);
    stage.run(seconds(5.0));
    stage.line(0, 300).run(TICK);
    assert_eq!(stage.active(), [Layer::Middle, Layer::High]);
    stage.run(LINGER);
    assert_eq!(stage.active(), [Layer::Middle]);
}

#[test]
fn what_the_machine_cannot_encode_is_dropped_at_once_and_taken_back_at_leisure() {
    let mut stage = Stage::with(&[3_000]);
    stage.run(seconds(5.0));
    stage.offer = Offer::of(Some((1280, 720)), Layer::Middle);
    stage.run(TICK);
    assert_eq!(stage.active(), [Layer::Middle]);
    stage.offer = Offer::of(Some((1280, 720)), Layer::Full);
    assert!(stage.until(0, Layer::High) < seconds(2.5));
}

#[test]
fn a_guess_about_a_new_line_is_not_trusted_whole_and_a_wide_line_does_not_wait() {
    let mut stage = Stage::with(&[300]);
    assert_eq!(stage.layer(0), Some(Layer::Low));
    assert!(stage.used(0) < Bitrate::from_kbps(210), "{}", stage.used(0));
    stage.run(seconds(2.0));
    assert!(stage.used(0) > Bitrate::from_kbps(270), "{}", stage.used(0));
    let mut stage = Stage::with(&[300]);
    stage.run(seconds(0.2));
    assert!(stage.line(0, 2_400).until(0, Layer::High) < seconds(0.5));
}

#[test]
fn a_line_of_which_nothing_is_known_gets_a_face() {
    let mut stage = Stage::with(&[0]);
    stage.wants.push(Want {
        peer: 9,
        estimate: None,
        reserved: VOICE,
        rows: Some(720),
    });
    stage.run(TICK);
    assert_eq!(stage.layer(1), Some(Layer::Low));
    stage.run(seconds(4.0));
    assert_eq!(stage.layer(1), Some(Layer::Middle));
}

#[test]
fn a_line_that_fails_each_ascent_is_tried_less_and_less() {
    let mut stage = Stage::with(&[600]);
    stage.run(seconds(10.0));
    let (mut ascents, start) = (0, stage.now);
    while stage.now - start < seconds(60.0) {
        stage.line(0, 1_200).until(0, Layer::High);
        ascents += 1;
        stage.line(0, 600).run(seconds(0.5));
    }
    assert!(ascents <= 8, "{ascents} in a minute");
}

#[test]
fn a_face_is_tried_again_after_a_second_however_often_the_line_failed() {
    let mut stage = Stage::with(&[200]);
    stage.run(seconds(10.0));
    for _ in 0..10 {
        stage.line(0, 60).run(seconds(2.0));
        assert!(stage.plan.chosen[0].paused);
        let waited = stage.line(0, 200).until(0, Layer::Low);
        assert!(waited <= seconds(1.2), "{waited:?}");
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Estimates that jump, people who come and go and change their minds, cameras that change: in any order.
#[test]
fn no_sequence_makes_it_choose_what_is_not_asked_for_or_not_carried() {
    for seed in 1..=60 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut stage = Stage::with(&[1_000]);
        let mut next = 1;
        for _ in 0..2_000 {
            disturb(&mut stage, &mut dice, &mut next);
            let step = [0, 1, 100, 100, 100, 900][dice.below(6) as usize];
            stage.now += Duration::from_millis(step);
            stage.plan = stage.ladder.plan(&stage.wants, stage.offer, stage.now);
            check(&stage);
        }
    }
}

fn disturb(stage: &mut Stage, dice: &mut Dice, next: &mut u8) {
    let rate = Bitrate::from_bps(match dice.below(6) {
        0 => 0,
        1 => u64::MAX,
        _ => dice.below(4_000_000),
    });
    let rows = [
        None,
        Some(0),
        Some(90),
        Some(360),
        Some(700),
        Some(u32::MAX),
    ];
    let index = dice.below(stage.wants.len().max(1) as u64) as usize;
    match dice.below(12) {
        0 if stage.wants.len() < 6 => {
            *next = next.wrapping_add(1);
            stage.wants.push(Want {
                peer: *next,
                estimate: None,
                reserved: VOICE,
                rows: rows[dice.below(6) as usize],
            });
        }
        1 if stage.wants.len() > 1 => drop(stage.wants.remove(index)),
        2 => stage.wants[index].rows = rows[dice.below(6) as usize],
        3 => {
            let side = |dice: &mut Dice| dice.below(2_200) as u32;
            let source = Some((side(dice), side(dice))).filter(|_| dice.below(4) > 0);
            stage.offer = Offer::of(source, Layer::ALL[dice.below(4) as usize]);
        }
        4 => stage.wants[index].reserved = rate,
        _ => stage.wants[index].estimate = Some(rate),
    }
}

fn check(stage: &Stage) {
    assert_eq!(stage.plan.chosen.len(), stage.wants.len());
    for (want, chosen) in stage.wants.iter().zip(&stage.plan.chosen) {
        assert_eq!(want.peer, chosen.peer);
        let wished = want.rows.and_then(|rows| stage.offer.for_rows(rows));
        assert!(chosen.take.layer <= wished, "larger than asked for");
        assert_eq!(
            chosen.paused,
            chosen.take.layer.is_none() && want.rows.is_some()
        );
        let Some(layer) = chosen.take.layer else {
            continue;
        };
        let range = stage.offer.range(layer).expect("a layer that can be made");
        let rate = stage.rate(layer).expect("what is taken is encoded");
        assert!(rate >= range.least && rate <= range.most);
        let share = stage.ladder.share(want, stage.now);
        let has = if chosen.take.every_frame {
            share.whole
        } else {
            share.half * (1.0 / HALF_COST)
        };
        // A face that is no longer carried lasts for a moment, at its least.
        let face = layer == Layer::Low;
        assert!(face || has >= range.least * 0.99, "{has} for {layer:?}");
        assert!(rate <= has.max(range.least), "more than there is");
    }
}

#[test]
fn no_estimate_makes_it_flap() {
    for seed in 1..=40 {
        let mut dice = Dice(0x2545_f491_4f6c_dd1d_u64.wrapping_mul(seed));
        let mut stage = Stage::with(&[700]);
        stage.run(seconds(10.0));
        let mut changes = Vec::new();
        let (mut layer, mut held) = (stage.layer(0), 0);
        for _ in 0..6_000 {
            if held == 0 {
                held = [1, 5, 16, 20, 90][dice.below(5) as usize];
                let kbps = dice.below(2_500);
                stage.line(0, kbps);
            }
            held -= 1;
            stage.run(TICK);
            if stage.layer(0) != layer {
                layer = stage.layer(0);
                changes.push(stage.now);
            }
        }
        let in_a_minute = |from: &Instant| {
            let after = changes.iter().filter(|at| *at >= from);
            after.filter(|at| **at - *from < seconds(60.0)).count()
        };
        let most = changes.iter().map(in_a_minute).max().unwrap_or_default();
        assert!(most <= 30, "{most} changes in a minute");
    }
}
