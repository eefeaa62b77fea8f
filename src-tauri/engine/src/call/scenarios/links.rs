//! Links that break, people who vanish and come back, a server that pauses.

use std::time::Duration;

use visio_protocol::control::Limited;
use visio_protocol::{MediaState, Recipient, Role, Signal};

use super::*;

#[test]
fn a_broken_link_is_restarted_then_replaced_and_the_tile_stays() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    assert_eq!(
        stage.link(7, LinkChange::Disconnected),
        [Effect::RestartLink {
            session: session(7)
        }]
    );
    assert_eq!(stage.state.people[0].connection, Connection::Retrying);
    stage.answers(7, 1);
    assert_eq!(
        stage.after(Duration::from_secs(3)),
        [Effect::RestartLink {
            session: session(7)
        }]
    );
    stage.answers(7, 1);
    assert_eq!(stage.after(Duration::from_secs(3)), [opens(7, 2, true)]);
    stage.link(7, LinkChange::Connected);
    assert_eq!(stage.state.people[0].connection, Connection::Connected);
    assert_eq!(stage.after(Duration::from_secs(60)), []);
    assert_eq!(stage.names(), ["Léa"]);
}

#[test]
fn who_does_not_offer_asks_for_it_at_once_and_again() {
    let mut stage = Stage::calling();
    stage.meets(3, "Inès");
    stage.hears(
        3,
        Signal::Offer {
            link: 1,
            sdp: "v=0".into(),
        },
    );
    stage.link(3, LinkChange::Connected);
    assert_eq!(stage.link(3, LinkChange::Disconnected), [asks(3, true)]);
    assert_eq!(stage.after(Duration::from_secs(2)), [asks(3, true)]);
    assert_eq!(stage.after(Duration::from_secs(2)), [asks(3, true)]);
    assert_eq!(stage.after(Duration::from_secs(4)), [asks(3, false)]);
}

#[test]
fn a_link_that_never_comes_up_is_said_to_have_failed_and_tried_on() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    let attempts = stage.after(Duration::from_secs(60));
    assert!(
        (5..=25).contains(&attempts.len()),
        "{} attempts in a minute",
        attempts.len()
    );
    assert_eq!(stage.state.people[0].connection, Connection::Failed);
}

#[test]
fn what_is_said_about_an_older_link_is_ignored() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    stage.link(7, LinkChange::Failed);
    assert_eq!(stage.state.people[0].epoch, 2);
    assert_eq!(
        stage.hears(
            7,
            Signal::Answer {
                link: 1,
                sdp: "old".into()
            }
        ),
        []
    );
    stage.step(Event::Link {
        session: session(7),
        epoch: 1,
        change: LinkChange::Connected,
    });
    assert_eq!(stage.state.people[0].connection, Connection::Retrying);
}

#[test]
fn who_comes_back_under_a_new_session_is_the_same_person() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    stage.step(Event::Signaling(SignalingEvent::Arrived(
        session(9),
        Role::Calling,
    )));
    let back = Signal::Hello {
        person: person(7),
        name: "Léa".into(),
        media: MediaState::default(),
        session_epoch: 1,
    };
    let effects = stage.hears(9, back);
    assert_eq!(
        effects,
        [
            Effect::CloseLink {
                session: session(7)
            },
            opens(9, 1, true)
        ]
    );
    assert_eq!(
        stage.hears(7, hello(7, "Léa")),
        [],
        "a late word of the older session changes nothing"
    );
    stage.step(Event::Signaling(SignalingEvent::Left(session(7))));
    assert_eq!(stage.names(), ["Léa"]);
}

#[test]
fn who_says_goodbye_is_gone_at_once() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    assert_eq!(
        stage.hears(7, Signal::Bye),
        [Effect::CloseLink {
            session: session(7)
        }]
    );
    assert!(stage.state.people.is_empty());
}

#[test]
fn who_vanishes_without_a_word_is_gone_within_ten_seconds() {
    // The server says so after its grace period.
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    stage.after(Duration::from_secs(2));
    stage.link(7, LinkChange::Disconnected);
    stage.after(Duration::from_secs(6));
    stage.step(Event::Signaling(SignalingEvent::Left(session(7))));
    assert!(stage.state.people.is_empty());

    // And when the server is out of reach as well, silence says so.
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.meets(8, "Inès");
    stage.link(7, LinkChange::Connected);
    stage.link(8, LinkChange::Connected);
    stage.step(Event::Signaling(SignalingEvent::Lost));
    stage.link(7, LinkChange::Disconnected);
    stage.after(Duration::from_secs(10));
    assert_eq!(stage.names(), ["Inès"]);
}

