//! The decoder: whole access units in, I420 frames out. What it is fed comes from a peer and may be
//! anything, so sizes are checked first, and an error throws the decoder's state away.

use std::sync::Arc;
use std::time::Instant;

use openh264::decoder::{Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use thiserror::Error;

use super::library::{Library, LibraryError};
use super::nal::{NalType, annex_b_units, nal_type};
use super::sps::{SequenceParameters, SpsError};
use crate::video::frame::{Frame, FramePool};

/// Why an access unit gave no picture and the next must be a keyframe.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Its parameter sets are refused before the decoder sees them.
    #[error(transparent)]
    Sps(#[from] SpsError),
    /// There is nothing to decode with.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The library found it broken.
    #[error("the video decoder failed: {0}")]
    Codec(String),
}

/// A decoder for one stream, which may change its size at any keyframe.
#[derive(Default)]
pub struct H264Decoder {
    /// Made with the first access unit, and anew after every error.
    decoder: Option<Decoder>,
    pool: FramePool,
}

impl H264Decoder {
    /// A decoder that expects a keyframe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one access unit (annex B). `None` when it holds no picture. The frame's `captured` is
    /// the time at which decoding ended.
    ///
    /// # Errors
    /// When the unit is broken or too large; the decoder then expects a keyframe.
    pub fn decode(&mut self, access_unit: &[u8]) -> Result<Option<Arc<Frame>>, DecodeError> {
        let decoded = self.try_decode(access_unit);
        if decoded.is_err() {
            self.decoder = None;
        }
        decoded
    }

    fn try_decode(&mut self, access_unit: &[u8]) -> Result<Option<Arc<Frame>>, DecodeError> {
        for unit in annex_b_units(access_unit) {
            match nal_type(unit[0]) {
                NalType::Sps => {
                    SequenceParameters::parse(unit)?;
                }
                // Parameter sets stand before the pictures that need them.
                NalType::Slice | NalType::Idr => break,
                _ => {}
            }
        }
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            empty => empty.insert(new_decoder()?),
        };
        let picture = decoder
            .decode(access_unit)
            .map_err(|error| DecodeError::Codec(error.to_string()))?;
        let Some(picture) = picture else {
            return Ok(None);
        };
        let (width, height) = picture.dimensions();
        let (y_stride, u_stride, v_stride) = picture.strides();
        let copied = self.pool.draw(
            width as u32,
            height as u32,
            Instant::now(),
            |frame| -> Result<(), DecodeError> {
                let (width, height) = (frame.width as usize, frame.height as usize);
                let planes = frame.planes_mut();
                copy_plane(picture.y(), y_stride, planes.y, width, height)?;
                copy_plane(picture.u(), u_stride, planes.u, width / 2, height / 2)?;
                copy_plane(picture.v(), v_stride, planes.v, width / 2, height / 2)
            },
        )?;
        Ok(Some(copied))
    }
}

fn new_decoder() -> Result<Decoder, DecodeError> {
    // Baseline pictures come out in the order they went in; flushing would only add an error path.
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    Decoder::with_api_config(Library::open()?, config)
        .map_err(|error| DecodeError::Codec(error.to_string()))
}

fn copy_plane(
    from: &[u8],
    stride: usize,
    to: &mut [u8],
    width: usize,
    height: usize,
) -> Result<(), DecodeError> {
    if stride < width || from.len() < stride * (height - 1) + width {
        return Err(DecodeError::Codec(
            "a plane is smaller than its picture".into(),
        ));
    }
    for (from, to) in from.chunks(stride).zip(to.chunks_exact_mut(width)) {
        to.copy_from_slice(&from[..width]);
    }
    Ok(())
}
