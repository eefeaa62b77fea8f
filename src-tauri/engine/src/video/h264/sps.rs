//! What a sequence parameter set promises (ITU-T H.264, 7.3.2.1.1): read before the decoder sees it,
//! because a decoder allocates whatever it is told to, and a peer may tell it anything.

use thiserror::Error;

/// Most macroblocks (16×16 pixels) in a picture that we decode: level 4.2 of table A-1, which is
/// 1920×1088 or 2048×1088. With 16 reference pictures it bounds a decoder at about 60 MB.
pub const MAX_MACROBLOCKS: u32 = 8704;

/// Most reference pictures that any level allows.
const MAX_REFERENCES: u32 = 16;

/// Why a sequence parameter set is not handed to the decoder.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SpsError {
    /// It ends early, or a number in it is too long.
    #[error("malformed sequence parameter set")]
    Malformed,
    /// Something that no family call sends: chroma other than 4:2:0, more than 8 bits, interlacing.
    #[error("unsupported video format")]
    Unsupported,
    /// A picture beyond [`MAX_MACROBLOCKS`].
    #[error("picture of {width}x{height} is too large")]
    TooLarge {
        /// Pixels per row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

/// The part of a sequence parameter set that costs memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceParameters {
    /// `profile_idc`: 66 is baseline.
    pub profile: u8,
    /// Coded width in pixels, a multiple of 16 (before cropping).
    pub width: u32,
    /// Coded height in pixels, a multiple of 16 (before cropping).
    pub height: u32,
    /// Reference pictures the decoder must keep.
    pub references: u32,
    /// Bits of a picture's `frame_num`, 4 to 16.
    pub frame_num_bits: u32,
}

impl SequenceParameters {
    /// Reads the NAL unit (with its header byte, without start code).
    ///
    /// # Errors
    /// When it is malformed, or asks for more than we are willing to decode.
    pub fn parse(unit: &[u8]) -> Result<Self, SpsError> {
        let mut bits = Bits::new(unit.get(1..).unwrap_or_default());
        let profile = bits.take(8)? as u8;
        bits.take(16)?; // constraint flags and level
        bits.unsigned()?; // seq_parameter_set_id
        if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128) {
            high_profile_fields(&mut bits)?;
        }
        let frame_num_bits = bits.unsigned()?.saturating_add(4);
        if frame_num_bits > 16 {
            return Err(SpsError::Malformed);
        }
        match bits.unsigned()? {
            0 => {
                bits.unsigned()?; // log2_max_pic_order_cnt_lsb_minus4
            }
            1 => {
                bits.take(1)?; // delta_pic_order_always_zero_flag
                bits.unsigned()?; // offset_for_non_ref_pic, signed: as many bits
                bits.unsigned()?; // offset_for_top_to_bottom_field
                let offsets = bits.unsigned()?;
                if offsets > 255 {
                    return Err(SpsError::Malformed);
                }
                for _ in 0..offsets {
                    bits.unsigned()?;
                }
            }
            2 => {}
            _ => return Err(SpsError::Malformed),
        }
        let references = bits.unsigned()?;
        bits.take(1)?; // gaps_in_frame_num_value_allowed_flag
        let columns = bits.unsigned()?.saturating_add(1);
        let rows = bits.unsigned()?.saturating_add(1);
        let frames_only = bits.take(1)? == 1;
        let (width, height) = (columns.saturating_mul(16), rows.saturating_mul(16));
        if u64::from(columns) * u64::from(rows) > u64::from(MAX_MACROBLOCKS) {
            return Err(SpsError::TooLarge { width, height });
        }
        if references > MAX_REFERENCES {
            return Err(SpsError::Malformed);
        }
        if !frames_only {
            return Err(SpsError::Unsupported);
        }
        Ok(Self {
            profile,
            width,
            height,
            references,
            frame_num_bits,
        })
    }
}

