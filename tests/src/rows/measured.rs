//! What came of a call over a link: the same of Visio and of a browser, so that they can be compared. Pure.

use std::time::Duration;

use crate::net::{Impairment, Sample};

/// The most that a picture of 720p may cost, on both sides of the comparison.
pub const VIDEO_CEILING: u64 = 1_500_000;

/// A call has settled when it uses this share of what it usefully could.
const SETTLED: f64 = 0.8;

/// What came of one call.
#[derive(Debug, Default)]
pub struct Measured {
    /// Each person's account of each other.
    pub received: Vec<Received>,
    /// The impaired cable over time; its clock is the row's.
    pub samples: Vec<Sample>,
    /// When the link became like what; the first entry is its beginning.
    pub links: Vec<(Duration, Impairment)>,
    /// When the download began, and how many bytes came of it.
    pub download: Option<(Duration, u64)>,
    /// By how much the emulated cable was late at worst: what the machine added.
    pub cable_late: Duration,
}

/// What one person received of another.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// Who received: the index of the site.
    pub who: usize,
    /// And of whom.
    pub from: usize,
    /// Pictures decoded per second.
    pub fps: f64,
    /// How often the picture froze, as W3C counts.
    pub freezes: u64,
    /// For how long in all.
    pub frozen: Duration,
    /// From capture to decoding, milliseconds: half of the pictures were quicker, and 95 of 100.
    pub delay: Option<(f64, f64)>,
    /// Share of the sound that was invented, 0 to 1.
    pub concealed: f64,
    /// The longest time for which nothing was heard, if that is known.
    pub gap: Option<Duration>,
    /// What happened in each second.
    pub seconds: Vec<Second>,
}

/// What one person received of another in about a second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Second {
    /// When it ended, by the row's clock.
    pub at: f64,
    /// Pictures decoded per second.
    pub fps: f64,
    /// Height of the newest picture, pixels.
    pub height: u32,
    /// Share of the sound that was invented, 0 to 1.
    pub concealed: f64,
    /// Whether there was any sound at all.
    pub heard: bool,
    /// Time spent frozen, by freezes that ended in it.
    pub frozen: Duration,
}

impl Received {
    /// The longest time without a new picture, as far as it is known: the worst second's freezes together.
    pub fn longest_freeze(&self) -> Duration {
        self.seconds
            .iter()
            .map(|second| second.frozen)
            .max()
            .unwrap_or_default()
    }

    /// The longest gap in the sound; where only shares are known, all that was invented in the worst second from `start` on.
    pub fn longest_gap(&self, start: f64) -> Duration {
        if let Some(gap) = self.gap {
            return gap;
        }
        let worst = self
            .seconds
            .iter()
            .filter(|second| second.at >= start)
            .map(|second| second.concealed)
            .fold(0.0, f64::max);
        Duration::from_secs_f64(worst.clamp(0.0, 1.0))
    }

    /// Height of the last picture.
    pub fn height(&self) -> u32 {
        self.seconds.last().map_or(0, |second| second.height)
    }

    /// From `start` on, how many seconds until the picture was this high; `None`: never.
    pub fn high_after(&self, start: f64, height: u32) -> Option<f64> {
        self.since(start, |second| second.height >= height && second.fps > 0.0)
    }

    /// After nothing could pass from `since` to `from`: how many seconds from then on until picture and sound were back;
    /// `None`: never. The freeze tells it exactly where one was counted; otherwise the first good second, from its
    /// beginning, because what it tells happened at some time within it.
    pub fn back_after(&self, since: f64, from: f64) -> Option<f64> {
        let good = |second: &Second| second.fps > 0.0 && second.heard;
        let after: Vec<&Second> = self
            .seconds
            .iter()
            .filter(|second| second.at > since)
            .collect();
        after.last().filter(|last| good(last))?;
        let frozen = after
            .iter()
            .map(|second| second.frozen.as_secs_f64())
            .fold(0.0, f64::max);
        let bad = after
            .iter()
            .rposition(|second| second.at > from && !good(second));
        let good_again = bad.and_then(|bad| after.get(bad + 1));
        let seconds = good_again.map_or(0.0, |second| second.at - 1.0 - from);
        Some(seconds.max(frozen - (from - since)).max(0.0))
    }

    fn since(&self, start: f64, wanted: impl Fn(&Second) -> bool) -> Option<f64> {
        let second = self
            .seconds
            .iter()
            .find(|second| second.at > start && wanted(second))?;
        Some((second.at - start).max(0.0))
    }
}

impl Measured {
    /// What passed the impaired cable between two times, each way, bits per second: up, down.
    pub fn rate(&self, from: f64, to: f64) -> (f64, f64) {
        let within: Vec<&Sample> = self
            .samples
            .iter()
            .filter(|sample| (from..=to).contains(&sample.at.as_secs_f64()))
            .collect();
        let (Some(first), Some(last)) = (within.first(), within.last()) else {
            return (0.0, 0.0);
        };
        let seconds = (last.at - first.at).as_secs_f64().max(f64::EPSILON);
        let bits = |later: u64, earlier: u64| (later - earlier) as f64 * 8.0 / seconds;
        (
            bits(last.up.counters.bytes, first.up.counters.bytes),
            bits(last.down.counters.bytes, first.down.counters.bytes),
        )
    }

