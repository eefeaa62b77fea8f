//! Links that stay as they are.

use super::*;

#[test]
fn a_clean_line_is_known_within_a_second() {
    with_seeds(|seed| {
        let mut call = Call::new(clean(3000, 20), HD, seed);
        call.run(30 * S);
        let known = call.reached(WANTED * 0.8, 0.0).expect("it is reached");
        assert!(known < 1.0, "after {known} s");
        assert!(call.used(2.0, 30.0) >= HD, "{}", call.used(2.0, 30.0));
        assert!(call.standing_queue(2.0, 30.0) < 30 * MS);
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
            assert!(estimate >= WANTED * 0.95, "{share}: {estimate}");
        });
    }
}
