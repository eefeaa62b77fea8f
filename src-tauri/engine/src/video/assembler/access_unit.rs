//! One picture in the making: RTP payloads (RFC 6184, modes 0 and 1) into an annex B byte stream.
//! Payloads come from the network: whatever does not fit makes the picture broken, and nothing more.

use std::time::Instant;

use crate::transport::packet::RtpPacket;
use crate::video::h264::{NalType, START_CODE, nal_type};

/// Largest picture, in bytes: ten times a keyframe of 1080p at good quality.
const MAX_ACCESS_UNIT: usize = 4 << 20;

/// Buffers kept for later pictures.
const MAX_SPARE: usize = 4;

/// Everything that belongs to one picture.
#[derive(Debug)]
pub struct AccessUnit {
    /// NAL units with start codes (annex B).
    pub data: Vec<u8>,
    /// RTP timestamp, 90 kHz.
    pub timestamp: u32,
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// When its last packet arrived.
    pub arrived: Instant,
}

/// Collects payloads, in order, until the picture is complete.
#[derive(Default)]
pub struct AccessUnitBuilder {
    data: Vec<u8>,
    timestamp: u32,
    arrived: Option<Instant>,
    has_idr: bool,
    /// Parameter sets, or an IDR slice that can be read by earlier ones, are among what has come.
    begins_keyframe: bool,
    /// A fragmented NAL unit has begun and not ended.
    in_fragment: bool,
    broken: bool,
    /// Parameter sets have come, with this picture or an earlier one.
    has_sps: bool,
    spare: Vec<Vec<u8>>,
}

impl AccessUnitBuilder {
    /// Nothing but padding so far.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty() && !self.broken
    }

    /// A packet with this timestamp belongs to a later picture than the one begun.
    pub fn belongs_to_earlier(&self, timestamp: u32) -> bool {
        !self.is_empty() && self.timestamp != timestamp
    }

    /// The picture begun looks like a keyframe.
    pub fn begins_keyframe(&self) -> bool {
        self.begins_keyframe
    }

    /// Adds the next packet; false, and the picture is broken, when its payload is malformed.
    pub fn add(&mut self, packet: &RtpPacket) -> bool {
        self.timestamp = packet.timestamp;
        self.arrived = Some(packet.arrived);
        let added = self.add_payload(&packet.payload).is_some();
        self.broken |= !added;
        added
    }

    /// The finished picture, or nothing if it is broken.
    pub fn finish(&mut self) -> Option<AccessUnit> {
        if self.broken || self.in_fragment || self.data.is_empty() {
            self.discard();
            return None;
        }
        let empty = self.spare.pop().unwrap_or_default();
        let unit = AccessUnit {
            data: std::mem::replace(&mut self.data, empty),
            timestamp: self.timestamp,
            keyframe: self.has_idr && self.has_sps,
            arrived: self.arrived?,
        };
        self.discard();
        Some(unit)
    }

    /// Forgets the picture begun.
    pub fn discard(&mut self) {
        self.data.clear();
        self.has_idr = false;
        self.begins_keyframe = false;
        self.in_fragment = false;
        self.broken = false;
    }

    /// Takes a buffer for a later picture.
    pub fn recycle(&mut self, mut data: Vec<u8>) {
        if self.spare.len() < MAX_SPARE {
            data.clear();
            self.spare.push(data);
        }
    }

    fn add_payload(&mut self, payload: &[u8]) -> Option<()> {
        let (&header, body) = match payload.split_first() {
            None => return Some(()), // padding
            Some(split) => split,
        };
        match nal_type(header) {
            NalType::Unsupported => None,
            NalType::FuA => self.add_fragment(header, body),
            _ if self.in_fragment => None,
            NalType::StapA => self.add_aggregate(body),
            _ => self.begin_unit(header).and_then(|()| self.append(body)),
        }
    }

    /// RFC 6184 section 5.7.1.
    fn add_aggregate(&mut self, mut rest: &[u8]) -> Option<()> {
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (size, more) = rest.split_first_chunk::<2>()?;
            let (unit, more) = more.split_at_checked(u16::from_be_bytes(*size).into())?;
            let (&header, body) = unit.split_first()?;
            if matches!(
                nal_type(header),
                NalType::StapA | NalType::FuA | NalType::Unsupported
            ) {
                return None;
            }
            self.begin_unit(header)?;
            self.append(body)?;
            rest = more;
        }
        Some(())
    }

    /// RFC 6184 section 5.8.
    fn add_fragment(&mut self, indicator: u8, body: &[u8]) -> Option<()> {
        let (&header, piece) = body.split_first()?;
        let (starts, ends) = (header & 0x80 != 0, header & 0x40 != 0);
        if piece.is_empty() || starts == self.in_fragment {
            return None;
        }
        if starts {
            let unit_header = indicator & 0xe0 | header & 0x1f;
            if matches!(
                nal_type(unit_header),
                NalType::StapA | NalType::FuA | NalType::Unsupported
            ) {
                return None;
            }
            self.begin_unit(unit_header)?;
        }
        self.in_fragment = !ends;
        self.append(piece)
    }

    fn begin_unit(&mut self, header: u8) -> Option<()> {
        let kind = nal_type(header);
        self.has_idr |= kind == NalType::Idr;
        self.has_sps |= kind == NalType::Sps;
        self.begins_keyframe |= kind == NalType::Sps || kind == NalType::Idr && self.has_sps;
        self.append(&START_CODE)?;
        self.append(&[header])
    }

    fn append(&mut self, bytes: &[u8]) -> Option<()> {
        if self.data.len() + bytes.len() > MAX_ACCESS_UNIT {
            return None;
        }
        self.data.extend_from_slice(bytes);
        Some(())
    }
}

/// What a keyframe begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// All that its slices are read by.
    ParameterSets,
    /// The IDR slice that holds the first macroblock (whose number, an Exp-Golomb 0, is a single set bit). It is read by the
    /// parameter sets that came before it.
    Slice,
}

/// What of a keyframe begins with this payload, if anything does.
pub fn beginning(payload: &[u8]) -> Option<Beginning> {
    let begins = |header: u8, slice: Option<&u8>| match nal_type(header) {
        NalType::Sps => Some(Beginning::ParameterSets),
        NalType::Idr if slice.is_some_and(|byte| byte & 0x80 != 0) => Some(Beginning::Slice),
        _ => None,
    };
    match payload {
        [header, _, _, first, rest @ ..] if nal_type(*header) == NalType::StapA => {
            begins(*first, rest.first())
        }
        [header, fragment, ..] if nal_type(*header) == NalType::FuA && fragment & 0x80 == 0 => None,
        [header, fragment, rest @ ..] if nal_type(*header) == NalType::FuA => {
            begins(*fragment, rest.first())
        }
        [header, rest @ ..] => begins(*header, rest.first()),
        [] => None,
    }
}
