//! Links that become worse, and better again.

use super::*;

#[test]
fn a_cut_is_followed_and_its_end_is_noticed() {
    for queue in [300, 500, 1500] {
        with_seeds(|seed| {
            let full = clean(3000, 20).queueing(queue * MS);
            let mut call = Call::new(full, HD, seed);
            call.run(20 * S);
            call.change(full.at(kbps(600)));
            call.run(30 * S);
            call.change(full);
            call.run(20 * S);
            let standing = call.standing_queue(23.0, 50.0);
            assert!(standing < 200 * MS, "{queue}: {standing:?}");
            let used = call.used(23.0, 50.0);
            assert!(used >= kbps(480), "{queue}: {used}");
            let gap = call.longest(20.0, 50.0, |moment| moment.heard.audio_gap);
            assert!(gap <= 200 * MS, "{queue}: {gap:?}");
            let back = call.reached(HD_FROM, 50.0).expect("it comes back");
            assert!(back < 6.0, "{queue}: after {back} s");
        });
    }
}

#[test]
fn a_path_that_was_away_is_used_as_before_at_once() {
    for away in [3, 20] {
        with_seeds(|seed| {
            let line = clean(3000, 40);
            let mut call = Call::new(line, HD, seed);
            call.run(20 * S);
            call.change(line.away());
            call.run(away * S);
            let back = call.now().as_secs_f64();
            call.change(line);
            call.run(10 * S);
            let reached = call.reached(WANTED * 0.8, back).expect("it comes back");
            assert!(reached < 0.5, "{away}: after {reached} s");
            let used = call.used(back + 0.5, back + 10.0);
            assert!(used >= WANTED * 0.9, "{away}: {used}");
        });
    }
}

#[test]
fn another_path_is_explored_anew() {
    for rate in [500, 3000] {
        with_seeds(|seed| {
            let mut call = Call::new(clean(3000, 20), HD, seed);
            call.run(20 * S);
            call.change(clean(rate, 80));
            call.path_changed();
            call.run(20 * S);
            let used = call.used(22.0, 40.0);
            assert!(used >= kbps(rate.min(1560)) * 0.8, "{rate}: {used}");
            let standing = call.standing_queue(23.0, 40.0);
            assert!(standing < 200 * MS, "{rate}: {standing:?}");
        });
    }
}

#[test]
fn a_longer_way_is_not_taken_for_a_queue_for_long() {
    for longer in [60, 200] {
        with_seeds(|seed| {
            let line = clean(3000, 40);
            let mut call = Call::new(line, HD, seed);
            call.run(20 * S);
            call.change(clean(3000, 40 + 2 * longer));
            call.run(40 * S);
            let used = call.used(30.0, 60.0);
            assert!(used >= WANTED * 0.8, "{longer}: {used}");
        });
    }
}

#[test]
fn a_line_that_fades_is_followed_down_and_up() {
    with_seeds(|seed| {
        let mut call = Call::new(clean(3000, 30), HD, seed);
        call.run(10 * S);
        // Someone walks away from the router, and comes back.
        for step in 0..60 {
            let distance = 30 - i32::abs(step - 30);
            let rate = 3000.0 * 0.93f64.powi(distance);
            call.change(clean(rate as u64, 30));
            call.run(500 * MS);
        }
        call.run(10 * S);
        let queue = call.standing_queue(10.0, 40.0);
        assert!(queue < 300 * MS, "{queue:?}");
        let used = call.used(42.0, 50.0);
        assert!(used >= WANTED * 0.8, "{used}");
    });
}
