//! Calls as they go, in virtual time.

use std::time::{Duration, Instant};

use visio_protocol::sealing::OpenError;
use visio_protocol::{Invite, MediaState, PersonId, Recipient, Role, SessionId, Signal};

use super::state::Start;
use super::*;
use crate::audio::{MicrophoneSpec, SpeakerSpec, Treatment};
use crate::device::{DeviceEvent, DeviceProblem};
use crate::signaling::{Entered, SignalingEvent};
use crate::video::CameraSpec;

mod chat;
mod links;
mod networks;
mod paths;
mod screens;

fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 16])
}

fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}

/// A call driven by hand, at a time of our own.
struct Stage {
    state: CallState,
    now: Instant,
}

impl Stage {
    /// I am session 5: sessions below offer to me, I offer to those above.
    fn calling() -> Self {
        let mut stage = Self::before(true);
        stage.step(Event::Entered(Ok(entered(5, &[]))));
        stage
    }

    fn before(join: bool) -> Self {
        let start = Start {
            invite: Invite::generate("call.example.org".parse().unwrap()),
            name: "Camille".into(),
            person: person(5),
            camera: CameraSpec::None,
            microphone: MicrophoneSpec::None,
            speaker: SpeakerSpec::None,
            noise_suppression: true,
            music: false,
            join,
            show: Some(720),
        };
        Self {
            state: CallState::new(&start),
            now: Instant::now(),
        }
    }

    fn step(&mut self, event: Event) -> Vec<Effect> {
        update(&mut self.state, event, self.now)
    }

    fn after(&mut self, time: Duration) -> Vec<Effect> {
        let mut effects = Vec::new();
        let until = self.now + time;
        while self.now < until {
            self.now += Duration::from_millis(100);
            effects.extend(self.step(Event::Tick));
        }
        effects
    }

    fn hears(&mut self, from: u8, signal: Signal) -> Vec<Effect> {
        self.step(Event::Signaling(SignalingEvent::Signal {
            from: session(from),
            signal,
        }))
    }

    fn meets(&mut self, n: u8, name: &str) -> Vec<Effect> {
        self.step(Event::Signaling(SignalingEvent::Arrived(
            session(n),
            Role::Calling,
        )));
        self.hears(n, hello(n, name))
    }

    fn link(&mut self, n: u8, change: LinkChange) -> Vec<Effect> {
        let epoch = self.state.person(session(n)).unwrap().epoch;
        self.step(Event::Link {
            session: session(n),
            epoch,
            change,
        })
    }

    /// They answer to our offer on this link.
    fn answers(&mut self, n: u8, link: u32) {
        let sdp = "v=0".to_owned();
        let effects = self.hears(n, Signal::Answer { link, sdp });
        assert!(matches!(effects[..], [Effect::AcceptAnswer { .. }]));
    }

    /// They offer, on this link.
    fn offers(&mut self, n: u8, link: u32) -> Vec<Effect> {
        let sdp = "v=0".to_owned();
        self.hears(n, Signal::Offer { link, sdp })
    }

    /// A call with one person whose picture flows, to whom I offer (7) or who offers to me (3).
    fn with(n: u8) -> Self {
        let mut stage = Self::calling();
        stage.meets(n, "Léa");
        if n < 5 {
            stage.offers(n, 1);
        } else {
            stage.answers(n, 1);
        }
        stage.link(n, LinkChange::Connected);
        stage
    }

    fn names(&self) -> Vec<&str> {
        self.state
            .people
            .iter()
            .map(|person| person.name.as_str())
            .collect()
    }
}

fn entered(me: u8, present: &[u8]) -> Entered {
    Entered {
        me: session(me),
        present: present
            .iter()
            .map(|n| (session(*n), Role::Calling))
            .collect(),
    }
}

fn hello(n: u8, name: &str) -> Signal {
    Signal::Hello {
        person: person(n),
        name: name.into(),
        media: MediaState::default(),
        session_epoch: 0,
    }
}

fn opens(n: u8, epoch: u32, offerer: bool) -> Effect {
    Effect::OpenLink {
        session: session(n),
        epoch,
        offerer,
    }
}

/// I ask them for an offer.
fn asks(n: u8, restart: bool) -> Effect {
    Effect::Send(Recipient::Session(session(n)), Signal::AskOffer { restart })
}

fn restarts(n: u8) -> Effect {
    Effect::RestartLink {
        session: session(n),
    }
}

/// I take their offer.
fn accepts(n: u8) -> Effect {
    Effect::AcceptOffer {
        session: session(n),
        sdp: "v=0".into(),
    }
}

#[test]
fn of_two_people_the_one_with_the_smaller_session_offers() {
    let mut stage = Stage::calling();
    assert_eq!(stage.meets(7, "Léa"), [opens(7, 1, true)]);
    assert_eq!(stage.meets(3, "Inès"), []);
    let effects = stage.hears(
        3,
        Signal::Offer {
            link: 1,
            sdp: "v=0".into(),
        },
    );
    assert_eq!(
        effects,
        [
            opens(3, 1, false),
            Effect::AcceptOffer {
                session: session(3),
                sdp: "v=0".into()
            }
        ]
    );
    assert_eq!(
        stage.hears(
            7,
            Signal::Offer {
                link: 9,
                sdp: "v=0".into()
            }
        ),
        [],
        "an offer the wrong way round is ignored"
    );
}

