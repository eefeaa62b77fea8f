//! NAL units: how they are told apart in a byte stream (ITU-T H.264, annex B) and what kind they are.

/// What stands before each NAL unit in a byte stream.
pub const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The kinds of NAL unit that matter here (table 7-1, and RFC 6184 section 5.2 for 24 and 28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NalType {
    /// 1 to 4: a slice that refers to earlier pictures.
    Slice,
    /// 5: a slice of a picture from which decoding can begin.
    Idr,
    /// 7: sequence parameter set.
    Sps,
    /// 8: picture parameter set.
    Pps,
    /// 24: several NAL units in one packet.
    StapA,
    /// 28: a fragment of a NAL unit.
    FuA,
    /// 6 and 9 to 23: carried along.
    Other,
    /// 0, 25 to 27, 29 to 31: not for packetization mode 1.
    Unsupported,
}

/// The kind of a NAL unit, from its first byte.
pub fn nal_type(header: u8) -> NalType {
    match header & 0x1f {
        1..=4 => NalType::Slice,
        5 => NalType::Idr,
        7 => NalType::Sps,
        8 => NalType::Pps,
        6 | 9..=23 => NalType::Other,
        24 => NalType::StapA,
        28 => NalType::FuA,
        _ => NalType::Unsupported,
    }
}

/// Whether a NAL unit holds a picture, or part of one.
pub fn is_picture(header: u8) -> bool {
    matches!(nal_type(header), NalType::Slice | NalType::Idr)
}

/// Whether later pictures may refer to what a NAL unit holds (`nal_ref_idc`, section 7.4.1).
pub fn is_reference(header: u8) -> bool {
    header & 0x60 != 0
}

/// The NAL units of a byte stream, without start codes (of three or four bytes) and trailing zeros;
/// empty ones are left out.
pub fn annex_b_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(stream, 0).map(|start| &stream[start..]);
    std::iter::from_fn(move || {
        loop {
            let unit_and_more = rest?;
            let next = after_start_code(unit_and_more, 0);
            let end = next.map_or(unit_and_more.len(), |next| next - 3);
            rest = next.map(|next| &unit_and_more[next..]);
            let mut unit = &unit_and_more[..end];
            while let [shorter @ .., 0] = unit {
                unit = shorter;
            }
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    })
}

/// Where the bytes after the first start code at or beyond `from` begin.
fn after_start_code(stream: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at + 3 <= stream.len() {
        // Only a byte of 0 or 1 in third place can belong to a start code that begins here or later.
        match stream[at + 2] {
            1 if stream[at] == 0 && stream[at + 1] == 0 => return Some(at + 3),
            0 => at += 1,
            _ => at += 3,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_of_three_and_four_bytes_separate_units() {
        let stream = [
            0, 0, 0, 1, 0x67, 9, 0, 0, 1, 0x68, 7, 0, 0, 0, 1, 0x65, 1, 0, 2,
        ];
        let units: Vec<_> = annex_b_units(&stream).collect();
        assert_eq!(units, [&[0x67, 9][..], &[0x68, 7], &[0x65, 1, 0, 2]]);
    }

    #[test]
    fn a_stream_without_start_code_or_with_nothing_after_it_has_no_units() {
        assert_eq!(annex_b_units(&[1, 2, 3]).count(), 0);
        assert_eq!(annex_b_units(&[0, 0, 1]).count(), 0);
        assert_eq!(annex_b_units(&[0, 0, 1, 0, 0, 1, 0, 0]).count(), 0);
        assert_eq!(annex_b_units(&[]).count(), 0);
    }
}
