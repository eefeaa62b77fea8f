//! The one function that changes a call: from a state and an event to effects.
//!
//! How two people come to be connected: each says `Hello` to whoever appears; of two who are both calling, the one with the smaller
//! session id opens a link and offers. Links are numbered by their offerer (`epoch`), so that whatever is said about an older one is
//! recognised and ignored. A link that breaks is first restarted, then replaced, by the offerer alone; the other asks for it.

mod away;
mod people;
mod repair;
mod screen;
mod talk;

use std::time::{Duration, Instant};

use visio_protocol::{PersonName, Recipient, Role, SessionId, Signal};

use super::command::{Command, DeviceKind};
use super::effect::Effect;
use super::event::{Event, Measured, PersonMeasured};
use super::limit;
use super::state::{CallState, DeviceStatus, Devices, MAX_PRESENT, Phase};
use super::trouble::Trouble;
use crate::device::DeviceEvent;
use crate::signaling::{Entered, SignalingEvent};
use crate::video::ScreenSpec;

/// A stream that comes back sooner than this is nobody's business. Longer than a server's restart (measured: 20 ms), shorter than patience.
const SERVER_LOST_SHOWN_AFTER: Duration = Duration::from_secs(3);

/// How long a refused message is spoken of: long enough to be read twice.
const TAMPERING_SHOWN_FOR: Duration = Duration::from_secs(30);

/// Takes one step. Changes the state in place and returns what is to be done, in order.
pub fn update(state: &mut CallState, event: Event, now: Instant) -> Vec<Effect> {
    let mut effects = Vec::new();
    match event {
        Event::Command(command) => obey(state, command, now, &mut effects),
        Event::Entered(Ok(entered)) => enter(state, entered, now, &mut effects),
        Event::Entered(Err(trouble)) | Event::RoleSet(Err(trouble)) => fail(state, trouble),
        Event::RoleSet(Ok(())) if state.phase == Phase::Entering => state.phase = Phase::Calling,
        Event::RoleSet(Ok(())) => {}
        Event::Signaling(event) => hear(state, event, now, &mut effects),
        Event::Link {
            session,
            epoch,
            change,
        } => people::link_changed(state, session, epoch, change, now, &mut effects),
        Event::Chat {
            session,
            epoch,
            change,
        } => talk::changed(state, session, epoch, change, now, &mut effects),
        Event::Device(kind, event) => device_changed(state, kind, event, &mut effects),
        Event::Screen(event) => screen::changed(state, event, &mut effects),
        Event::Devices(devices) => devices_changed(state, devices),
        Event::Network(change) => repair::network_changed(state, change, now, &mut effects),
        Event::Measured(measured) => show_figures(state, measured),
        Event::Tick => {
            repair::tick(state, now, &mut effects);
            talk::tick(state, now, &mut effects);
        }
    }
    talk::forget_gone(state);
    state.trouble = trouble(state, now);
    effects
}

fn obey(state: &mut CallState, command: Command, now: Instant, effects: &mut Vec<Effect>) {
    match command {
        Command::Join if state.phase == Phase::Lobby && state.session.is_some() => {
            state.phase = Phase::Entering;
            effects.push(Effect::SetRole(Role::Calling));
            people::link_to_all(state, now, effects);
        }
        // The server has not answered yet: enter as soon as it does.
        Command::Join if state.phase == Phase::Lobby => state.phase = Phase::Entering,
        Command::Leave => {
            if state.session.is_some() {
                effects.push(Effect::Send(Recipient::Room, Signal::Bye));
            }
            let all = state.people.drain(..).chain(state.away.drain(..));
            effects.extend(all.map(|person| Effect::CloseLink {
                session: person.session,
            }));
            effects.push(Effect::Leave);
            state.me.hand = None;
            screen::share(state, ScreenSpec::None, effects);
            state.phase = Phase::Left;
        }
        Command::SetMuted(muted) => {
            state.me.microphone.muted = muted;
            effects.push(Effect::Mute(muted));
            tell_media(state, effects);
        }
        Command::SetNoiseSuppression(on) => {
            state.me.microphone.noise_suppression = on;
            effects.push(Effect::Treat(state.me.microphone.treatment()));
        }
        Command::SetMusic(on) => {
            state.me.microphone.music = on;
            effects.push(Effect::Treat(state.me.microphone.treatment()));
        }
        Command::SetCameraOff(off) => {
            state.me.camera.off = off;
            effects.push(Effect::TurnCameraOff(off));
            tell_media(state, effects);
        }
        Command::SelectCamera(spec) => {
            state.me.camera.spec = spec.to_string();
            state.me.camera.status = DeviceStatus::Opening;
            effects.push(Effect::UseCamera(spec));
        }
        Command::SelectMicrophone(spec) => {
            state.me.microphone.spec = spec.to_string();
            state.me.microphone.status = DeviceStatus::Opening;
            effects.push(Effect::UseMicrophone(spec));
        }
        Command::SelectSpeaker(spec) => {
            state.me.speaker.spec = spec.to_string();
            state.me.speaker.status = DeviceStatus::Opening;
            effects.push(Effect::UseSpeaker(spec));
        }
        Command::Share(spec) => screen::share(state, spec, effects),
        Command::ShowScreens(list) => screen::show(state, &list),
        Command::PlayTestSound => effects.push(Effect::PlayTestSound),
        Command::Rename(name) => {
            state.me.name = name;
            greet(state, Recipient::Room, effects);
        }
        Command::Say { id, clock, text } => talk::say(state, id, text, clock, effects),
        Command::React(kind) => talk::react(state, kind, now, effects),
        Command::RaiseHand(at) => talk::raise_hand(state, at, effects),
        Command::Show(list) => people::show(state, &list, effects),
        Command::Retry(id) => repair::retry(state, id, now, effects),
        Command::Join => {}
    }
}

