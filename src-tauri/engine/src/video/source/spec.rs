//! How a person, a setting or a command line names a camera.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use super::y4m::{Y4mError, Y4mReader};

/// Size and rate of a pattern that names none.
const DEFAULT_PATTERN: (u32, u32, u32) = (1280, 720, 30);

/// Bounds of a pattern: from what the stamp still reads at to what the encoder takes.
const WIDTHS: std::ops::RangeInclusive<u32> = 80..=1920;
const HEIGHTS: std::ops::RangeInclusive<u32> = 46..=1920;
const RATES: std::ops::RangeInclusive<u32> = 1..=60;

/// What to take pictures from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CameraSpec {
    /// The first camera that works.
    #[default]
    Default,
    /// No pictures.
    None,
    /// The test pattern.
    Pattern {
        /// Pixels per row; even.
        width: u32,
        /// Rows; even.
        height: u32,
        /// Frames per second.
        fps: u32,
    },
    /// A y4m file, played in a loop.
    File(PathBuf),
    /// The camera with this id, as [`super::cameras`] lists it. On Linux a path such as `/dev/video2` too.
    Device(String),
}

/// Why text names no camera.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SpecParseError {
    /// It begins like nothing known.
    #[error("a camera is default, none, pattern[:WxH@FPS], file:PATH.y4m or device:ID")]
    Unknown,
    /// A pattern of a size or rate that cannot be.
    #[error(
        "a pattern is written pattern:WxH@FPS, even sides up to 1920 and 1 to 60 frames per second, as in pattern:1280x720@30"
    )]
    Pattern,
}

/// Why a camera can never deliver, found before anything is started.
#[derive(Debug, Error)]
pub enum CameraSpecError {
    /// The file is no video that can be played.
    #[error("{path}: {why}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: Y4mError,
    },
}

impl CameraSpec {
    /// Looks for what no waiting will mend. Devices may come and go, so they are not looked at.
    ///
    /// # Errors
    /// When a file is missing or no y4m that can be played.
    pub fn check(&self) -> Result<(), CameraSpecError> {
        match self {
            Self::File(path) => {
                Y4mReader::open(path)
                    .map(drop)
                    .map_err(|why| CameraSpecError::File {
                        path: path.clone(),
                        why,
                    })
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for CameraSpec {
    type Err = SpecParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        match (kind, rest) {
            ("default", None) => Ok(Self::Default),
            ("none", None) => Ok(Self::None),
            ("pattern", None) => {
                let (width, height, fps) = DEFAULT_PATTERN;
                Ok(Self::Pattern { width, height, fps })
            }
            ("pattern", Some(mode)) => parse_pattern(mode).ok_or(SpecParseError::Pattern),
            ("file", Some(path)) if !path.is_empty() => Ok(Self::File(path.into())),
            ("device", Some(id)) if !id.is_empty() => Ok(Self::Device(id.into())),
            _ => Err(SpecParseError::Unknown),
        }
    }
}

fn parse_pattern(mode: &str) -> Option<CameraSpec> {
    let (size, fps) = match mode.split_once('@') {
        Some((size, fps)) => (size, fps.parse().ok()?),
        None => (mode, DEFAULT_PATTERN.2),
    };
    let (width, height) = size.split_once('x')?;
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    let even = u32::is_multiple_of(width, 2) && u32::is_multiple_of(height, 2);
    let allowed = WIDTHS.contains(&width) && HEIGHTS.contains(&height) && RATES.contains(&fps);
    (even && allowed).then_some(CameraSpec::Pattern { width, height, fps })
}

impl fmt::Display for CameraSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::None => f.write_str("none"),
            Self::Pattern { width, height, fps } => write!(f, "pattern:{width}x{height}@{fps}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Device(id) => write!(f, "device:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read_back() {
        for text in [
            "default",
            "none",
            "pattern:320x180@15",
            "file:/a b/c.y4m",
            "device:usb-1:2",
        ] {
            assert_eq!(text.parse::<CameraSpec>().unwrap().to_string(), text);
        }
        assert_eq!(
            "pattern".parse::<CameraSpec>().unwrap().to_string(),
            "pattern:1280x720@30"
        );
        assert_eq!(
            "pattern:640x480".parse::<CameraSpec>().unwrap().to_string(),
            "pattern:640x480@30"
        );
    }

    #[test]
    fn what_names_no_camera_is_refused_with_a_hint() {
        for text in ["", "webcam", "file:", "device:", "default:1"] {
            assert_eq!(
                text.parse::<CameraSpec>(),
                Err(SpecParseError::Unknown),
                "{text}"
            );
        }
        for mode in [
            "",
            "x",
            "641x360",
            "0x0",
            "99999x2@30",
            "640x360@0",
            "640x360@1e9",
            "640x360@-1",
        ] {
            let text = format!("pattern:{mode}");
            assert_eq!(
                text.parse::<CameraSpec>(),
                Err(SpecParseError::Pattern),
                "{text}"
            );
        }
    }

    #[test]
    fn a_missing_file_is_found_out_before_the_start() {
        let error = CameraSpec::File("/nowhere/at all.y4m".into())
            .check()
            .unwrap_err();
        assert!(
            error.to_string().starts_with("/nowhere/at all.y4m: "),
            "{error}"
        );
    }
}
