//! Paths that die, come back by themselves, or are made anew by both sides at once.

use std::time::Duration;

use visio_protocol::{Role, Signal};

use super::*;

#[test]
fn a_path_that_is_dead_is_offered_anew_at_once_and_once() {
    let mut stage = Stage::with(7);
    assert_eq!(stage.link(7, LinkChange::Disconnected), [restarts(7)]);
    let ask = Signal::AskOffer { restart: true };
    assert_eq!(stage.hears(7, ask.clone()), [], "they noticed as well");
    stage.answers(7, 1);
    assert_eq!(stage.hears(7, ask), [], "it is being carried out");
    stage.after(Duration::from_millis(700));
    stage.link(7, LinkChange::Connected);
    assert_eq!(stage.state.people[0].connection, Connection::Connected);
    assert_eq!(stage.after(Duration::from_secs(60)), []);
}

#[test]
fn who_offers_restarts_when_only_the_other_side_hears_nothing() {
    let mut stage = Stage::with(7);
    stage.after(Duration::from_secs(60));
    let ask = Signal::AskOffer { restart: true };
    assert_eq!(stage.hears(7, ask), [restarts(7)]);
    assert_eq!(
        stage.state.people[0].connection,
        Connection::Connected,
        "their picture goes on meanwhile"
    );
}

#[test]
fn nothing_for_three_seconds_ends_by_itself_and_late_words_about_it_change_nothing() {
    // On the side that offers.
    let mut stage = Stage::with(7);
    assert_eq!(stage.link(7, LinkChange::Disconnected), [restarts(7)]);
    stage.after(Duration::from_secs(1));
    assert_eq!(stage.link(7, LinkChange::Connected), []);
    assert_eq!(stage.state.people[0].connection, Connection::Connected);
    let ask = Signal::AskOffer { restart: true };
    for _ in 0..3 {
        assert_eq!(stage.hears(7, ask.clone()), [], "of before it came back");
        stage.after(Duration::from_secs(1));
    }
    stage.after(Duration::from_secs(3));
    assert_eq!(
        stage.hears(7, ask),
        [restarts(7)],
        "said again, it is meant"
    );

    // And on the side that answers.
    let mut stage = Stage::with(3);
    assert_eq!(stage.link(3, LinkChange::Disconnected), [asks(3, true)]);
    stage.after(Duration::from_secs(1));
    assert_eq!(stage.link(3, LinkChange::Connected), []);
    for _ in 0..3 {
        assert_eq!(stage.offers(3, 1), [], "of before it came back");
        stage.after(Duration::from_secs(1));
    }
    stage.after(Duration::from_secs(3));
    assert_eq!(stage.offers(3, 1), [accepts(3)], "made again, it is meant");
}

#[test]
fn an_answer_that_comes_after_the_path_is_back_is_taken_all_the_same() {
    // They have let go of the old path by then.
    let mut stage = Stage::with(7);
    stage.link(7, LinkChange::Disconnected);
    stage.link(7, LinkChange::Connected);
    stage.answers(7, 1);
    stage.after(Duration::from_millis(700));
    assert_eq!(stage.link(7, LinkChange::Connected), []);
    assert_eq!(stage.after(Duration::from_secs(60)), []);
}

#[test]
fn nothing_for_twenty_seconds_takes_the_tile_away_and_the_first_packet_brings_it_back() {
    let mut stage = Stage::with(7);
    stage.after(Duration::from_secs(2));
    stage.link(7, LinkChange::Disconnected);
    stage.after(Duration::from_secs(6));
    let left = SignalingEvent::Left(session(7));
    let effects = stage.step(Event::Signaling(left));
    assert_eq!(effects, [], "the connection is kept");
    assert_eq!(stage.names(), [] as [&str; 0]);
    assert_eq!(stage.after(Duration::from_secs(12)), []);

    let epoch = stage.state.away[0].epoch;
    let back = Event::Link {
        session: session(7),
        epoch,
        change: LinkChange::Connected,
    };
    assert_eq!(stage.step(back), []);
    assert_eq!(stage.names(), ["Léa"]);
    assert_eq!(stage.state.people[0].id, person(7));
    assert_eq!(stage.state.people[0].connection, Connection::Connected);
    // Then the server hears of them, too.
    let arrived = SignalingEvent::Arrived(session(7), Role::Calling);
    stage.step(Event::Signaling(arrived));
    assert_eq!(stage.hears(7, hello(7, "Léa")), []);
    assert_eq!(stage.after(Duration::from_secs(60)), []);
    assert_eq!(stage.names(), ["Léa"]);
}

