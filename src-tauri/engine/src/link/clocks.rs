//! What sender reports say: ours about our streams, theirs about theirs.
//!
//! Written and read by the connection's driver, which must not wait, and by media threads: every lock is held for some
//! hundred nanoseconds. See [`crate::transport::clock`] for why the library's own reports don't do.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rtc::rtcp::sender_report::SenderReport;

use crate::audio::SAMPLE_RATE;
use crate::transport::clock::{CaptureClock, SenderClock};
use crate::video::{RTP_EPOCH, RTP_HZ};

/// Streams of theirs whose reports are kept: a call has four. Reports on more are let go.
const MOST_STREAMS: usize = 8;

/// A frame of sound is encoded when it is complete.
const AUDIO_FRAME: Duration = Duration::from_millis(20);

/// Both sides' clocks.
#[derive(Debug)]
pub(super) struct Clocks {
    voice: Mutex<CaptureClock>,
    theirs: Mutex<Vec<(u32, SenderClock)>>,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            voice: Mutex::new(CaptureClock::new(SAMPLE_RATE)),
            theirs: Mutex::default(),
        }
    }
}

impl Clocks {
    /// A frame of our voice with this timestamp has just been encoded.
    pub fn note_voice(&self, timestamp: u32, now: Instant) {
        if let Some(captured) = now.checked_sub(AUDIO_FRAME) {
            lock(&self.voice).note(timestamp, captured);
        }
    }

    /// What our voice's timestamp would be of what is captured now.
    pub fn voice(&self, now: Instant) -> Option<u32> {
        lock(&self.voice).timestamp(now)
    }

    /// The same of a picture.
    pub fn picture(&self, now: Instant) -> Option<u32> {
        let since = now.checked_duration_since(*RTP_EPOCH)?;
        Some((since.as_micros() * RTP_HZ / 1_000_000) as u32)
    }

    /// The other side reports on a stream of its own.
    pub fn hear(&self, report: &SenderReport) {
        let clock = SenderClock {
            ntp: report.ntp_time,
            timestamp: report.rtp_time,
        };
        let mut theirs = lock(&self.theirs);
        if let Some((_, known)) = theirs.iter_mut().find(|(ssrc, _)| *ssrc == report.ssrc) {
            *known = clock;
        } else if theirs.len() < MOST_STREAMS {
            theirs.push((report.ssrc, clock));
        }
    }

    /// The latest report on a stream of theirs.
    pub fn of(&self, ssrc: u32) -> Option<SenderClock> {
        let theirs = lock(&self.theirs);
        let (_, clock) = theirs.iter().find(|(known, _)| *known == ssrc)?;
        Some(*clock)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_report_on_each_stream_is_kept_and_a_flood_of_streams_is_not() {
        let clocks = Clocks::default();
        for ssrc in 0..1_000 {
            let report = SenderReport {
                ssrc,
                ntp_time: u64::from(ssrc),
                ..Default::default()
            };
            clocks.hear(&report);
        }
        let again = SenderReport {
            ssrc: 3,
            ntp_time: 77,
            rtp_time: 5,
            ..Default::default()
        };
        clocks.hear(&again);
        let expected = SenderClock {
            ntp: 77,
            timestamp: 5,
        };
        assert_eq!(clocks.of(3), Some(expected));
        assert_eq!(clocks.of(900), None);
    }

    #[test]
    fn a_voice_is_reported_as_captured_a_frame_before_it_was_encoded() {
        let (clocks, now) = (Clocks::default(), Instant::now() + AUDIO_FRAME);
        assert_eq!(clocks.voice(now), None);
        clocks.note_voice(9_600, now);
        let ticks = clocks.voice(now).unwrap() - 9_600;
        assert!(ticks.abs_diff(960) <= 1, "{ticks}");
    }
}
