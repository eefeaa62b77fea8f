//! Links that stay as they are.

use super::*;

#[test]
fn a_clean_line_is_known_within_a_second() {
    for ceiling in [HD, kbps(2400)] {
        with_seeds(|seed| {
            let mut call = Call::new(clean(3000, 20), ceiling, seed);
            call.run(30 * S);
            let wanted = ceiling + AUDIO_RATE;
            let known = call.reached(wanted * 0.8, 0.0).expect("it is reached");
            assert!(known < 1.0, "after {known} s");
            let used = call.used(2.0, 30.0);
            assert!(used >= ceiling, "{used}");
            assert!(call.standing_queue(2.0, 30.0) < 40 * MS);
        });
    }
}

#[test]
fn a_line_is_used_to_nearly_all_it_carries_with_hardly_a_queue() {
    with_seeds(|seed| {
        let mut call = Call::new(clean(2000, 40), kbps(5000), seed);
        call.run(60 * S);
        let used = call.used(5.0, 60.0);
        assert!(used >= kbps(1800), "{used}");
        let queue = call.standing_queue(5.0, 60.0);
        assert!(queue < 80 * MS, "{queue:?}");
    });
}

#[test]
fn random_loss_takes_nothing_from_the_rate() {
    for (share, round_trip) in [(0.05, 40), (0.1, 80)] {
        with_seeds(|seed| {
            let line = clean(3000, round_trip).losing(Loss::Random(share));
            let mut call = Call::new(line, HD, seed);
            call.run(60 * S);
            let known = call.reached(WANTED * 0.8, 0.0).expect("it is reached");
            assert!(known < 5.0, "{share}: after {known} s");
            let estimate = call.estimated(5.0, 60.0);
            assert!(estimate >= WANTED, "{share}: {estimate}");
        });
    }
}

#[test]
fn jitter_with_bursts_of_loss_does_not_drive_it_down() {
    let loss = Loss::Bursts {
        share: 0.03,
        length: 6.0,
    };
    for reorders in [false, true] {
        with_seeds(|seed| {
            let mut line = clean(3000, 200).losing(loss).jittered(30 * MS);
            line.reorders = reorders;
            let mut call = Call::new(line, HD, seed);
            call.run(60 * S);
            let used = call.used(10.0, 60.0);
            assert!(used >= WANTED * 0.8, "{used}");
        });
    }
}

#[test]
fn a_thin_line_with_a_long_queue_is_used_and_its_queue_kept_short() {
    with_seeds(|seed| {
        let mut call = Call::new(clean(250, 40), HD, seed);
        call.run(120 * S);
        let used = call.used(3.0, 120.0);
        assert!(used >= kbps(175), "{used}");
        let queue = call.standing_queue(0.0, 120.0);
        assert!(queue < 200 * MS, "{queue:?}");
        let gap = call.longest(0.0, 120.0, |moment| moment.heard.audio_gap);
        assert!(gap < 200 * MS, "{gap:?}");
    });
}

#[test]
fn a_line_that_drops_what_is_too_much_is_not_flooded() {
    with_seeds(|seed| {
        let line = clean(1000, 40).queueing(40 * MS);
        let mut call = Call::new(line, kbps(3000), seed);
        call.run(60 * S);
        let used = call.used(5.0, 60.0);
        assert!(used >= kbps(800), "{used}");
        let sent = call.estimated(5.0, 60.0);
        assert!(sent < kbps(1100), "{sent}");
    });
}

#[test]
fn nothing_waits_in_the_sender_longer_than_it_may() {
    with_seeds(|seed| {
        for rate in [300, 1000, 3000] {
            let mut call = Call::new(clean(rate, 40), HD, seed);
            call.run(30 * S);
            let waited = call.longest(0.0, 30.0, |moment| moment.waited);
            assert!(waited <= 200 * MS, "{waited:?}");
        }
    });
}
