//! What is bounded, when, and for how long.

use super::*;
use crate::transport::simulator::{Conditions, Crowd};

const MS: Duration = Duration::from_millis(1);
const TICK: Duration = Duration::from_millis(100);

fn flow(kbps: u64, late_ms: u32) -> Flow {
    Flow {
        arrived: Bitrate::from_kbps(kbps),
        queue: Some(MS * late_ms),
        loss: 0.0,
        picture: true,
    }
}

/// A line, looked at ten times a second.
struct Stage {
    line: SharedLine,
    now: Instant,
}

impl Stage {
    fn new() -> Self {
        Self {
            line: SharedLine::default(),
            now: Instant::now(),
        }
    }

    /// The bound after so much time, in kbit/s.
    fn run(&mut self, seconds: f64, flows: &[Flow]) -> Option<u64> {
        for _ in 0..(seconds * 10.0).round() as u32 {
            self.line.observe(flows, self.now);
            self.now += TICK;
        }
        self.line.bound().map(|bound| bound.bps() / 1000)
    }
}

#[test]
fn what_arrives_in_all_is_shared_among_pictures_when_everything_has_waited() {
    let mut stage = Stage::new();
    let flows = [flow(180, 150), flow(80, 120)];
    assert_eq!(stage.run(0.4, &flows), None, "a keyframe passes");
    assert_eq!(stage.run(0.2, &flows), Some(123));
}

#[test]
fn a_voice_alone_keeps_what_it_takes() {
    let voice = Flow {
        picture: false,
        ..flow(60, 150)
    };
    let flows = [flow(180, 150), flow(60, 150), voice];
    assert_eq!(Stage::new().run(1.0, &flows), Some(115));
    assert_eq!(
        Stage::new().run(1.0, &[flow(240, 150), voice]),
        None,
        "one picture: its sender's estimate does"
    );
}

#[test]
fn one_way_that_waits_among_others_is_not_our_line() {
    let mut stage = Stage::new();
    assert_eq!(stage.run(5.0, &[flow(180, 300), flow(900, 10)]), None);
    let silent = Flow {
        queue: None,
        ..flow(50, 0)
    };
    assert_eq!(stage.run(5.0, &[silent, silent]), None);
    assert_eq!(stage.run(1.0, &[flow(180, 150), silent]), Some(115));
}

#[test]
fn a_queue_that_stays_is_not_lowered_for_again_and_again() {
    let mut stage = Stage::new();
    // Somebody else fills it: what is sent is what is allowed, and all of that comes through.
    assert_eq!(stage.run(1.0, &[flow(150, 150), flow(150, 150)]), Some(142));
    let obedient = [flow(142, 150), flow(142, 150)];
    assert_eq!(stage.run(5.0, &obedient), Some(142));
    assert!(stage.run(3.0, &obedient) > Some(155), "it is lifted again");
}

#[test]
fn a_line_that_carries_less_than_it_did_is_known_while_its_queue_stands() {
    let mut stage = Stage::new();
    stage.run(1.0, &[flow(400, 150), flow(400, 150)]);
    assert_eq!(stage.run(2.0, &[flow(100, 400), flow(160, 400)]), Some(123));
    let starved = stage.run(2.0, &[flow(30, 400), flow(40, 400)]);
    assert_eq!(starved, Some(123), "there is no less than a face");
}

#[test]
fn a_bound_stays_for_a_while_then_grows_and_is_forgotten() {
    let mut stage = Stage::new();
    stage.run(0.6, &[flow(150, 150), flow(150, 150)]);
    let quiet = [flow(130, 0), flow(130, 0)];
    assert_eq!(stage.run(5.5, &quiet), Some(142));
    let bound = stage.run(10.0, &quiet).expect("still one");
    assert!((280..310).contains(&bound), "{bound}");
    assert_eq!(stage.run(40.0, &quiet), None);
}

#[test]
fn a_line_that_overflows_without_a_queue_is_shared_and_one_that_loses_by_itself_is_spared() {
    let losing = |kbps, loss| Flow {
        loss,
        ..flow(kbps, 0)
    };
    let mut stage = Stage::new();
    assert_eq!(
        stage.run(0.6, &[losing(200, 0.3), losing(40, 0.2)]),
        Some(115)
    );
    assert_eq!(
        Stage::new().run(5.0, &[losing(150, 0.5), losing(900, 0.01)]),
        None,
        "one lossy way among good ones"
    );
    // Whatever is sent, so much is lost: sending less and less would help nobody.
    let mut stage = Stage::new();
    let mut bound = 1_000;
    for _ in 0..120 {
        let arrives = losing(bound * 87 / 100, 0.13);
        bound = stage.run(0.5, &[arrives, arrives]).unwrap_or(bound);
    }
    assert!(bound > 700, "{bound}");
}

#[test]
fn a_queue_that_is_back_is_answered_again() {
    let mut stage = Stage::new();
    stage.run(0.6, &[flow(150, 150), flow(150, 150)]);
    stage.run(20.0, &[flow(130, 0), flow(130, 0)]);
    assert_eq!(stage.run(1.0, &[flow(150, 95), flow(150, 95)]), Some(142));
}

/// Two people send to one behind 300 kbit/s, who tells them their parts: pictures a second of each, from the tenth second on.
fn two_to_one(seed: u64) -> [u64; 2] {
    const SECONDS: u64 = 40;
    let conditions = Conditions::clean(Bitrate::from_kbps(300), 40 * MS).queueing(200 * MS);
    let mut crowd = Crowd::new(2, conditions, Bitrate::from_kbps(1_500), seed);
    let mut line = SharedLine::default();
    let mut bytes = [[0; 10]; 2];
    let mut from = [0; 2];
    for tenth in 0..SECONDS as usize * 10 {
        crowd.run(TICK);
        let flows = [0, 1].map(|who| {
            let (arrived, _) = crowd.arrived(who);
            let before = std::mem::replace(&mut bytes[who][tenth % 10], arrived);
            Flow {
                arrived: Bitrate::of(arrived - before, Duration::from_secs(1)),
                queue: crowd.lateness(who),
                loss: 0.0,
                picture: true,
            }
        });
        line.observe(&flows, crowd.now());
        if tenth < 100 {
            from = [0, 1].map(|who| crowd.arrived(who).1);
        }
        (0..2).for_each(|who| crowd.bound(who, line.bound()));
    }
    [0, 1].map(|who| (crowd.arrived(who).1 - from[who]) / (SECONDS - 10))
}

#[test]
fn two_who_share_a_narrow_line_to_us_both_come_through() {
    for seed in 1..=4 {
        let pictures = two_to_one(seed);
        assert!(
            pictures.iter().all(|each| *each >= 12),
            "seed {seed}: {pictures:?}"
        );
    }
}
