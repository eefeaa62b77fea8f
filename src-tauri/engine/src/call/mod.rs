//! The call as one value: who is here, how each is connected, which devices, what is muted.
//!
//! It changes only in [`update()`], one function from a state and an event to effects. There is no clock, socket or
//! device in this room: `session/` carries the effects out, and the window, the CLI and the tests all show the same
//! [`CallState`].

mod chat;
mod command;
mod effect;
mod event;
mod limit;
mod mending;
mod person;
mod state;
mod trouble;
mod update;

#[cfg(test)]
mod scenarios;

pub use chat::{Chat, ReactionShown, Remark, RemarkShown, Source};
pub use command::{Command, DeviceKind};
pub use effect::Effect;
pub use event::{ChatChange, Event, LinkChange, Measured, PersonMeasured, ScreenMeasured};
pub use limit::LimitedBy;
pub use person::{Connection, PathShown, Person, Quality, SharedScreen, VideoShown};
pub use state::{
    CallState, DeviceStatus, Devices, InviteShown, MAX_PRESENT, Me, MyCamera, MyMicrophone,
    MyScreen, MySpeaker, Phase, Start,
};
pub use trouble::Trouble;
pub use update::update;
