//! What RTCP reports say about loss and round trip (RFC 3550, sections 6.4 and 6.4.1).
//!
//! A sender report carries the sender's time; the receiver returns its middle 32 bits and how long
//! it kept them. Remembering when each report left, on the monotonic clock, gives the round trip
//! without comparing two clocks, and nothing but our own reports can produce one.
//!
//! Pure; runs wherever the packets go by.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Sender reports remembered: two streams, one report a second each, answered within seconds.
const REMEMBERED: usize = 16;

/// Longer round trips are not believed: the answer is stale or made up.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(10);

/// What one report block says about one of our streams.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReportBlock {
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// The middle 32 bits of the last sender report's time; 0 when there was none.
    pub last_sender_report: u32,
    /// How long the receiver held it, in 1/65,536 s.
    pub delay: u32,
}

impl ReportBlock {
    /// The share of packets lost since the last report, 0 to 1.
    pub fn loss(&self) -> f32 {
        f32::from(self.fraction_lost) / 256.0
    }
}

/// The sender reports that left, until they are answered.
#[derive(Debug, Default)]
pub struct SenderReports {
    sent: VecDeque<(u32, Instant)>,
}

impl SenderReports {
    /// A sender report with this 64-bit NTP time leaves now.
    pub fn sent(&mut self, ntp_time: u64, now: Instant) {
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back(((ntp_time >> 16) as u32, now));
    }

    /// The round trip that a report block tells, if it answers one of our reports.
    pub fn round_trip(&self, block: &ReportBlock, now: Instant) -> Option<Duration> {
        let (_, sent) = self
            .sent
            .iter()
            .rev()
            .find(|(middle, _)| *middle == block.last_sender_report)?;
        let held = Duration::from_secs_f64(f64::from(block.delay) / 65_536.0);
        let round_trip = now.saturating_duration_since(*sent).checked_sub(held)?;
        (round_trip <= MAX_ROUND_TRIP).then_some(round_trip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NTP: u64 = 0xE000_1234_5678_9ABC;

    fn answer(delay: u32) -> ReportBlock {
        ReportBlock {
            fraction_lost: 64,
            last_sender_report: 0x1234_5678,
            delay,
        }
    }

    #[test]
    fn the_time_the_receiver_held_the_report_does_not_count() {
        let (mut reports, now) = (SenderReports::default(), Instant::now());
        reports.sent(NTP, now);
        let round_trip = reports.round_trip(&answer(32_768), now + Duration::from_millis(540));
        assert_eq!(round_trip, Some(Duration::from_millis(40)));
        assert_eq!(answer(0).loss(), 0.25);
    }

    #[test]
    fn an_answer_to_a_report_that_never_left_says_nothing() {
        let (mut reports, now) = (SenderReports::default(), Instant::now());
        assert_eq!(reports.round_trip(&answer(0), now), None);
        reports.sent(NTP + (1 << 16), now);
        assert_eq!(reports.round_trip(&answer(0), now), None);
    }

    #[test]
    fn a_delay_longer_than_the_time_that_passed_is_not_believed() {
        let (mut reports, now) = (SenderReports::default(), Instant::now());
        reports.sent(NTP, now);
        let after = now + Duration::from_millis(10);
        assert_eq!(reports.round_trip(&answer(u32::MAX), after), None);
        let late = now + MAX_ROUND_TRIP + Duration::from_secs(1);
        assert_eq!(reports.round_trip(&answer(0), late), None);
    }

    #[test]
    fn only_the_latest_reports_are_remembered() {
        let (mut reports, now) = (SenderReports::default(), Instant::now());
        for n in 0..1000u64 {
            reports.sent(NTP + (n << 16), now);
        }
        assert_eq!(reports.sent.len(), REMEMBERED);
        assert_eq!(reports.round_trip(&answer(0), now), None);
    }
}
