//! Garbage in a peer's name: a packet that comes from the right address and port and holds nothing that makes sense. Pure.

/// Lengths and places of what comes first in a frame: Ethernet, IPv4 (RFC 791), UDP (RFC 768).
const ETHERNET: usize = 14;
const IPV4: [u8; 2] = [0x08, 0x00];
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;

/// The frame with random bytes behind its UDP header; `None` when it is no UDP over IPv4. Its length stays, and its
/// checksum becomes 0, which means that there is none.
pub(super) fn garble(frame: &[u8], mut random: impl FnMut() -> u8) -> Option<Vec<u8>> {
    let ip = frame.get(ETHERNET..)?;
    let header = usize::from(*ip.first()? & 0x0f) * 4;
    let is_udp = frame.get(12..ETHERNET)? == IPV4 && *ip.get(9)? == UDP;
    let payload = ETHERNET + header + UDP_HEADER;
    if !is_udp || frame.len() <= payload {
        return None;
    }
    let mut garbage = frame.to_vec();
    garbage[payload - 2..payload].fill(0);
    garbage[payload..].fill_with(&mut random);
    Some(garbage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(protocol: u8) -> Vec<u8> {
        let mut frame = vec![1; ETHERNET + 20 + UDP_HEADER + 5];
        frame[12..14].copy_from_slice(&IPV4);
        frame[ETHERNET] = 0x45;
        frame[ETHERNET + 9] = protocol;
        frame
    }

    #[test]
    fn only_what_stands_behind_the_header_changes() {
        let before = frame(UDP);
        let after = garble(&before, || 7).expect("it is UDP");
        let payload = ETHERNET + 20 + UDP_HEADER;
        assert_eq!(after[..payload - 2], before[..payload - 2]);
        assert_eq!(after[payload - 2..], [0, 0, 7, 7, 7, 7, 7]);
    }

    #[test]
    fn what_is_no_udp_stays_as_it_is() {
        assert_eq!(garble(&frame(6), || 7), None);
        assert_eq!(garble(&[], || 7), None);
        assert_eq!(garble(&frame(UDP)[..20], || 7), None);
    }
}
