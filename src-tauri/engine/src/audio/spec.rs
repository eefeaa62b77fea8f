//! Which microphone and which speaker a person asked for, as written on a command line or in settings.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::wav::{WavError, WavSource};

/// The pitch of the test tone when none is named: the concert A, easy to recognise by ear and by number.
const DEFAULT_TONE_HZ: f32 = 440.0;

/// Pitches a tone may have: what people hear and Opus carries.
const TONE_RANGE_HZ: std::ops::RangeInclusive<f32> = 20.0..=20_000.0;

/// Where a microphone's sound comes from: `default | none | tone[:HZ] | file:PATH.wav | device:ID`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum MicrophoneSpec {
    /// The system's default microphone, followed when the default changes.
    #[default]
    Default,
    /// No microphone; nothing is sent.
    None,
    /// A steady sine of so many Hz, openly a test sound.
    Tone(f32),
    /// A wav file, over and over; as music both channels of one that has two.
    File(PathBuf),
    /// The device with this [`id`](crate::device::DeviceInfo::id).
    Device(String),
}

/// Where the sound of a call goes: `default | none | file:PATH.wav | device:ID`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SpeakerSpec {
    /// The system's default speaker, followed when the default changes.
    #[default]
    Default,
    /// No speaker; the sound is decoded and measured, and goes nowhere.
    None,
    /// A wav file, 48 kHz stereo, written from the start.
    File(PathBuf),
    /// The device with this [`id`](crate::device::DeviceInfo::id).
    Device(String),
}

/// Why a specification can't be used. Found before anything is started.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// It is none of the forms there are.
    #[error("\"{given}\" is not one of {forms}")]
    Unknown {
        /// What was given.
        given: String,
        /// The forms there are.
        forms: &'static str,
    },
    /// The tone's pitch is no number, or can't be heard.
    #[error("a tone needs a pitch from 20 to 20000 Hz, not \"{0}\"")]
    Tone(String),
    /// The file can't be used as what it was named for.
    #[error(transparent)]
    Wav(#[from] WavError),
}

impl MicrophoneSpec {
    const FORMS: &'static str = "default, none, tone[:HZ], file:PATH.wav, device:ID";

    /// Whether this can be started: for a file, that it is a wav with sound in it.
    ///
    /// # Errors
    /// [`SpecError::Wav`] when the file is missing, unreadable or not a wav. Devices are not looked at: they come and go.
    pub fn check(&self) -> Result<(), SpecError> {
        if let Self::File(path) = self {
            WavSource::open(path)?;
        }
        Ok(())
    }
}

impl SpeakerSpec {
    const FORMS: &'static str = "default, none, file:PATH.wav, device:ID";

    /// Whether this can be started: for a file, that its folder is there and the name is no folder's.
    ///
    /// # Errors
    /// [`SpecError::Wav`] when nothing can be written there.
    pub fn check(&self) -> Result<(), SpecError> {
        if let Self::File(path) = self {
            super::wav::check_writable(path)?;
        }
        Ok(())
    }
}

impl FromStr for MicrophoneSpec {
    type Err = SpecError;

    fn from_str(given: &str) -> Result<Self, SpecError> {
        match given.split_once(':') {
            None if given == "default" => Ok(Self::Default),
            None if given == "none" => Ok(Self::None),
            None if given == "tone" => Ok(Self::Tone(DEFAULT_TONE_HZ)),
            Some(("tone", hz)) => match hz.parse() {
                Ok(pitch) if TONE_RANGE_HZ.contains(&pitch) => Ok(Self::Tone(pitch)),
                _ => Err(SpecError::Tone(hz.into())),
            },
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("device", id)) if !id.is_empty() => Ok(Self::Device(id.into())),
            _ => Err(SpecError::Unknown {
                given: given.into(),
                forms: Self::FORMS,
            }),
        }
    }
}

impl FromStr for SpeakerSpec {
    type Err = SpecError;

    fn from_str(given: &str) -> Result<Self, SpecError> {
        match given.split_once(':') {
            None if given == "default" => Ok(Self::Default),
            None if given == "none" => Ok(Self::None),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("device", id)) if !id.is_empty() => Ok(Self::Device(id.into())),
            _ => Err(SpecError::Unknown {
                given: given.into(),
                forms: Self::FORMS,
            }),
        }
    }
}

impl fmt::Display for MicrophoneSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::None => f.write_str("none"),
            Self::Tone(hz) => write!(f, "tone:{hz}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Device(id) => write!(f, "device:{id}"),
        }
    }
}

impl fmt::Display for SpeakerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::None => f.write_str("none"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Device(id) => write!(f, "device:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_as_it_was_written() {
        for form in [
            "default",
            "none",
            "tone:440",
            "tone:523.25",
            "file:a b.wav",
            "device:pulseaudio:alsa_input.usb:1",
        ] {
            assert_eq!(form.parse::<MicrophoneSpec>().unwrap().to_string(), form);
        }
        for form in [
            "default",
            "none",
            "file:/tmp/out.wav",
            "device:alsa:plughw:CARD=Loopback,DEV=0",
        ] {
            assert_eq!(form.parse::<SpeakerSpec>().unwrap().to_string(), form);
        }
    }

    #[test]
    fn a_tone_without_a_pitch_is_the_concert_a() {
        assert_eq!(
            "tone".parse::<MicrophoneSpec>().unwrap(),
            MicrophoneSpec::Tone(440.0)
        );
    }

    #[test]
    fn what_is_none_of_the_forms_is_refused_with_the_forms_there_are() {
        for wrong in ["", "Default", "file:", "device:", "mic", "none:1"] {
            let refused = wrong.parse::<MicrophoneSpec>().unwrap_err();
            assert!(
                refused.to_string().contains("tone[:HZ]"),
                "{wrong}: {refused}"
            );
        }
        assert!("tone".parse::<SpeakerSpec>().is_err());
    }

    #[test]
    fn a_pitch_nobody_hears_is_refused() {
        for wrong in [
            "tone:",
            "tone:0",
            "tone:-440",
            "tone:NaN",
            "tone:inf",
            "tone:1e9",
            "tone:A",
        ] {
            assert!(
                matches!(wrong.parse::<MicrophoneSpec>(), Err(SpecError::Tone(_))),
                "{wrong}"
            );
        }
    }
}
