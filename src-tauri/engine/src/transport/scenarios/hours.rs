//! An hour of network, in seconds.

use super::*;

#[test]
fn an_hour_on_a_steady_line_ends_as_it_began() {
    for (rate, round_trip) in [(3000, 40), (600, 40)] {
        let mut call = Call::new(clean(rate, round_trip), HD, 1);
        call.run(3600 * S);
        let useful = WANTED.min(kbps(rate));
        for from in [60.0, 1800.0, 3500.0] {
            let used = call.used(from, from + 100.0);
            assert!(used >= useful * 0.85, "at {from}: {used}");
            let queue = call.standing_queue(from, from + 100.0);
            assert!(queue < 150 * MS, "at {from}: {queue:?}");
        }
    }
}

#[test]
fn an_hour_of_every_kind_of_weather_is_survived() {
    let mut random = Random::new(5);
    let mut call = Call::new(clean(3000, 40), HD, 5);
    let mut bad_minutes = 0;
    for minute in 0..60 {
        let mut line = clean(
            100 + random.below(4000) as u64,
            10 + random.below(300) as u32,
        )
        .queueing(random.below(1500) as u32 * MS + 20 * MS);
        match random.below(6) {
            0 => line = line.losing(Loss::Random(random.unit() * 0.3)),
            1 => line = line.jittered(random.below(60) as u32 * MS),
            2 => call.begin_download(),
            3 => line = line.away(),
            _ => call.end_download(),
        }
        line.reorders = random.chance(0.3);
        call.change(line);
        call.run(40 * S);
        call.end_download();
        // Between two bad times the line is good, and the call must have noticed within ten seconds.
        call.change(clean(3000, 40));
        call.run(20 * S);
        let end = call.now().as_secs_f64();
        let used = call.used(end - 10.0, end);
        if used < WANTED * 0.8 {
            bad_minutes += 1;
            println!("minute {minute}: {used}");
        }
    }
    assert!(
        bad_minutes <= 2,
        "{bad_minutes} times the line was not found again"
    );
}