/// Chroma format, bit depths and scaling lists, which only the high profiles have.
fn high_profile_fields(bits: &mut Bits<'_>) -> Result<(), SpsError> {
    let chroma_format = bits.unsigned()?;
    let luma_extra_bits = bits.unsigned()?;
    let chroma_extra_bits = bits.unsigned()?;
    if (chroma_format, luma_extra_bits, chroma_extra_bits) != (1, 0, 0) {
        return Err(SpsError::Unsupported);
    }
    bits.take(1)?; // qpprime_y_zero_transform_bypass_flag
    if bits.take(1)? == 1 {
        for list in 0..8 {
            if bits.take(1)? == 1 {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Ok(())
}

/// 7.3.2.1.1.1: the list ends early where the next scale becomes zero.
fn skip_scaling_list(bits: &mut Bits<'_>, size: usize) -> Result<(), SpsError> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.signed()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Ok(())
}

/// Reads bits and Exp-Golomb numbers (clause 9.1), stepping over emulation prevention bytes (7.4.1).
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    zeros: u32,
    bit: u32,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            zeros: 0,
            bit: 0,
        }
    }

    fn one(&mut self) -> Result<u32, SpsError> {
        if self.bit == 0 && self.zeros >= 2 && self.bytes.get(self.at) == Some(&3) {
            self.at += 1;
            self.zeros = 0;
        }
        let byte = *self.bytes.get(self.at).ok_or(SpsError::Malformed)?;
        let value = u32::from(byte >> (7 - self.bit) & 1);
        self.bit += 1;
        if self.bit == 8 {
            self.bit = 0;
            self.at += 1;
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        }
        Ok(value)
    }

    /// `count` bits, at most 32, most significant first.
    pub fn take(&mut self, count: u32) -> Result<u32, SpsError> {
        (0..count).try_fold(0, |value, _| Ok(value << 1 | self.one()?))
    }

    /// `ue(v)`.
    pub fn unsigned(&mut self) -> Result<u32, SpsError> {
        let mut length = 0;
        while self.one()? == 0 {
            length += 1;
            if length > 31 {
                return Err(SpsError::Malformed);
            }
        }
        Ok((1 << length) - 1 + self.take(length)?)
    }

    /// `se(v)`, limited to what a scaling list may hold.
    fn signed(&mut self) -> Result<i32, SpsError> {
        let code = self.unsigned()?;
        if code > 512 {
            return Err(SpsError::Malformed);
        }
        let magnitude = code.div_ceil(2) as i32;
        Ok(if code % 2 == 1 { magnitude } else { -magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the fields that `parse` reads, for a baseline stream.
    fn baseline(columns: u32, rows: u32) -> Vec<u8> {
        let mut bits = String::from("010000101100000000011111"); // profile 66, constraints, level 3.1
        for value in [0, 0, 2, 1] {
            bits += &golomb(value); // id, frame_num bits, order type 2, one reference
        }
        bits += "0";
        bits += &golomb(columns - 1);
        bits += &golomb(rows - 1);
        bits += "11";
        while bits.len() % 8 != 0 {
            bits += "1";
        }
        let bytes = bits
            .as_bytes()
            .chunks(8)
            .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
        std::iter::once(0x67).chain(bytes).collect()
    }

    fn golomb(value: u32) -> String {
        let digits = format!("{:b}", value + 1);
        "0".repeat(digits.len() - 1) + &digits
    }

    #[test]
    fn a_baseline_set_tells_its_size() {
        let parsed = SequenceParameters::parse(&baseline(80, 45)).unwrap();
        assert_eq!(
            (parsed.profile, parsed.width, parsed.height),
            (66, 1280, 720)
        );
        assert_eq!((parsed.references, parsed.frame_num_bits), (1, 4));
    }

    #[test]
    fn a_picture_that_would_eat_the_memory_is_refused() {
        let refused = SequenceParameters::parse(&baseline(1024, 1024));
        assert!(matches!(
            refused,
            Err(SpsError::TooLarge { width: 16384, .. })
        ));
    }

    #[test]
    fn a_set_cut_short_anywhere_is_malformed() {
        let whole = baseline(80, 45);
        for length in 0..whole.len() - 2 {
            assert_eq!(
                SequenceParameters::parse(&whole[..length]),
                Err(SpsError::Malformed)
            );
        }
    }

    #[test]
    fn endless_zeros_are_malformed() {
        let mut unit = vec![0x67, 66, 0xc0, 31];
        unit.extend([0; 64]);
        assert_eq!(SequenceParameters::parse(&unit), Err(SpsError::Malformed));
    }
}
