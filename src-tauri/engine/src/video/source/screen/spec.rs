//! How a person or a command line names what is to be shared.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::video::source::CameraSpec;

/// Size and rate of a pattern that names none: a whole screen, as often as one is looked at.
const DEFAULT_PATTERN: (u32, u32, u32) = (1920, 1080, 10);

/// What is to be shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ScreenSpec {
    /// Nothing.
    #[default]
    None,
    /// The first screen.
    Default,
    /// The screen with this id, as [`super::screens`] lists it.
    Screen(String),
    /// The window with this id.
    Window(String),
    /// A test pattern full of small text.
    Pattern {
        /// Pixels per row; even.
        width: u32,
        /// Rows; even.
        height: u32,
        /// Frames per second.
        fps: u32,
    },
}

/// Why text names nothing that could be shared.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "a screen is none, default, screen:ID, window:ID or pattern[:WxH@FPS], with even sides up to 1920 and 1 to 60 frames per second"
)]
pub struct ScreenSpecParseError;

impl FromStr for ScreenSpec {
    type Err = ScreenSpecParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            None if text == "default" => Ok(Self::Default),
            None if text == "pattern" => {
                let (width, height, fps) = DEFAULT_PATTERN;
                Ok(Self::Pattern { width, height, fps })
            }
            Some(("screen", id)) if !id.is_empty() => Ok(Self::Screen(id.to_owned())),
            Some(("window", id)) if !id.is_empty() => Ok(Self::Window(id.to_owned())),
            Some(("pattern", _)) => match text.parse() {
                Ok(CameraSpec::Pattern { width, height, fps }) => {
                    Ok(Self::Pattern { width, height, fps })
                }
                _ => Err(ScreenSpecParseError),
            },
            _ => Err(ScreenSpecParseError),
        }
    }
}

impl fmt::Display for ScreenSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Default => f.write_str("default"),
            Self::Screen(id) => write!(f, "screen:{id}"),
            Self::Window(id) => write!(f, "window:{id}"),
            Self::Pattern { width, height, fps } => write!(f, "pattern:{width}x{height}@{fps}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read_back() {
        for text in [
            "none",
            "default",
            "screen:HDMI-1",
            "window:0x1400003",
            "pattern:640x360@5",
        ] {
            assert_eq!(text.parse::<ScreenSpec>().unwrap().to_string(), text);
        }
        let pattern: ScreenSpec = "pattern".parse().unwrap();
        assert_eq!(pattern.to_string(), "pattern:1920x1080@10");
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in [
            "",
            "screen",
            "screen:",
            "window:",
            "pattern:",
            "pattern:1x1",
            "file:a",
        ] {
            let read = text.parse::<ScreenSpec>();
            assert_eq!(read, Err(ScreenSpecParseError), "{text}");
        }
    }
}
