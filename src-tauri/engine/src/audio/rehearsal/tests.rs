use super::*;

/// To be reached once the canceller has had 5 s, in dB.
const REDUCED_DB: f64 = 35.0;

fn rehearsal() -> Rehearsal {
    Rehearsal::new(Treatment::of(true, false))
}

#[test]
fn an_echo_through_a_room_is_35_db_fainter_after_five_seconds() {
    for noise_suppression in [true, false] {
        let mut room = Rehearsal::new(Treatment::of(noise_suppression, false));
        room.play(5, false);
        let reduced = room.play(5, false).echo_reduced_db();
        eprintln!("noise suppression {noise_suppression}: {reduced:.1} dB");
        assert!(reduced >= REDUCED_DB, "{reduced} dB");
    }
}

#[test]
fn a_voice_that_talks_over_the_echo_is_kept() {
    let mut room = rehearsal();
    room.play(5, false);
    room.play(1, true);
    let kept = room.play(8, true).near_kept();
    eprintln!("near voice kept: {kept:.3}");
    assert!(kept >= 0.75, "{kept}");
    let reduced = {
        room.play(1, false);
        room.play(4, false).echo_reduced_db()
    };
    assert!(reduced >= REDUCED_DB, "after double talk: {reduced} dB");
}

#[test]
fn an_untouched_microphone_sends_the_echo_as_it_is() {
    let mut room = Rehearsal::new(Treatment::Untouched);
    let reduced = room.play(3, false).echo_reduced_db();
    assert!(reduced.abs() < 1.0, "{reduced} dB");
}

#[test]
fn a_delay_that_jumps_without_a_word_is_recovered_from_within_five_seconds() {
    for milliseconds in [30, 150] {
        let mut room = rehearsal();
        room.play(8, false);
        room.delay_untold(milliseconds);
        room.play(5, false);
        let reduced = room.play(3, false).echo_reduced_db();
        eprintln!("+{milliseconds} ms untold: {reduced:.1} dB");
        assert!(reduced >= REDUCED_DB, "{milliseconds} ms: {reduced} dB");
    }
}

#[test]
fn a_delay_that_jumps_and_is_told_in_the_timestamps_is_followed_within_a_second() {
    let mut room = rehearsal();
    room.play(8, false);
    room.delay_as_told(12);
    room.play(1, false);
    let reduced = room.play(3, false).echo_reduced_db();
    eprintln!("+120 ms told: {reduced:.1} dB");
    assert!(reduced >= REDUCED_DB, "{reduced} dB");
}

#[test]
fn another_speaker_is_recovered_from_within_three_seconds() {
    recovers("speaker", Rehearsal::change_speaker);
}

#[test]
fn another_microphone_is_recovered_from_within_three_seconds() {
    recovers("microphone", Rehearsal::change_microphone);
}

fn recovers(what: &str, change: fn(&mut Rehearsal)) {
    let mut room = rehearsal();
    room.play(8, false);
    change(&mut room);
    let at_once = room.play(1, false).echo_reduced_db();
    room.play(2, false);
    let reduced = room.play(2, false).echo_reduced_db();
    eprintln!("another {what}: {at_once:.1} dB in the first second, {reduced:.1} dB after three");
    assert!(reduced >= REDUCED_DB, "{what}: {reduced} dB");
}
