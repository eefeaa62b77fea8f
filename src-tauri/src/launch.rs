//! What the environment asks of this start: how `cargo xtask demo` and the tests bring a window into a call.

use std::env;
use std::path::PathBuf;

/// The environment's wishes; a start by hand has none.
#[derive(Clone, Default)]
pub struct Launch {
    /// `VISIO_INVITE`: the invite that the first window opens with.
    pub invite: Option<String>,
    /// `VISIO_NAME`: the name to take, without changing the settings.
    pub name: Option<String>,
    /// `VISIO_JOIN=1`: straight into the call, without the lobby.
    pub join: bool,
    /// `VISIO_CAMERA`, `VISIO_MICROPHONE`, `VISIO_SPEAKER`: devices, as visio-cli names them, instead of the settings'.
    pub camera: Option<String>,
    /// See [`Launch::camera`].
    pub microphone: Option<String>,
    /// See [`Launch::camera`].
    pub speaker: Option<String>,
    /// `VISIO_ALONE=1`: beside a Visio that runs already, instead of handing it the link and ending.
    pub alone: bool,
    /// `VISIO_REHEARSAL`: so many people in a call without a network, to measure what the window can draw.
    pub rehearsal: Option<u8>,
    /// `VISIO_REPORT`: where the report of the call is written at the end.
    pub report: Option<PathBuf>,
}

impl Launch {
    /// Reads this process's environment.
    pub fn from_environment() -> Launch {
        Launch::from(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Launch {
        Launch {
            invite: variable("VISIO_INVITE"),
            name: variable("VISIO_NAME"),
            join: variable("VISIO_JOIN").as_deref() == Some("1"),
            alone: variable("VISIO_ALONE").as_deref() == Some("1"),
            camera: variable("VISIO_CAMERA"),
            microphone: variable("VISIO_MICROPHONE"),
            speaker: variable("VISIO_SPEAKER"),
            rehearsal: variable("VISIO_REHEARSAL").and_then(|people| people.parse().ok()),
            report: variable("VISIO_REPORT").map(PathBuf::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_by_hand_asks_for_nothing() {
        let launch = Launch::from(|_| None);
        assert!(launch.invite.is_none() && launch.report.is_none() && !launch.join);
    }

    #[test]
    fn only_a_plain_one_joins_at_once() {
        for (value, join) in [("1", true), ("0", false), ("yes", false)] {
            assert_eq!(
                Launch::from(|name| (name == "VISIO_JOIN").then(|| value.to_owned())).join,
                join
            );
        }
    }
}
