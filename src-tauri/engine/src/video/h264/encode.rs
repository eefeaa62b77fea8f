//! The encoder: I420 frames in, constrained baseline access units out.
//!
//! One thread and one slice per picture: 720p takes 5 to 9 ms of one core this way, which fits 30
//! pictures a second, while more threads would only take the cores from the decoders of the others.
//! Every second picture refers to the one before it and is referred to by none, so that one person can be sent half.

use thiserror::Error;

use super::NalType;
use super::library::LibraryError;
use super::nal::{annex_b_units, is_picture, is_reference, nal_type};
use super::openh264::OpenH264;
use crate::video::content::Content;
use crate::video::frame::Frame;

/// Openh264's own lower limits would still give a picture, but not one worth sending.
const MIN_BITRATE_BPS: u32 = 32_000;

/// Why a frame was not encoded. The encoder is made anew with the next one.
#[derive(Debug, Error)]
pub enum EncoderError {
    /// There is nothing to encode with.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The encoder refused, with this number.
    #[error("the video encoder failed: openh264 answered {0}")]
    Refused(i32),
}

/// What one frame became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// The byte stream holds a picture that refers to earlier ones, and that later ones refer to.
    Delta,
    /// The byte stream holds a picture that refers to earlier ones, and that none refers to.
    Droppable,
    /// The byte stream holds parameter sets and a picture from which decoding can begin.
    Keyframe,
    /// Left out to hold the bitrate; there are no bytes.
    Skipped,
}

/// An encoder for pictures of one size.
pub struct H264Encoder {
    content: Content,
    encoder: Option<OpenH264>,
    bitrate_bps: u32,
    fps: f32,
}

impl H264Encoder {
    /// An encoder aiming at this many bits per second at this many frames per second. The size is
    /// that of the first frame.
    pub fn new(bitrate_bps: u32, fps: f32) -> Self {
        Self::of(Content::Camera, bitrate_bps, fps)
    }

    /// The same for pictures of this kind.
    pub fn of(content: Content, bitrate_bps: u32, fps: f32) -> Self {
        Self {
            content,
            encoder: None,
            bitrate_bps: bitrate_bps.max(MIN_BITRATE_BPS),
            fps,
        }
    }

    /// Makes the next frame a keyframe.
    pub fn force_keyframe(&mut self) {
        // The first frame is one anyway.
        if let Some(encoder) = &mut self.encoder {
            encoder.force_keyframe();
        }
    }

    /// Aims at another rate from the next frame on, without a keyframe.
    pub fn set_bitrate(&mut self, bitrate_bps: u32) {
        let bitrate_bps = bitrate_bps.max(MIN_BITRATE_BPS);
        if bitrate_bps == self.bitrate_bps {
            return;
        }
        let before = std::mem::replace(&mut self.bitrate_bps, bitrate_bps);
        if let Some(encoder) = &mut self.encoder {
            encoder.set_bitrate(before, bitrate_bps);
        }
    }

    /// Tells how many frames really come, which is what bits are shared out by.
    pub fn set_frame_rate(&mut self, fps: f32) {
        if fps == self.fps {
            return;
        }
        self.fps = fps;
        if let Some(encoder) = &mut self.encoder {
            encoder.set_frame_rate(fps);
        }
    }

    /// Encodes one frame taken `milliseconds` after the first into `stream` (cleared; annex B).
    ///
    /// # Errors
    /// When the library refuses the frame, or the frame is of another size than the first; the encoder should be replaced.
    pub fn encode(
        &mut self,
        frame: &Frame,
        milliseconds: u64,
        stream: &mut Vec<u8>,
    ) -> Result<Encoded, EncoderError> {
        stream.clear();
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => {
                let size = (frame.width, frame.height);
                none.insert(OpenH264::new(
                    self.content,
                    size,
                    self.bitrate_bps,
                    self.fps,
                )?)
            }
        };
        encoder
            .encode(frame, milliseconds, stream)
            .map_err(EncoderError::Refused)?;
        Ok(kind(stream))
    }
}

/// What a byte stream of one picture holds.
fn kind(stream: &[u8]) -> Encoded {
    let mut pictures = annex_b_units(stream)
        .map(|unit| unit[0])
        .filter(|header| is_picture(*header))
        .peekable();
    if pictures.peek().is_none() {
        Encoded::Skipped
    } else if pictures
        .peek()
        .is_some_and(|it| nal_type(*it) == NalType::Idr)
    {
        Encoded::Keyframe
    } else if pictures.any(is_reference) {
        Encoded::Delta
    } else {
        Encoded::Droppable
    }
}