#[test]
fn who_is_away_for_good_is_let_go_of() {
    let mut stage = Stage::with(7);
    stage.link(7, LinkChange::Disconnected);
    stage.step(Event::Signaling(SignalingEvent::Left(session(7))));
    let closes = Effect::CloseLink {
        session: session(7),
    };
    assert_eq!(stage.after(Duration::from_secs(61)), [closes]);
    assert!(stage.state.away.is_empty());
}

#[test]
fn who_comes_back_from_away_by_another_path_is_linked_anew_under_the_same_tile() {
    let mut stage = Stage::with(7);
    stage.link(7, LinkChange::Disconnected);
    stage.step(Event::Signaling(SignalingEvent::Left(session(7))));
    stage.after(Duration::from_secs(10));
    let arrived = SignalingEvent::Arrived(session(7), Role::Calling);
    stage.step(Event::Signaling(arrived));
    assert_eq!(stage.names(), ["Léa"]);
    assert_eq!(stage.state.people[0].connection, Connection::Retrying);
    assert_eq!(stage.after(Duration::from_millis(200)), [restarts(7)]);
}

#[test]
fn cut_off_from_everybody_we_keep_all_tiles_and_say_that_it_is_us() {
    let mut stage = Stage::with(7);
    stage.link(7, LinkChange::Disconnected);
    stage.step(Event::Signaling(SignalingEvent::Lost));
    assert_eq!(stage.after(Duration::from_secs(20)), []);
    assert_eq!(stage.names(), ["Léa"]);
    assert_eq!(stage.state.people[0].connection, Connection::Retrying);
    assert_eq!(stage.state.trouble, Some(Trouble::Offline));
    // The old path is what comes back first; the server is then asked for at once.
    let effects = stage.link(7, LinkChange::Connected);
    assert_eq!(effects, [Effect::ReconnectServer]);
    stage.step(Event::Signaling(SignalingEvent::Resumed));
    assert_eq!(stage.state.trouble, None);
    assert_eq!(stage.names(), ["Léa"]);
    assert_eq!(stage.after(Duration::from_secs(60)), []);
}

#[test]
fn a_path_that_died_while_the_server_was_away_is_offered_when_it_is_back() {
    let mut stage = Stage::with(7);
    stage.step(Event::Signaling(SignalingEvent::Lost));
    assert_eq!(stage.link(7, LinkChange::Disconnected), []);
    assert_eq!(stage.after(Duration::from_secs(7)), []);
    let effects = stage.step(Event::Signaling(SignalingEvent::Resumed));
    assert!(effects.contains(&restarts(7)), "{effects:?}");
}

#[test]
fn a_path_that_lives_is_not_given_up_for_a_better_one_that_nobody_answers_to() {
    let mut stage = Stage::with(7);
    stage.after(Duration::from_secs(10));
    let ask = Signal::AskOffer { restart: true };
    assert_eq!(stage.hears(7, ask), [restarts(7)]);
    let effects = stage.after(Duration::from_secs(60));
    assert!(effects.iter().all(|effect| *effect == restarts(7)));
    assert!(effects.len() <= 3, "{effects:?}");
}

#[test]
fn who_leaves_is_not_spoken_of_as_lost_before_their_goodbye_comes() {
    let mut stage = Stage::with(7);
    stage.link(7, LinkChange::Closed);
    stage.after(Duration::from_secs(1));
    assert_eq!(stage.state.people[0].connection, Connection::Connected);
    stage.hears(7, Signal::Bye);
    assert_eq!(stage.names(), [] as [&str; 0]);

    // Nor before the server says that they left.
    let mut stage = Stage::with(7);
    stage.link(7, LinkChange::Closed);
    stage.step(Event::Signaling(SignalingEvent::Left(session(7))));
    assert!(stage.state.people.is_empty() && stage.state.away.is_empty());
}

#[test]
fn who_closes_without_a_goodbye_is_linked_anew() {
    let mut stage = Stage::with(7);
    stage.link(7, LinkChange::Closed);
    let effects = stage.after(Duration::from_secs(2));
    assert_eq!(effects, [opens(7, 2, true)]);
    assert_eq!(stage.state.people[0].connection, Connection::Retrying);
}

#[test]
fn attempts_that_fail_at_once_do_not_follow_one_another_without_a_pause() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    let mut opened = 0;
    for _ in 0..300 {
        opened += stage.link(7, LinkChange::Failed).len();
        opened += stage.after(Duration::from_millis(100)).len();
    }
    assert!((4..=15).contains(&opened), "{opened} attempts in 30 s");
    assert_eq!(stage.state.people[0].connection, Connection::Failed);
}
