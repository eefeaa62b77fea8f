//! H.264 as bytes: NAL units, what a sequence parameter set promises, and the two directions of the
//! codec (openh264) behind types of our own. Called on the media threads of `encoder` and `receiver`.

mod decode;
mod encode;
mod library;
mod nal;
mod openh264;
mod slice;
mod sps;

pub use decode::{DecodeError, H264Decoder};
pub use encode::{Encoded, EncoderError, H264Encoder};
pub use library::{Library, LibraryError};
pub use nal::{NalType, START_CODE, annex_b_units, is_picture, is_reference, nal_type};
pub use slice::PictureStart;
pub use sps::{MAX_MACROBLOCKS, SequenceParameters, SpsError};