#[test]
fn while_pictures_flow_nobody_leaves_whatever_becomes_of_the_server() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    stage.step(Event::Signaling(SignalingEvent::Lost));
    stage.after(Duration::from_secs(30));
    assert!(matches!(
        stage.state.trouble,
        Some(Trouble::ServerLost { .. })
    ));
    stage.step(Event::Signaling(SignalingEvent::Left(session(7))));
    assert_eq!(stage.names(), ["Léa"]);
    stage.step(Event::Signaling(SignalingEvent::Resumed));
    assert_eq!(stage.state.trouble, None);
    assert_eq!(stage.names(), ["Léa"]);
}

#[test]
fn a_short_pause_of_the_server_is_nobodys_business() {
    let mut stage = Stage::calling();
    stage.step(Event::Signaling(SignalingEvent::Lost));
    stage.after(Duration::from_secs(2));
    assert_eq!(stage.state.trouble, None);
}

#[test]
fn after_a_new_session_everybody_is_greeted_and_linked_anew_under_the_same_tiles() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.meets(3, "Inès");
    stage.link(7, LinkChange::Connected);
    let effects = stage.step(Event::Signaling(SignalingEvent::Replaced(entered(6, &[7]))));
    assert!(effects.contains(&Effect::CloseLink {
        session: session(7)
    }));
    assert!(effects.contains(&opens(7, 1, true)));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Send(Recipient::Room, Signal::Hello { .. })))
    );
    assert_eq!(
        stage.names(),
        ["Léa"],
        "who is not present any more has left"
    );
}

#[test]
fn each_person_is_asked_for_a_picture_as_tall_as_they_are_shown() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.meets(8, "Inès");
    let asks = |n: u8, rows| Effect::Ask {
        session: session(n),
        rows,
    };
    let show = |list: &[(u8, Option<u32>)]| {
        let list = list.iter().map(|(n, rows)| (person(*n), *rows));
        Event::Command(Command::Show(list.collect()))
    };
    assert_eq!(stage.state.person(session(7)).unwrap().shown, Some(720));
    assert_eq!(
        stage.step(show(&[(7, Some(720)), (8, Some(180))])),
        [asks(8, Some(180))]
    );
    assert_eq!(stage.step(show(&[(8, Some(180))])), [asks(7, None)]);
    assert_eq!(
        stage.step(show(&[])),
        [asks(8, None)],
        "the window is hidden"
    );
    assert_eq!(stage.step(show(&[])), []);
    stage.meets(9, "Hugo");
    assert_eq!(stage.state.person(session(9)).unwrap().shown, Some(720));
    assert_eq!(stage.step(show(&[])), [asks(9, None)]);
}

#[test]
fn what_limits_a_picture_is_told_while_one_is_to_be_expected() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    let measured = || {
        Event::Measured(Measured {
            limited: Limited::Path,
            people: vec![(
                person(7),
                PersonMeasured {
                    limited: Limited::Machine,
                    ..PersonMeasured::default()
                },
            )],
            ..Measured::default()
        })
    };
    stage.step(measured());
    assert_eq!(stage.state.me.limited, Limited::Path);
    let limited_by = |stage: &Stage| stage.state.people[0].limited_by;
    assert_eq!(limited_by(&stage), Some(LimitedBy::TheirMachine));
    stage.link(7, LinkChange::Disconnected);
    assert_eq!(limited_by(&stage), None);
    stage.step(measured());
    assert_eq!(limited_by(&stage), None);
    stage.link(7, LinkChange::Connected);
    stage.step(measured());
    assert_eq!(limited_by(&stage), Some(LimitedBy::TheirMachine));
    stage.step(Event::Measured(Measured {
        people: vec![(person(7), PersonMeasured::default())],
        ..Measured::default()
    }));
    assert_eq!(limited_by(&stage), Some(LimitedBy::Nothing));
}

#[test]
fn a_picture_that_pauses_is_told_while_the_camera_is_on_and_the_line_is_there() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.link(7, LinkChange::Connected);
    let measured = || {
        Event::Measured(Measured {
            people: vec![(
                person(7),
                PersonMeasured {
                    picture: true,
                    paused: true,
                    ..PersonMeasured::default()
                },
            )],
            ..Measured::default()
        })
    };
    stage.step(measured());
    assert!(stage.state.people[0].paused);
    stage.link(7, LinkChange::Disconnected);
    assert!(!stage.state.people[0].paused);
    stage.step(measured());
    assert!(!stage.state.people[0].paused);
    stage.link(7, LinkChange::Connected);
    let media = MediaState {
        camera_off: true,
        ..MediaState::default()
    };
    stage.hears(7, Signal::State { media });
    stage.step(measured());
    assert!(!stage.state.people[0].paused);
}
