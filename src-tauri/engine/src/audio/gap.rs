//! The longest stretch in which nothing was heard of somebody who was speaking: what was played in place of packets, without
//! one of them in between. Pure.

use std::time::Duration;

use super::SAMPLE_RATE;

/// Counts samples.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gaps {
    /// Something was heard before; what comes first is awaited, not missed.
    begun: bool,
    running: u64,
    longest: u64,
}

impl Gaps {
    /// Something was played in place of what is missing.
    pub fn missed(&mut self, samples: usize) {
        self.running += if self.begun { samples as u64 } else { 0 };
    }

    /// What was sent is played again: what was missed until now was a gap.
    pub fn heard(&mut self) {
        self.longest = self.longest.max(self.running);
        (self.begun, self.running) = (true, 0);
    }

    /// The sender rests, and what seemed to be missing was never sent.
    pub fn rested(&mut self) {
        self.running = 0;
    }

    /// The longest that has ended.
    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.longest * 1_000_000 / u64::from(SAMPLE_RATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_that_ended_with_a_word_counts() {
        let mut gaps = Gaps::default();
        gaps.missed(96_000);
        gaps.heard();
        assert_eq!(gaps.longest(), Duration::ZERO, "nobody had spoken");
        for samples in [960, 2 * 960] {
            gaps.missed(samples);
            gaps.missed(480);
            gaps.heard();
        }
        gaps.missed(960);
        gaps.heard();
        assert_eq!(gaps.longest(), Duration::from_millis(50));
        gaps.missed(96_000);
        assert_eq!(
            gaps.longest(),
            Duration::from_millis(50),
            "it has not ended"
        );
        gaps.rested();
        gaps.heard();
        assert_eq!(
            gaps.longest(),
            Duration::from_millis(50),
            "nothing was sent"
        );
    }
}