/// The server let us in: greet everybody, and start from what it says is present.
fn enter(state: &mut CallState, entered: Entered, now: Instant, effects: &mut Vec<Effect>) {
    // The user may have pressed Join between the request and its answer.
    let asked_meanwhile = state.session.is_none()
        && state.entered_as == Role::Watching
        && state.phase == Phase::Entering;
    state.session = Some(entered.me);
    state.server_lost_since = None;
    if state.phase == Phase::Entering && !asked_meanwhile {
        state.phase = Phase::Calling;
    }
    if asked_meanwhile {
        effects.push(Effect::SetRole(Role::Calling));
    }
    state.present = entered
        .present
        .into_iter()
        .filter(|(session, _)| *session != entered.me)
        .take(MAX_PRESENT)
        .collect();
    people::reconcile(state, now, effects);
    greet(state, Recipient::Room, effects);
}

fn fail(state: &mut CallState, trouble: Trouble) {
    state.phase = Phase::Failed;
    state.fatal = Some(trouble);
}

fn hear(state: &mut CallState, event: SignalingEvent, now: Instant, effects: &mut Vec<Effect>) {
    match event {
        SignalingEvent::Arrived(session, role) => {
            if !announce(state, session, role) {
                return;
            }
            away::bring_back(state, |person| person.session == session);
            greet(state, Recipient::Session(session), effects);
            people::role_changed(state, session, role, now, effects);
        }
        SignalingEvent::Role(session, role) => {
            if announce(state, session, role) {
                people::role_changed(state, session, role, now, effects);
            }
        }
        SignalingEvent::Left(session) => people::left(state, session, now, effects),
        SignalingEvent::Signal { from, signal } => listen(state, from, signal, now, effects),
        SignalingEvent::Refused { .. } => state.tampered_at = Some(now),
        SignalingEvent::Lost => state.server_lost_since = state.server_lost_since.or(Some(now)),
        SignalingEvent::Resumed => {
            state.server_lost_since = None;
            // Who took us for gone meanwhile may not know us any more.
            greet(state, Recipient::Room, effects);
            repair::resumed(state, now, effects);
        }
        SignalingEvent::Replaced(entered) => {
            state.session_epoch += 1;
            people::forget_links(state, now, effects);
            enter(state, entered, now, effects);
        }
        SignalingEvent::Ended(error) => fail(state, Trouble::from(error)),
    }
}

/// Notes who is present. False when there are too many to be true, or when it is ourselves.
fn announce(state: &mut CallState, session: SessionId, role: Role) -> bool {
    if state.session == Some(session) {
        return false;
    }
    if !state.present.contains_key(&session) && state.present.len() >= MAX_PRESENT {
        return false;
    }
    state.present.insert(session, role);
    true
}

fn listen(
    state: &mut CallState,
    from: SessionId,
    signal: Signal,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    match signal {
        Signal::Hello {
            person,
            name,
            media,
            session_epoch,
        } => {
            let who = people::Introduction {
                id: person,
                name,
                media,
                session_epoch,
            };
            people::met(state, from, who, now, effects);
        }
        Signal::Bye => people::said_bye(state, from, effects),
        Signal::State { media } => {
            if let Some(person) = state.person_mut(from) {
                person.set_media(media);
            }
        }
        Signal::Offer { link, sdp } => people::offered(state, from, link, sdp, now, effects),
        Signal::Answer { link, sdp } => {
            if let Some(person) = state.person_mut(from)
                && person.epoch == link
            {
                person.mending.answered(now);
                effects.push(Effect::AcceptAnswer { session: from, sdp });
            }
        }
        Signal::Candidate {
            link,
            candidate,
            mid,
            line,
        } => {
            if state
                .person(from)
                .is_some_and(|person| person.epoch == link)
            {
                effects.push(Effect::AddCandidate {
                    session: from,
                    candidate,
                    mid,
                    line,
                });
            }
        }
        Signal::AskOffer { restart } => repair::asked(state, from, restart, now, effects),
        Signal::Unknown => {}
    }
}

