//! A bounded memory of durations: counts per quarter of a millisecond.

use std::time::Duration;

/// Width of a bucket; finer than any difference that matters here.
const BUCKET: Duration = Duration::from_micros(250);

/// Durations from here on (four seconds) fall into the last bucket. 64 KB in all.
const BUCKETS: usize = 16_000;

/// Counts of durations; percentiles are exact to a quarter of a millisecond.
#[derive(Default)]
pub struct Histogram {
    counts: Vec<u32>,
    total: u64,
    longest: Duration,
}

impl Histogram {
    /// Adds one.
    pub fn add(&mut self, duration: Duration) {
        let bucket = (duration.as_micros() / BUCKET.as_micros()) as usize;
        let bucket = bucket.min(BUCKETS - 1);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.longest = self.longest.max(duration);
    }

    /// The duration that this share (0 to 1) of all does not exceed; zero when there are none.
    pub fn percentile(&self, share: f64) -> Duration {
        let rank = (share * self.total as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            below += u64::from(count);
            if below >= rank {
                return (BUCKET * (bucket as u32 + 1)).min(self.longest);
            }
        }
        self.longest
    }

    /// The longest of all.
    pub fn longest(&self) -> Duration {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_added() {
        let mut histogram = Histogram::default();
        for milliseconds in 1..=100 {
            histogram.add(Duration::from_millis(milliseconds) - BUCKET / 2);
        }
        assert_eq!(histogram.percentile(0.5), Duration::from_millis(50));
        assert_eq!(histogram.percentile(0.95), Duration::from_millis(95));
        assert_eq!(Histogram::default().percentile(0.5), Duration::ZERO);
    }

    #[test]
    fn an_hour_costs_no_more_memory_than_four_seconds() {
        let mut histogram = Histogram::default();
        histogram.add(Duration::from_secs(3600));
        assert_eq!(histogram.counts.len(), BUCKETS);
        assert_eq!(
            histogram.percentile(0.5),
            Duration::from_secs(3600).min(BUCKET * BUCKETS as u32)
        );
        assert_eq!(histogram.longest(), Duration::from_secs(3600));
    }
}
