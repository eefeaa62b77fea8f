//! Access units into RTP payloads, RFC 6184 packetization mode 1: parameter sets together in a
//! STAP-A, small NAL units as they are, large ones as FU-A. Pure; done once for all receivers.

use bytes::Bytes;

use super::h264::{NalType, annex_b_units, nal_type};

/// Largest payload, in bytes. With RTP header and extensions (up to 32), SRTP (16), a TURN channel
/// (4) and UDP over IPv6 (48) a packet stays below 1,288, under the 1,280 + tunnel limits of common
/// access networks, and leaves room for what later issues add to the header.
pub const MAX_PAYLOAD: usize = 1188;

/// Room for the two header bytes of a fragment.
const FRAGMENT: usize = MAX_PAYLOAD - 2;

const STAP_A: u8 = 24;
const FU_A: u8 = 28;
const FU_START: u8 = 0x80;
const FU_END: u8 = 0x40;

/// The payloads of one access unit (annex B), in order; the last one carries the marker. They share
/// one allocation.
pub fn packetize(access_unit: &[u8]) -> Vec<Bytes> {
    let mut buffer = Vec::with_capacity(access_unit.len() + access_unit.len() / 256 + 64);
    let mut ends = Vec::with_capacity(access_unit.len() / FRAGMENT + 3);
    let mut parameter_sets: Vec<&[u8]> = Vec::new();
    for unit in annex_b_units(access_unit) {
        if matches!(nal_type(unit[0]), NalType::Sps | NalType::Pps) && unit.len() < MAX_PAYLOAD / 4
        {
            if aggregated_len(&parameter_sets) + 2 + unit.len() > MAX_PAYLOAD {
                aggregate(&mut parameter_sets, &mut buffer, &mut ends);
            }
            parameter_sets.push(unit);
            continue;
        }
        aggregate(&mut parameter_sets, &mut buffer, &mut ends);
        if unit.len() <= MAX_PAYLOAD {
            buffer.extend_from_slice(unit);
            ends.push(buffer.len());
        } else {
            fragment(unit, &mut buffer, &mut ends);
        }
    }
    aggregate(&mut parameter_sets, &mut buffer, &mut ends);
    let shared = Bytes::from(buffer);
    let mut start = 0;
    ends.into_iter()
        .map(|end| shared.slice(std::mem::replace(&mut start, end)..end))
        .collect()
}

fn aggregated_len(units: &[&[u8]]) -> usize {
    1 + units.iter().map(|unit| 2 + unit.len()).sum::<usize>()
}

/// RFC 6184 section 5.7.1. One unit alone travels as it is.
fn aggregate(units: &mut Vec<&[u8]>, buffer: &mut Vec<u8>, ends: &mut Vec<usize>) {
    match units.as_slice() {
        [] => return,
        [single] => buffer.extend_from_slice(single),
        several => {
            // The header's importance is the highest among the units.
            let importance = several.iter().map(|unit| unit[0] & 0x60).max().unwrap_or(0);
            buffer.push(importance | STAP_A);
            for unit in several {
                buffer.extend_from_slice(&(unit.len() as u16).to_be_bytes());
                buffer.extend_from_slice(unit);
            }
        }
    }
    ends.push(buffer.len());
    units.clear();
}

/// RFC 6184 section 5.8. The pieces are of nearly equal size, so that none is a tiny packet of its own.
fn fragment(unit: &[u8], buffer: &mut Vec<u8>, ends: &mut Vec<usize>) {
    let (header, body) = (unit[0], &unit[1..]);
    let pieces = body.len().div_ceil(FRAGMENT);
    let size = body.len().div_ceil(pieces);
    let last = body.len().div_ceil(size) - 1;
    for (index, piece) in body.chunks(size).enumerate() {
        let start = if index == 0 { FU_START } else { 0 };
        let end = if index == last { FU_END } else { 0 };
        buffer.push(header & 0xe0 | FU_A);
        buffer.push(start | end | header & 0x1f);
        buffer.extend_from_slice(piece);
        ends.push(buffer.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access_unit(units: &[&[u8]]) -> Vec<u8> {
        let mut stream = Vec::new();
        for unit in units {
            stream.extend_from_slice(&[0, 0, 0, 1]);
            stream.extend_from_slice(unit);
        }
        stream
    }

    #[test]
    fn parameter_sets_travel_together() {
        let payloads = packetize(&access_unit(&[&[0x67, 1, 2], &[0x68, 3], &[0x65, 4, 5]]));
        assert_eq!(payloads[0][..], [0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 3]);
        assert_eq!(payloads[1][..], [0x65, 4, 5]);
    }

    #[test]
    fn a_large_unit_is_cut_into_fragments_that_fit_and_join_again() {
        let mut unit = vec![0x41];
        unit.extend((0..5000u32).map(|n| (n % 251) as u8 + 1));
        let payloads = packetize(&access_unit(&[&unit]));
        assert_eq!(payloads.len(), 5);
        assert!(payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
        assert!(payloads.iter().all(|payload| payload[0] == 0x40 | FU_A));
        let marks: Vec<u8> = payloads.iter().map(|payload| payload[1]).collect();
        assert_eq!(marks, [0x81, 1, 1, 1, 0x41]);
        let joined: Vec<u8> = payloads
            .iter()
            .flat_map(|payload| payload[2..].to_vec())
            .collect();
        assert_eq!(joined, unit[1..]);
    }

    #[test]
    fn a_unit_that_just_fits_is_not_cut() {
        let unit = vec![0x41; MAX_PAYLOAD];
        assert_eq!(packetize(&access_unit(&[&unit])).len(), 1);
        let unit = vec![0x41; MAX_PAYLOAD + 1];
        assert_eq!(packetize(&access_unit(&[&unit])).len(), 2);
    }

    #[test]
    fn nothing_gives_no_payload() {
        assert!(packetize(&[]).is_empty());
    }
}
