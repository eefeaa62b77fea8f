//! A camera's encoder as the network sees it: pictures of about the size the rate allows.

use std::time::Duration;

use super::random::Random;
use crate::transport::bitrate::Bitrate;

/// Between two pictures.
pub const FRAME_TIME: Duration = Duration::from_micros(33_333);

/// Payload of one packet, and what all headers down to IP add.
pub const PACKET: usize = 1200;
/// RTP with its extension, SRTP's tag, UDP and IP.
pub const HEADERS: usize = 70;

/// Times the size of an ordinary picture.
const KEYFRAME: f64 = 4.0;

/// How much the sizes of pictures differ, as a share.
const SPREAD: f64 = 0.2;

/// Makes pictures.
#[derive(Debug)]
pub struct Encoder {
    random: Random,
    keyframe: bool,
    /// Bytes spent beyond the rate, to be saved on later pictures.
    debt: f64,
}

impl Encoder {
    /// Begins with a keyframe.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            keyframe: true,
            debt: 0.0,
        }
    }

    /// The next picture is to be a keyframe.
    pub fn force_keyframe(&mut self) {
        self.keyframe = true;
    }

    /// The bytes of the next picture, in packets; nothing when it is skipped to hold the rate.
    pub fn encode(&mut self, rate: Bitrate) -> Vec<usize> {
        let share = rate.bytes_in(FRAME_TIME) as f64;
        let keyframe = std::mem::take(&mut self.keyframe);
        if !keyframe && self.debt > share * 2.0 {
            self.debt -= share;
            return Vec::new();
        }
        let factor = if keyframe {
            KEYFRAME
        } else {
            1.0 - (self.debt / share.max(1.0)).min(0.3)
        };
        let noise = 1.0 + SPREAD * self.random.normal();
        let bytes = (share * factor * noise).max(60.0);
        self.debt = (self.debt + bytes - share).max(-share);
        let mut left = bytes as usize;
        let mut packets = Vec::new();
        while left > 0 {
            let size = left.min(PACKET);
            packets.push(size + HEADERS);
            left -= size;
        }
        packets
    }
}
