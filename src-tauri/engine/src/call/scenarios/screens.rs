//! Screens that are shared, mine and theirs.

use super::*;
use crate::video::ScreenSpec;

fn told(screen: bool) -> Effect {
    let media = MediaState {
        camera_off: true,
        screen,
        ..MediaState::default()
    };
    Effect::Send(Recipient::Room, Signal::State { media })
}

fn share(spec: &str) -> Event {
    Event::Command(Command::Share(spec.parse().unwrap()))
}

fn opened() -> Event {
    Event::Screen(DeviceEvent::Opened {
        name: "Letter".into(),
    })
}

fn problem(problem: DeviceProblem) -> Event {
    Event::Screen(DeviceEvent::Problem(problem))
}

/// In the call, without a camera.
fn stage() -> Stage {
    let mut stage = Stage::calling();
    let none = DeviceEvent::Problem(DeviceProblem::None);
    stage.step(Event::Device(DeviceKind::Camera, none));
    stage
}

#[test]
fn what_i_share_is_told_once_there_is_something_to_see_and_when_it_is_over() {
    let mut stage = stage();
    let spec = ScreenSpec::Window("7".into());
    assert_eq!(stage.step(share("window:7")), [Effect::UseScreen(spec)]);
    assert_eq!(stage.state.me.screen.status, DeviceStatus::Opening);
    assert_eq!(stage.step(opened()), [told(true)]);
    assert_eq!(stage.state.me.screen.source.as_deref(), Some("Letter"));
    assert_eq!(stage.step(share("window:7")), [], "it is shared already");
    let over = [Effect::UseScreen(ScreenSpec::None), told(false)];
    assert_eq!(stage.step(share("none")), over);
    assert!(!stage.state.me.screen.is_shared());
    // What it says at last is of no interest.
    assert_eq!(stage.step(problem(DeviceProblem::Lost)), []);
    assert_eq!(stage.state.me.screen.status, DeviceStatus::None);
}

#[test]
fn a_window_that_is_gone_is_still_shared_and_one_that_never_was_there_is_not() {
    let mut stage = stage();
    stage.step(share("window:7"));
    stage.step(opened());
    assert_eq!(
        stage.step(problem(DeviceProblem::Lost)),
        [],
        "it may come back"
    );
    assert_eq!(stage.state.me.screen.status, DeviceStatus::Lost);
    stage.step(opened());
    stage.step(share("none"));
    stage.step(share("default"));
    assert_eq!(stage.step(problem(DeviceProblem::None)), []);
    assert!(stage.state.me.screen.is_shared(), "so that I am told why");
    assert!(!stage.state.me.media().screen);
}

#[test]
fn what_is_ended_by_the_systems_own_means_is_shared_no_more() {
    let mut stage = stage();
    let over = Effect::UseScreen(ScreenSpec::None);
    stage.step(share("default"));
    assert_eq!(
        stage.step(problem(DeviceProblem::Ended)),
        std::slice::from_ref(&over),
        "nothing was chosen"
    );
    assert!(!stage.state.me.screen.is_shared());
    stage.step(share("default"));
    stage.step(opened());
    assert_eq!(
        stage.step(problem(DeviceProblem::Ended)),
        [over, told(false)]
    );
    assert_eq!(stage.state.me.screen.status, DeviceStatus::None);
}

#[test]
fn nothing_is_shared_before_the_call_nor_after_it() {
    let mut lobby = Stage::before(false);
    lobby.step(Event::Entered(Ok(entered(5, &[]))));
    assert_eq!(lobby.step(share("default")), []);
    let mut stage = stage();
    stage.step(share("default"));
    stage.step(opened());
    let effects = stage.step(Event::Command(Command::Leave));
    assert!(effects.contains(&Effect::UseScreen(ScreenSpec::None)));
    assert!(!stage.state.me.screen.is_shared());
}

#[test]
fn a_screen_of_somebody_else_is_there_from_their_word_to_their_word() {
    let mut stage = Stage::with(7);
    let shared = |stage: &Stage| stage.state.people[0].screen;
    assert_eq!(shared(&stage), None);
    let says = |screen| Signal::State {
        media: MediaState {
            screen,
            ..MediaState::default()
        },
    };
    stage.hears(7, says(true));
    assert_eq!(shared(&stage), Some(SharedScreen::default()));
    let id = stage.state.people[0].id;
    let video = Some(VideoShown {
        width: 1920,
        height: 1080,
        fps: 10.0,
    });
    let measured = |paused| {
        let figures = PersonMeasured {
            screen: ScreenMeasured { paused, video },
            ..PersonMeasured::default()
        };
        Event::Measured(Measured {
            people: vec![(id, figures)],
            ..Measured::default()
        })
    };
    stage.step(measured(true));
    assert_eq!(
        shared(&stage),
        Some(SharedScreen {
            paused: true,
            video
        })
    );
    stage.hears(7, says(true));
    assert!(shared(&stage).unwrap().paused, "said twice, it is the same");
    stage.hears(7, says(false));
    stage.step(measured(false));
    assert_eq!(shared(&stage), None);
}
