//! The screen that I share, and those that the others do.

use visio_protocol::PersonId;

use super::tell_media;
use crate::call::effect::Effect;
use crate::call::event::ScreenMeasured;
use crate::call::person::{Person, SharedScreen};
use crate::call::state::{CallState, DeviceStatus, MyScreen};
use crate::device::{DeviceEvent, DeviceProblem};
use crate::video::ScreenSpec;

/// I share this from now on, or nothing. The others are told once there is something to see.
pub(super) fn share(state: &mut CallState, spec: ScreenSpec, effects: &mut Vec<Effect>) {
    if spec.to_string() == state.me.screen.spec || spec != ScreenSpec::None && !state.calling() {
        return;
    }
    let before = state.me.media();
    state.me.screen = MyScreen {
        spec: spec.to_string(),
        status: match spec {
            ScreenSpec::None => DeviceStatus::None,
            _ => DeviceStatus::Opening,
        },
        ..MyScreen::none()
    };
    effects.push(Effect::UseScreen(spec));
    if state.me.media() != before {
        tell_media(state, effects);
    }
}

/// What I share was opened, or is gone.
pub(super) fn changed(state: &mut CallState, event: DeviceEvent, effects: &mut Vec<Effect>) {
    // What was said of something that is not shared any more.
    if !state.me.screen.is_shared() {
        return;
    }
    let before = state.me.media();
    match event {
        DeviceEvent::Opened { name } => {
            state.me.screen.status = DeviceStatus::Ok;
            state.me.screen.source = Some(name);
        }
        // They know: they ended it themselves, where the system asked.
        DeviceEvent::Problem(DeviceProblem::Ended) => {
            return share(state, ScreenSpec::None, effects);
        }
        DeviceEvent::Problem(problem) => state.me.screen.status = DeviceStatus::from(&problem),
    }
    if state.me.media() != before {
        tell_media(state, effects);
    }
}

/// So tall each of these screens is shown, and no other.
pub(super) fn show(state: &mut CallState, list: &[(PersonId, Option<u32>)]) {
    for person in &mut state.people {
        let entry = list.iter().find(|(id, _)| *id == person.id);
        person.screen_shown = entry.and_then(|(_, rows)| *rows);
    }
}

/// What was measured of somebody's screen.
pub(super) fn measured(person: &mut Person, figures: ScreenMeasured) {
    let linked = person.linked();
    if let Some(screen) = &mut person.screen {
        *screen = SharedScreen {
            paused: figures.paused && linked,
            video: figures.video,
        };
    }
}
