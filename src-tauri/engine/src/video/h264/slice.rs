//! Where a picture stands among those that refer to one another (ITU-T H.264, 7.3.3): the first fields of
//! its first slice.

use super::nal::{NalType, is_reference, nal_type};
use super::sps::Bits;

/// The beginning of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureStart {
    /// One more than that of the reference picture before it, modulo 2 to the power of the bits it has.
    pub frame_num: u32,
    /// Later pictures may refer to it.
    pub reference: bool,
    /// It refers to nothing before it.
    pub idr: bool,
}

impl PictureStart {
    /// Reads a slice: the first byte of its NAL unit and at least eight that follow. `frame_num_bits` is what
    /// the sequence parameter set says. `None` for what is no slice, not the first of its picture, or malformed.
    pub fn parse(header: u8, body: &[u8], frame_num_bits: u32) -> Option<Self> {
        let idr = match nal_type(header) {
            NalType::Idr => true,
            NalType::Slice => false,
            _ => return None,
        };
        let mut bits = Bits::new(body);
        let first_macroblock = bits.unsigned().ok()?;
        bits.unsigned().ok()?; // slice_type
        bits.unsigned().ok()?; // pic_parameter_set_id
        let frame_num = bits.take(frame_num_bits).ok()?;
        (first_macroblock == 0).then_some(Self {
            frame_num,
            reference: is_reference(header),
            idr,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slice_of_a_picture_tells_its_number_and_whether_others_build_on_it() {
        // ue(0), ue(5), ue(0), then four bits: 1 00110 1 1011 ...
        let body = [0b1001_1011, 0b0110_0000];
        let start = PictureStart {
            frame_num: 0b1011,
            reference: true,
            idr: false,
        };
        assert_eq!(PictureStart::parse(0x41, &body, 4), Some(start));
        let left_out = PictureStart {
            reference: false,
            ..start
        };
        assert_eq!(PictureStart::parse(0x01, &body, 4), Some(left_out));
        assert_eq!(PictureStart::parse(0x67, &body, 4), None, "no slice");
        assert_eq!(
            PictureStart::parse(0x41, &[0b0100_0000], 4),
            None,
            "a later one"
        );
        assert_eq!(PictureStart::parse(0x41, &[0x9b], 4), None, "cut short");
    }
}
