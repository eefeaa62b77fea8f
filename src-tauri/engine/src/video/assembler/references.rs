//! Which picture may be decoded after the last: one that builds on nothing that is missing.
//!
//! A picture that nothing builds on (every second one, where the sender lets them be left out) may be lost
//! without harm. That it was one, the numbers of the pictures on both sides of the gap tell: only pictures
//! that others build on are counted. Pure; a few bytes of each picture are read.

use crate::video::h264::{
    NalType, PictureStart, SequenceParameters, annex_b_units, is_picture, nal_type,
};

/// In how many bytes from its beginning the parameter sets and the first slice of a picture start.
const LOOK_INTO: usize = 256;

/// The numbers of one stream's pictures.
#[derive(Debug, Default)]
pub struct References {
    /// How many bits a number has, by the parameter set.
    bits: Option<u32>,
    /// The number of the last picture that others build on.
    last: Option<u32>,
}

impl References {
    /// This picture (annex B) is decoded.
    pub fn decoded(&mut self, picture: &[u8]) {
        let beginning = &picture[..picture.len().min(LOOK_INTO)];
        for unit in annex_b_units(beginning) {
            let Some((&header, body)) = unit.split_first() else {
                continue;
            };
            if nal_type(header) == NalType::Sps {
                let parsed = SequenceParameters::parse(unit);
                self.bits = parsed.ok().map(|parsed| parsed.frame_num_bits);
                self.last = None;
            } else if is_picture(header) {
                let start = self
                    .bits
                    .and_then(|bits| PictureStart::parse(header, body, bits));
                match start {
                    Some(start) if start.reference => self.last = Some(start.frame_num),
                    Some(_) => {}
                    None => self.last = None,
                }
                return;
            }
        }
    }

    /// Whether a picture that begins with this RTP payload builds on what has been decoded, and nothing else.
    pub fn follows(&self, payload: &[u8]) -> bool {
        let (Some(bits), Some(last)) = (self.bits, self.last) else {
            return false;
        };
        let Some((header, body)) = first_unit(payload) else {
            return false;
        };
        let next = (last + 1) & ((1u32 << bits) - 1);
        PictureStart::parse(header, body, bits)
            .is_some_and(|start| !start.idr && start.frame_num == next)
    }
}

/// The first byte and what follows it, of the NAL unit with which a payload begins.
fn first_unit(payload: &[u8]) -> Option<(u8, &[u8])> {
    match (nal_type(*payload.first()?), payload) {
        (NalType::FuA, [indicator, fragment, body @ ..]) => {
            let starts = fragment & 0x80 != 0;
            starts.then_some((indicator & 0xe0 | fragment & 0x1f, body))
        }
        (NalType::StapA, [_, _, _, header, body @ ..]) => Some((*header, body)),
        (NalType::FuA | NalType::StapA, _) => None,
        (_, [header, body @ ..]) => Some((*header, body)),
        (_, []) => None,
    }
}
