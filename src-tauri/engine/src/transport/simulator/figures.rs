//! What the moments of a call come to.

use std::time::Duration;

use super::{Call, MOMENT, Moment, tcp::SEGMENT};
use crate::transport::bitrate::Bitrate;

impl Call {
    /// What was noted between two times, in seconds.
    pub fn between(&self, from: f64, to: f64) -> &[Moment] {
        let place = |seconds: f64| {
            let at = Duration::from_secs_f64(seconds);
            self.moments.partition_point(|moment| moment.at <= at)
        };
        &self.moments[place(from)..place(to).max(place(from))]
    }

    /// At which rate the second person heard the first, on average.
    pub fn used(&self, from: f64, to: f64) -> Bitrate {
        let moments = self.between(from, to);
        let bytes: usize = moments.iter().map(|moment| moment.heard.bytes).sum();
        Bitrate::of(bytes as u64, MOMENT * moments.len().max(1) as u32)
    }

    /// The mean of the estimate.
    pub fn estimated(&self, from: f64, to: f64) -> Bitrate {
        let moments = self.between(from, to);
        let sum: Bitrate = moments.iter().map(|moment| moment.estimate).sum();
        sum * (1.0 / moments.len().max(1) as f64)
    }

    /// The time after `from` until the estimate first reaches a rate, in seconds.
    pub fn reached(&self, rate: Bitrate, from: f64) -> Option<f64> {
        self.between(from, f64::from(u32::MAX))
            .iter()
            .find(|moment| moment.estimate >= rate)
            .map(|moment| moment.at.as_secs_f64() - from)
    }

    /// The queue that stands: what the line's queue never falls below for half a second.
    pub fn standing_queue(&self, from: f64, to: f64) -> Duration {
        self.between(from, to)
            .windows(5)
            .filter_map(|five| five.iter().map(|moment| moment.queue).min())
            .max()
            .unwrap_or_default()
    }

    /// The longest of something.
    pub fn longest(&self, from: f64, to: f64, of: impl Fn(&Moment) -> Duration) -> Duration {
        self.between(from, to)
            .iter()
            .map(of)
            .max()
            .unwrap_or_default()
    }

    /// At which rate the download came.
    pub fn downloaded(&self, from: f64, to: f64) -> Bitrate {
        let moments = self.between(from, to);
        let packets = match moments {
            [first, .., last] => last.download.saturating_sub(first.download),
            _ => 0,
        };
        Bitrate::of(
            packets * SEGMENT as u64,
            MOMENT * moments.len().max(1) as u32,
        )
    }
}