    /// The longest that frames stood in front of the bottleneck between two times.
    pub fn standing(&self, from: f64, to: f64) -> Duration {
        self.samples
            .iter()
            .filter(|sample| (from..=to).contains(&sample.at.as_secs_f64()))
            .map(|sample| sample.up.standing.max(sample.down.standing))
            .max()
            .unwrap_or_default()
    }

    /// How long from the change of the link with this index until a whole second used most of what it usefully could,
    /// the slower way; `None`: never.
    pub fn settled(&self, change: usize) -> Option<f64> {
        let &(start, link) = self.links.get(change)?;
        let end = self
            .links
            .get(change + 1)
            .map(|(at, _)| *at)
            .or(self.samples.last().map(|sample| sample.at))?;
        let ceiling = link.rate.unwrap_or(u64::MAX).min(VIDEO_CEILING) as f64;
        let (mut at, end) = (start.as_secs_f64(), end.as_secs_f64());
        let start = at;
        while at + 1.0 <= end {
            let (up, down) = self.rate(at, at + 1.0);
            if up.min(down) >= ceiling * SETTLED {
                return Some(at - start);
            }
            at += 0.1;
        }
        None
    }

    /// How long from the change of the link with this index until everybody had pictures this high; `None`: somebody never
    /// until the next change.
    pub fn high(&self, change: usize, height: u32) -> Option<f64> {
        let start = self.links.get(change)?.0.as_secs_f64();
        let end = self
            .links
            .get(change + 1)
            .map_or(f64::INFINITY, |(at, _)| at.as_secs_f64());
        self.received
            .iter()
            .map(|one| one.high_after(start, height))
            .try_fold(0.0, |longest, one| Some(f64::max(longest, one?)))
            .filter(|after| start + after <= end)
    }

    /// The share of the time that the worst picture was frozen.
    pub fn frozen_share(&self) -> f64 {
        let lasted = self
            .samples
            .last()
            .map_or(1.0, |last| last.at.as_secs_f64());
        self.worst(|one| one.frozen.as_secs_f64()) / lasted
    }

    /// The worst of what all received, by `value`, where more is worse.
    pub fn worst(&self, value: impl Fn(&Received) -> f64) -> f64 {
        self.received.iter().map(value).fold(0.0, f64::max)
    }

    /// The least of what all received, by `value`.
    pub fn least(&self, value: impl Fn(&Received) -> f64) -> f64 {
        self.received
            .iter()
            .map(value)
            .fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Counters, Reading};

    /// A cable that carries `rates` kbit/s, second by second, both ways.
    fn carried(rates: &[u64]) -> Measured {
        let mut bytes = 0;
        let mut samples = Vec::new();
        for tick in 0..rates.len() as u64 * 10 {
            let reading = Reading {
                counters: Counters {
                    bytes,
                    ..Counters::default()
                },
                standing: Duration::from_millis(tick),
            };
            samples.push(Sample {
                at: Duration::from_millis(tick * 100),
                up: reading,
                down: reading,
            });
            bytes += rates[tick as usize / 10] * 1000 / 80;
        }
        Measured {
            samples,
            links: vec![(Duration::ZERO, Impairment::NONE.at_kbits(1000))],
            ..Measured::default()
        }
    }

    #[test]
    fn the_rate_is_that_of_the_time_asked_for() {
        let (up, down) = carried(&[100, 100, 800, 800, 100]).rate(2.0, 4.0);
        assert!((up - 800_000.0).abs() < 1.0 && up == down, "{up}");
    }

    #[test]
    fn a_call_has_settled_when_a_whole_second_uses_most_of_the_link() {
        let settled = carried(&[100, 400, 900, 900]).settled(0);
        assert!(
            settled.is_some_and(|after| (1.6..=2.0).contains(&after)),
            "{settled:?}"
        );
        assert_eq!(carried(&[100, 400, 700, 700]).settled(0), None);
    }

    #[test]
    fn the_standing_queue_is_the_longest_of_the_time() {
        let standing = carried(&[100; 4]).standing(1.0, 2.0);
        assert_eq!(standing, Duration::from_millis(20));
    }

    #[test]
    fn a_picture_is_back_when_it_moves_and_is_heard() {
        let second = |at, fps, heard| Second {
            at,
            fps,
            heard,
            height: 720,
            ..Second::default()
        };
        let received = Received {
            seconds: vec![
                second(1.0, 30.0, true),
                second(2.0, 0.0, false),
                second(3.0, 20.0, false),
                second(4.0, 30.0, true),
            ],
            ..Received::default()
        };
        assert_eq!(received.back_after(1.0, 1.2), Some(1.8));
        assert_eq!(received.high_after(1.5, 720), Some(1.5));
        assert_eq!(received.back_after(4.0, 4.0), None);
    }

    #[test]
    fn a_freeze_tells_exactly_when_the_picture_was_back() {
        let received = Received {
            seconds: vec![Second {
                at: 9.8,
                fps: 10.0,
                heard: true,
                frozen: Duration::from_millis(3400),
                ..Second::default()
            }],
            ..Received::default()
        };
        let back = received.back_after(6.0, 9.0);
        assert!(
            back.is_some_and(|after| (after - 0.4).abs() < 1e-9),
            "{back:?}"
        );
    }
}