#[test]
fn whoever_enters_greets_all_and_whoever_is_there_greets_back() {
    let mut stage = Stage::before(true);
    let greeting = stage.step(Event::Entered(Ok(entered(5, &[7]))));
    assert!(
        matches!(
            greeting.as_slice(),
            [Effect::Send(Recipient::Room, Signal::Hello { .. })]
        ),
        "{greeting:?}"
    );
    assert_eq!(stage.state.phase, Phase::Calling);
    let greeting = stage.step(Event::Signaling(SignalingEvent::Arrived(
        session(8),
        Role::Watching,
    )));
    assert!(
        matches!(greeting.as_slice(), [Effect::Send(Recipient::Session(to), Signal::Hello { .. })] if *to == session(8))
    );
}

#[test]
fn the_lobby_shows_who_is_there_and_connects_to_nobody_before_joining() {
    let mut stage = Stage::before(false);
    stage.step(Event::Entered(Ok(entered(5, &[7]))));
    assert_eq!(stage.hears(7, hello(7, "Léa")), []);
    assert_eq!(stage.names(), ["Léa"]);
    let effects = stage.step(Event::Command(Command::Join));
    assert_eq!(effects, [Effect::SetRole(Role::Calling), opens(7, 1, true)]);
    stage.step(Event::RoleSet(Ok(())));
    assert_eq!(stage.state.phase, Phase::Calling);
}

#[test]
fn joining_before_the_server_has_answered_joins_when_it_does() {
    let mut stage = Stage::before(false);
    assert_eq!(stage.step(Event::Command(Command::Join)), []);
    let effects = stage.step(Event::Entered(Ok(entered(5, &[]))));
    assert!(
        effects.contains(&Effect::SetRole(Role::Calling)),
        "{effects:?}"
    );
}

#[test]
fn somebody_in_the_lobby_is_linked_when_they_join() {
    let mut stage = Stage::calling();
    stage.step(Event::Signaling(SignalingEvent::Arrived(
        session(7),
        Role::Watching,
    )));
    assert_eq!(stage.hears(7, hello(7, "Léa")), []);
    assert!(!stage.state.people[0].calling);
    let effects = stage.step(Event::Signaling(SignalingEvent::Role(
        session(7),
        Role::Calling,
    )));
    assert_eq!(effects, [opens(7, 1, true)]);
}

#[test]
fn mute_and_camera_are_told_to_everybody_and_to_the_devices() {
    let mut stage = Stage::calling();
    let effects = stage.step(Event::Command(Command::SetMuted(true)));
    assert_eq!(effects[0], Effect::Mute(true));
    assert!(
        matches!(&effects[1], Effect::Send(Recipient::Room, Signal::State { media }) if media.microphone_muted && !media.camera_off)
    );
    let effects = stage.step(Event::Device(
        DeviceKind::Camera,
        DeviceEvent::Problem(DeviceProblem::Lost),
    ));
    assert!(
        matches!(&effects[..], [Effect::Send(Recipient::Room, Signal::State { media })] if media.camera_off)
    );
    assert_eq!(stage.state.me.camera.status, DeviceStatus::Lost);
}

#[test]
fn music_is_left_as_it_is_and_a_voice_is_cleaned_of_noise_unless_that_is_not_wanted() {
    let mut stage = Stage::calling();
    let mut treat = |command| match stage.step(Event::Command(command)).as_slice() {
        [Effect::Treat(treatment)] => *treatment,
        other => panic!("{other:?}"),
    };
    let voice = |noise_suppression| Treatment::Voice { noise_suppression };
    assert_eq!(treat(Command::SetNoiseSuppression(false)), voice(false));
    assert_eq!(treat(Command::SetMusic(true)), Treatment::Music);
    assert_eq!(treat(Command::SetNoiseSuppression(true)), Treatment::Music);
    assert_eq!(treat(Command::SetMusic(false)), voice(true));
    assert!(stage.state.me.microphone.noise_suppression);
}

#[test]
fn the_others_devices_show() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    stage.hears(
        7,
        Signal::State {
            media: MediaState {
                microphone_muted: true,
                camera_off: true,
                screen: false,
            },
        },
    );
    assert!(stage.state.people[0].muted && stage.state.people[0].camera_off);
}

#[test]
fn an_altered_message_is_spoken_of_and_changes_nothing_else() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    let effects = stage.step(Event::Signaling(SignalingEvent::Refused {
        from: Some(session(7)),
        why: OpenError::Altered,
    }));
    assert_eq!(effects, []);
    assert!(matches!(
        stage.state.trouble,
        Some(Trouble::Tampering { .. })
    ));
    stage.after(Duration::from_secs(31));
    assert_eq!(stage.state.trouble, None);
}

#[test]
fn a_server_that_announces_a_crowd_is_not_believed() {
    let mut stage = Stage::calling();
    for n in 6..=255 {
        stage.meets(n, "X");
    }
    assert!(stage.state.people.len() <= super::state::MAX_PRESENT);
}

#[test]
fn leaving_says_goodbye_closes_everything_and_then_tells_the_server() {
    let mut stage = Stage::calling();
    stage.meets(7, "Léa");
    let effects = stage.step(Event::Command(Command::Leave));
    assert_eq!(
        effects,
        [
            Effect::Send(Recipient::Room, Signal::Bye),
            Effect::CloseLink {
                session: session(7)
            },
            Effect::Leave
        ]
    );
    assert_eq!(stage.state.phase, Phase::Left);
}

#[test]
fn a_first_entry_that_fails_says_why() {
    let mut stage = Stage::before(true);
    stage.step(Event::Entered(Err(Trouble::RoomGone)));
    assert_eq!(
        (stage.state.phase, stage.state.trouble.clone()),
        (Phase::Failed, Some(Trouble::RoomGone))
    );
}