/// Who I am, for one or for all.
fn greet(state: &CallState, to: Recipient, effects: &mut Vec<Effect>) {
    if state.session.is_none() {
        return;
    }
    let hello = Signal::Hello {
        person: state.me.id,
        name: PersonName::new(&state.me.name),
        media: state.me.media(),
        session_epoch: state.session_epoch,
    };
    effects.push(Effect::Send(to, hello));
}

fn tell_media(state: &CallState, effects: &mut Vec<Effect>) {
    if state.session.is_some() {
        effects.push(Effect::Send(
            Recipient::Room,
            Signal::State {
                media: state.me.media(),
            },
        ));
    }
}

fn device_changed(
    state: &mut CallState,
    kind: DeviceKind,
    event: DeviceEvent,
    effects: &mut Vec<Effect>,
) {
    let before = state.me.media();
    let (status, name) = match event {
        DeviceEvent::Opened { name } => (DeviceStatus::Ok, Some(name)),
        DeviceEvent::Problem(problem) => (DeviceStatus::from(&problem), None),
    };
    let (shown_status, shown_name) = match kind {
        DeviceKind::Camera => (&mut state.me.camera.status, &mut state.me.camera.device),
        DeviceKind::Microphone => (
            &mut state.me.microphone.status,
            &mut state.me.microphone.device,
        ),
        DeviceKind::Speaker => (&mut state.me.speaker.status, &mut state.me.speaker.device),
    };
    *shown_status = status;
    *shown_name = name;
    if state.me.media() != before {
        tell_media(state, effects);
    }
}

fn devices_changed(state: &mut CallState, devices: Devices) {
    state.devices = devices;
}

fn show_figures(state: &mut CallState, measured: Measured) {
    state.me.microphone.level = measured.microphone_level;
    state.me.microphone.speaking = measured.speaking;
    state.me.slow = measured.slow;
    state.me.limited = measured.limited;
    if let Some((width, height)) = measured.camera_size {
        (state.me.camera.width, state.me.camera.height) = (width, height);
    }
    if let Some((width, height)) = measured.screen_size {
        (state.me.screen.width, state.me.screen.height) = (width, height);
    }
    for (id, figures) in measured.people {
        let Some(person) = state.people.iter_mut().find(|person| person.id == id) else {
            continue;
        };
        let PersonMeasured {
            speaking,
            picture,
            paused,
            screen,
            limited,
            behind,
            video,
            path,
            quality,
        } = figures;
        person.speaking = speaking && !person.muted;
        person.picture = picture && !person.camera_off;
        person.paused = paused && !person.camera_off && person.linked();
        (person.limited, person.behind) = (limited, behind);
        person.video = video.filter(|_| person.picture);
        screen::measured(person, screen);
        person.path = path;
        person.quality = quality;
    }
    limit::judge(&mut state.people, state.me.slow);
}

/// The one thing that is said to be wrong: what ends the call first, then what endangers it, then what delays it.
fn trouble(state: &CallState, now: Instant) -> Option<Trouble> {
    if let Some(fatal) = &state.fatal {
        return Some(fatal.clone());
    }
    if state.phase == Phase::Left {
        return None;
    }
    if state
        .tampered_at
        .is_some_and(|at| now.duration_since(at) < TAMPERING_SHOWN_FOR)
    {
        return Some(Trouble::Tampering {
            server: state.invite.server.clone(),
        });
    }
    if state.offline() {
        return Some(Trouble::Offline);
    }
    let lost = state
        .server_lost_since
        .is_some_and(|since| now.duration_since(since) >= SERVER_LOST_SHOWN_AFTER);
    if !lost {
        return None;
    }
    let called: Vec<_> = state
        .people
        .iter()
        .filter(|person| person.calling)
        .collect();
    let cut_off = !called.is_empty() && called.iter().all(|person| !person.linked());
    Some(if cut_off {
        Trouble::Offline
    } else {
        Trouble::ServerLost {
            server: state.invite.server.clone(),
        }
    })
}

/// Whether this event is about the connection that counts.
fn current(state: &CallState, session: SessionId, epoch: u32) -> bool {
    state
        .person(session)
        .is_some_and(|person| person.epoch == epoch)
}
