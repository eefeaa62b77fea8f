//! What of a connection goes to voice and repair, and so not to the picture. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::link::{KindStats, LinkStats};
use crate::transport::bitrate::Bitrate;
use crate::transport::ladder::HEADER_BYTES;

/// The time over which is measured: a sentence, or a burst of losses and its repair.
const WINDOW: Duration = Duration::from_secs(2);

/// Kept for the voice even while it is silent: it may begin at any moment, and never waits. 32 kbit/s of Opus in fifty
/// packets a second, with their headers.
const VOICE: Bitrate = Bitrate::from_bps(32_000 + 50 * HEADER_BYTES * 8);

/// Repair beyond this share of what there is means that the estimate is about to fall; the picture is not cut twice.
const MOST_REPAIR: f64 = 0.2;

/// Follows the counters of one connection.
#[derive(Default)]
pub(super) struct Load {
    /// At most some twenty, the oldest [`WINDOW`] ago.
    samples: VecDeque<(Instant, KindStats, KindStats)>,
}

impl Load {
    /// What is to be kept for voice and repair, headers included.
    pub fn reserve(&mut self, stats: &LinkStats, now: Instant) -> Bitrate {
        self.samples
            .push_back((now, stats.audio_sent, stats.retransmitted));
        while self.samples.len() > 2
            && self
                .samples
                .get(1)
                .is_some_and(|(at, ..)| now - *at >= WINDOW)
        {
            self.samples.pop_front();
        }
        let Some((from, audio, repair)) = self.samples.front() else {
            return VOICE;
        };
        let span = now - *from;
        if span < WINDOW / 4 {
            return VOICE;
        }
        let voice = rate(audio, &stats.audio_sent, span).max(VOICE);
        let most = stats.estimate.map_or(Bitrate::ZERO, |it| it * MOST_REPAIR);
        voice + rate(repair, &stats.retransmitted, span).min(most)
    }
}

fn rate(before: &KindStats, after: &KindStats, span: Duration) -> Bitrate {
    let packets = after.packets.saturating_sub(before.packets);
    let bytes = after.bytes.saturating_sub(before.bytes);
    Bitrate::of(bytes + packets * HEADER_BYTES, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(audio_bytes: u64, repair_bytes: u64) -> LinkStats {
        let kind = |bytes| KindStats { packets: 0, bytes };
        LinkStats {
            audio_sent: kind(audio_bytes),
            retransmitted: kind(repair_bytes),
            estimate: Some(Bitrate::from_kbps(1_000)),
            ..LinkStats::default()
        }
    }

    #[test]
    fn a_voice_that_is_silent_keeps_its_place() {
        let (mut load, start) = (Load::default(), Instant::now());
        for second in 0..5 {
            let now = start + Duration::from_secs(second);
            assert_eq!(load.reserve(&stats(0, 0), now), VOICE);
        }
    }

    #[test]
    fn music_and_repair_take_what_they_take_and_repair_no_more_than_a_fifth() {
        let (mut load, start) = (Load::default(), Instant::now());
        let mut reserved = Bitrate::ZERO;
        for tenth in 0..50 {
            let now = start + Duration::from_millis(tenth * 100);
            reserved = load.reserve(&stats(tenth * 1_600, tenth * 1_250), now);
        }
        assert_eq!(reserved, Bitrate::from_kbps(128 + 100));
        for tenth in 50..100 {
            let now = start + Duration::from_millis(tenth * 100);
            reserved = load.reserve(&stats(tenth * 1_600, tenth * 12_500), now);
        }
        assert_eq!(reserved, Bitrate::from_kbps(128 + 200));
    }

    #[test]
    fn counters_that_fall_back_are_no_load() {
        let (mut load, start) = (Load::default(), Instant::now());
        load.reserve(&stats(1_000_000, 1_000_000), start);
        let later = start + Duration::from_secs(1);
        assert_eq!(load.reserve(&stats(0, 0), later), VOICE);
    }
}
