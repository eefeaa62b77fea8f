//! How soon after one picture the next is to be expected, going by their timestamps.

use std::time::Duration;

/// Ticks of a picture's timestamp in a millisecond (RFC 6184, section 5.1).
const TICKS: u32 = 90;

/// Longer than this no picture is waited for: whoever sends fewer than four a second is not expected at all.
const LONGEST: Duration = Duration::from_millis(250);

/// How slowly a longer time becomes the usual one: it may be that of pictures that were lost between.
const SLOWER: u32 = 8;

/// Follows one stream.
#[derive(Debug, Default)]
pub struct Cadence {
    last: Option<u32>,
    usual: Option<Duration>,
}

impl Cadence {
    /// A picture with this timestamp, 90 kHz, is the newest.
    pub fn picture(&mut self, timestamp: u32) {
        let Some(last) = self.last.replace(timestamp) else {
            return;
        };
        let took = Duration::from_millis((timestamp.wrapping_sub(last) / TICKS).into());
        if took.is_zero() || took > LONGEST {
            return;
        }
        self.usual = Some(match self.usual {
            Some(usual) if took > usual => usual + (took - usual) / SLOWER,
            _ => took,
        });
    }

    /// How soon the next one usually comes, if that is known.
    pub fn usual(&self) -> Option<Duration> {
        self.usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(milliseconds: &[u32]) -> Option<u128> {
        let mut cadence = Cadence::default();
        let mut timestamp = u32::MAX - 1000;
        cadence.picture(timestamp);
        for ms in milliseconds {
            timestamp = timestamp.wrapping_add(ms * TICKS);
            cadence.picture(timestamp);
        }
        cadence.usual().map(|usual| usual.as_millis())
    }

    #[test]
    fn it_is_known_from_the_second_picture_on_also_where_timestamps_wrap() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[33]), Some(33));
        assert_eq!(after(&[33, 33, 33]), Some(33));
    }

    #[test]
    fn it_becomes_shorter_at_once_and_longer_slowly() {
        assert_eq!(after(&[66, 33]), Some(33));
        assert_eq!(after(&[33, 66]), Some(37));
        assert_eq!(after(&[[33].as_slice(), &[66; 40]].concat()), Some(65));
    }

    #[test]
    fn a_pause_and_a_step_back_say_nothing() {
        assert_eq!(after(&[33, 5_000, 33]), Some(33));
        assert_eq!(after(&[33, u32::MAX / TICKS - 10]), Some(33));
        assert_eq!(after(&[33, 0]), Some(33));
    }
}
