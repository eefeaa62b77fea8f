//! What one person's voice went through on its way here, for the call report.

use std::time::Duration;

/// Counters since the source was added, named as in W3C webrtc-stats where it has a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AudioInboundStats {
    /// Packets that came, duplicates not counted.
    pub packets_received: u64,
    /// Packets that were sent, judging by the numbers, and never came.
    pub packets_lost: u64,
    /// Packets that came and were thrown away: too late, too many at once, or not Opus.
    pub packets_discarded: u64,
    /// Samples at 48 kHz that were played, from packets or in place of them. Silence that was sent as silence is not here.
    pub total_samples: u64,
    /// Samples that were played in place of a packet that was lost, late or broken.
    pub concealed_samples: u64,
    /// Lost frames that were recovered from the coarser copy that Opus puts into the packet after them.
    pub fec_recovered: u64,
    /// Lost packets that were played from a copy in a later one (RFC 2198).
    pub redundant_recovered: u64,
    /// The longest time for which nothing was heard of somebody who spoke.
    pub longest_gap: Duration,
    /// How long packets waited from arriving to being played.
    pub jitter_buffer_ms: Option<Spread>,
    /// RMS level of the latest 20 ms, in dBFS.
    pub level_dbfs: f32,
    /// The pitch that dominated the last second, in Hz; `None` when none did.
    pub tone_hz: Option<f32>,
}

impl AudioInboundStats {
    /// The share of what was heard that was invented, from 0 to 1.
    pub fn concealed_ratio(&self) -> f64 {
        if self.total_samples == 0 {
            0.0
        } else {
            self.concealed_samples as f64 / self.total_samples as f64
        }
    }
}

/// Where most values lie, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Half of the values are at most this.
    pub p50: u32,
    /// 95 of 100 are at most this.
    pub p95: u32,
}

/// The longest wait told apart, in milliseconds.
const LONGEST_MS: usize = 1_000;

/// Counts durations by the millisecond, in constant memory.
#[derive(Debug)]
pub(crate) struct Histogram {
    counts: Box<[u32; LONGEST_MS + 1]>,
    total: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            counts: Box::new([0; LONGEST_MS + 1]),
            total: 0,
        }
    }

    pub(crate) fn add(&mut self, value: Duration) {
        let ms = (value.as_millis() as usize).min(LONGEST_MS);
        self.counts[ms] = self.counts[ms].saturating_add(1);
        self.total += 1;
    }

    pub(crate) fn spread(&self) -> Option<Spread> {
        (self.total > 0).then(|| Spread {
            p50: self.at(50),
            p95: self.at(95),
        })
    }

    fn at(&self, percent: u64) -> u32 {
        let wanted = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        for (ms, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return ms as u32;
            }
        }
        LONGEST_MS as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_nearly_all_of_a_hundred_waits() {
        let mut waits = Histogram::new();
        assert_eq!(waits.spread(), None);
        (1..=100).for_each(|ms| waits.add(Duration::from_millis(ms)));
        assert_eq!(waits.spread(), Some(Spread { p50: 50, p95: 95 }));
        waits.add(Duration::from_secs(100));
        assert_eq!(waits.spread().unwrap().p95, 96);
    }
}
