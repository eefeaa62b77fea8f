//! Where a message of a relay's ends on a stream (RFC 8656, section 12.5). Pure.

/// Bytes by which the kind and the length of what follows are known.
const HEAD: usize = 4;

/// The header of a STUN message, which its length does not count (RFC 8489, section 5).
const STUN_HEADER: usize = 20;

/// What a stream's next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Not all of a message yet.
    Incomplete,
    /// A datagram of so many bytes, and so many with what fills it up.
    Datagram { bytes: usize, whole: usize },
    /// Nothing that a relay says.
    Nonsense,
}

/// Looks at what has come.
pub(super) fn next(stream: &[u8]) -> Next {
    let Some([kind, _, high, low]) = stream.first_chunk::<HEAD>() else {
        return Next::Incomplete;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (bytes, whole) = match kind >> 6 {
        0 => (STUN_HEADER + length, STUN_HEADER + length),
        1 => (HEAD + length, (HEAD + length).next_multiple_of(4)),
        _ => return Next::Nonsense,
    };
    if stream.len() < whole {
        Next::Incomplete
    } else {
        Next::Datagram { bytes, whole }
    }
}

/// Whether a datagram to a relay carries something for a peer: ChannelData, or a Send indication. The rest are requests.
pub(super) fn is_media(datagram: &[u8]) -> bool {
    const SEND_INDICATION: [u8; 2] = [0x00, 0x16];
    datagram.first().is_some_and(|first| first >> 6 == 1) || datagram.starts_with(&SEND_INDICATION)
}

/// Whether a datagram may have come from a relay: ChannelData, or a message of STUN.
pub(super) fn is_of_relay(datagram: &[u8]) -> bool {
    let first = datagram.first();
    first.is_some_and(|first| first >> 6 == 1 || *first < 4)
}

/// Fills a datagram up to what a stream carries.
pub(super) fn pad(datagram: &mut Vec<u8>) {
    datagram.resize(datagram.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel_data(length: u8) -> Vec<u8> {
        let mut frame = vec![0x40, 0x00, 0, length];
        frame.extend(vec![7; usize::from(length)]);
        pad(&mut frame);
        frame
    }

    fn message(length: u8) -> Vec<u8> {
        let mut frame = vec![0x01, 0x03, 0, length];
        frame.extend(vec![7; 16 + usize::from(length)]);
        frame
    }

    #[test]
    fn messages_and_channel_data_follow_one_another() {
        let stream = [channel_data(5), message(8), channel_data(0)].concat();
        let (mut rest, mut found) = (&stream[..], Vec::new());
        while let Next::Datagram { bytes, whole } = next(rest) {
            found.push((bytes, whole));
            rest = &rest[whole..];
        }
        assert_eq!(found, [(9, 12), (28, 28), (4, 4)]);
        assert!(rest.is_empty());
    }

    #[test]
    fn what_is_not_whole_is_waited_for() {
        for whole in [channel_data(5), message(8)] {
            for length in 0..whole.len() {
                assert_eq!(next(&whole[..length]), Next::Incomplete, "{length}");
            }
        }
    }

    #[test]
    fn what_no_relay_says_is_nonsense() {
        for first in [0x80, 0xc0, 0xff] {
            assert_eq!(next(&[first, 0, 0, 0]), Next::Nonsense);
        }
        assert_eq!(next(b"HTTP/1.1 400 Bad Request"), Next::Incomplete);
    }

    #[test]
    fn only_what_is_for_a_peer_is_media() {
        assert!(is_media(&channel_data(5)));
        assert!(is_media(&[0x00, 0x16, 0, 0]));
        assert!(!is_media(&[0x00, 0x03, 0, 0]) && !is_media(&[]));
    }
}
