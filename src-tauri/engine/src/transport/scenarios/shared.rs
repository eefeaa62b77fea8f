//! Links that others use too.

use super::*;

#[test]
fn a_download_and_a_call_leave_each_other_a_share() {
    for queue in [100, 250, 500, 1000] {
        for ceiling in [HD, kbps(3000)] {
            with_seeds(|seed| {
                let line = clean(3000, 40).queueing(queue * MS);
                let mut call = Call::new(line, ceiling, seed);
                call.run(10 * S);
                call.begin_download();
                call.run(60 * S);
                let ours = call.used(10.0, 70.0);
                let theirs = call.downloaded(10.0, 70.0);
                let told = format!("queue {queue}, seed {seed}: {ours} and {theirs}");
                assert!(ours >= kbps(750), "{told}");
                assert!(theirs >= kbps(750), "{told}");
            });
        }
    }
}

#[test]
fn when_a_download_ends_the_call_has_the_line_again() {
    for queue in [250, 1000] {
        with_seeds(|seed| {
            let line = clean(3000, 40).queueing(queue * MS);
            let mut call = Call::new(line, HD, seed);
            call.run(10 * S);
            call.begin_download();
            call.run(20 * S);
            call.end_download();
            call.run(20 * S);
            let back = call.reached(WANTED * 0.8, 31.0).expect("it comes back");
            assert!(back < 8.0, "queue {queue}: after {back} s");
            let standing = call.standing_queue(35.0, 50.0);
            assert!(standing < 100 * MS, "queue {queue}: {standing:?}");
        });
    }
}
