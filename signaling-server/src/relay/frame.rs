//! What comes one after the other on a stream, where nothing but lengths tells where one ends: STUN
//! messages, and ChannelData, which is data with a header of only four bytes (RFC 8656, section
//! 12.4). The first two bits tell them apart.

use super::packet::MAX_DATAGRAM;
use super::stun::{COOKIE, HEADER, padded};
use std::ops::{Range, RangeInclusive};

/// The numbers that a client may give to channels: those of RFC 5766, section 11, of which RFC 8656
/// leaves new clients only the first quarter. Old ones (coturn's) use all of them.
pub const CHANNELS: RangeInclusive<u16> = 0x4000..=0x7fff;

/// The header of ChannelData, in bytes: number and length.
pub const CHANNEL_HEADER: usize = 4;

/// The first two bits of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A STUN message.
    Message,
    /// ChannelData.
    Channel,
}

impl Kind {
    /// What begins with these bytes; `None` for something else, or nothing.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.first()? >> 6 {
            0 => Some(Self::Message),
            1 => Some(Self::Channel),
            _ => None,
        }
    }
}

/// ChannelData, taken apart: the channel, and where the data lies. `None` when it is none, or is cut
/// off. Over UDP something may follow it (RFC 8656, section 12.5).
pub fn channel_data(bytes: &[u8]) -> Option<(u16, Range<usize>)> {
    let header = bytes.first_chunk::<CHANNEL_HEADER>()?;
    let number = u16::from_be_bytes([header[0], header[1]]);
    let end = CHANNEL_HEADER + usize::from(u16::from_be_bytes([header[2], header[3]]));
    (CHANNELS.contains(&number) && end <= bytes.len()).then_some((number, CHANNEL_HEADER..end))
}

/// The header of ChannelData.
pub fn channel_header(number: u16, length: usize) -> [u8; CHANNEL_HEADER] {
    let number = number.to_be_bytes();
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [number[0], number[1], length[0], length[1]]
}

/// The next frame of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// More must come first.
    Incomplete,
    /// It has `frame` bytes, and with its padding `whole`.
    Frame {
        /// The length without padding.
        frame: usize,
        /// How much of the stream it takes.
        whole: usize,
    },
}

/// What no TURN client sends: from here on nothing on the stream can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream holds something other than TURN")]
pub struct NotTurn;

/// What is at the beginning of a stream.
///
/// # Errors
/// [`NotTurn`], also for frames longer than a [`Packet`](super::packet::Packet) holds.
pub fn next(bytes: &[u8]) -> Result<Next, NotTurn> {
    let Some(head) = bytes.first_chunk::<4>() else {
        return match bytes.first() {
            Some(_) if Kind::of(bytes).is_none() => Err(NotTurn),
            _ => Ok(Next::Incomplete),
        };
    };
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let frame = match Kind::of(head).ok_or(NotTurn)? {
        Kind::Message => {
            let cookie = bytes.get(4..8);
            if cookie.is_some_and(|cookie| cookie != COOKIE) || length != padded(length) {
                return Err(NotTurn);
            }
            HEADER + length
        }
        Kind::Channel => CHANNEL_HEADER + length,
    };
    let whole = padded(frame);
    if whole > MAX_DATAGRAM {
        Err(NotTurn)
    } else if whole > bytes.len() {
        Ok(Next::Incomplete)
    } else {
        Ok(Next::Frame { frame, whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_data_reads_as_it_was_written_whatever_follows() {
        let packet = [&channel_header(0x4001, 3)[..], b"abc", b"\0"].concat();
        assert_eq!(channel_data(&packet), Some((0x4001, 4..7)));
        assert_eq!(channel_data(&packet[..6]), None);
        assert_eq!(channel_data(&channel_header(0x8000, 0)), None);
    }

    #[test]
    fn frames_on_a_stream_are_told_apart_however_they_arrive() {
        let channel = [&channel_header(0x4001, 5)[..], b"hello\0\0\0"].concat();
        let message = [&[0, 1, 0, 0][..], &COOKIE, b"twelve bytes"].concat();
        let stream = [channel, message].concat();
        for length in 0..12 {
            assert_eq!(next(&stream[..length]), Ok(Next::Incomplete));
        }
        assert_eq!(
            next(&stream),
            Ok(Next::Frame {
                frame: 9,
                whole: 12
            })
        );
        let rest = &stream[12..];
        for length in 0..HEADER {
            assert_eq!(next(&rest[..length]), Ok(Next::Incomplete));
        }
        let whole = Next::Frame {
            frame: HEADER,
            whole: HEADER,
        };
        assert_eq!(next(rest), Ok(whole));
    }

    #[test]
    fn what_is_not_turn_is_noticed_before_it_is_waited_for() {
        for bytes in [
            &b"\x80"[..],
            b"\xff\xff\xff\xff",
            b"GET / HTTP/1.1",
            b"\x16\x03\x01\x02\x00\x01\x00\x01",
            b"\0\x01\0\x03",
            b"\x40\x01\xff\xff",
        ] {
            assert_eq!(next(bytes), Err(NotTurn), "{bytes:?}");
        }
    }
}
