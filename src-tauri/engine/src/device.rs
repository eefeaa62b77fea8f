//! What devices have in common: how they are named, and what can go wrong with them.
//!
//! Cameras, microphones and speakers all report through [`DeviceEvent`], so that whoever shows them to a person needs
//! one set of words. Plain values: no thread, no latency.

use serde::{Deserialize, Serialize};

/// One camera, microphone or speaker that the system offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Stable across restarts of the app and of the machine; what `device:ID` takes.
    pub id: String,
    /// The system's own words for it, to be shown to people.
    pub name: String,
    /// Whether the system would pick this one by itself.
    pub default: bool,
}

/// What a running device tells of itself. Sent on every change, never repeated for the same state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceEvent {
    /// The device delivers; also after a problem, when it came back or another took its place.
    Opened {
        /// The system's own words for the device that was opened.
        name: String,
    },
    /// The device does not deliver. Unless the specification was wrong, it is tried again until it does.
    Problem(DeviceProblem),
}

/// Why a device does not deliver, told apart as far as the system tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum DeviceProblem {
    /// There is no such device on this machine.
    #[error("there is no such device")]
    None,
    /// Another program holds the device.
    #[error("another program is using the device")]
    Busy,
    /// The system does not let this program use the device.
    #[error("the system refuses the use of the device")]
    Refused,
    /// It was there and is gone: unplugged, or removed by the system.
    #[error("the device is gone")]
    Lost,
    /// It is open, but stopped delivering.
    #[error("the device stopped delivering")]
    Silent,
    /// The person ended it by the system's own means, or chose nothing there. It is not opened again unasked.
    #[error("the person has ended it")]
    Ended,
    /// Anything else, in the system's own words.
    #[error("the device failed: {0}")]
    Failed(String),
}

impl DeviceProblem {
    /// One word for programs: `none`, `busy`, `refused`, `lost`, `silent`, `ended` or `failed`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Busy => "busy",
            Self::Refused => "refused",
            Self::Lost => "lost",
            Self::Silent => "silent",
            Self::Ended => "ended",
            Self::Failed(_) => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_one_word_for_programs_and_a_sentence_for_logs() {
        let failed = DeviceProblem::Failed("no clock".into());
        assert_eq!(failed.kind(), "failed");
        assert_eq!(failed.to_string(), "the device failed: no clock");
        assert_eq!(DeviceProblem::None.kind(), "none");
    }
}
