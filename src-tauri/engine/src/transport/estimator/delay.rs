//! How long our packets wait on the way: the one-way delay above the least seen of late.
//!
//! The two clocks need not agree: what is common to all packets falls out. A packet held up by
//! chance says nothing, so the level is the least of the last few packets (RFC 8698, section 5.1.1,
//! takes 15), over a window that widens with the jitter; a clean path is followed packet by packet.

use std::collections::VecDeque;
use std::time::Duration;

/// The least delay is sought among so many seconds: long enough to span a queue that lasts, short
/// enough that clocks 200 ppm apart drift 6 ms and a longer way becomes the new normal.
const BASE_SECONDS: i64 = 30;

/// A delay this near to the least renews it. Without one for so long, the queue is emptied on purpose, for
/// at most so long: three times within what is remembered.
const NEAR_BASE: i64 = 10_000;
const REFRESH: i64 = 10_000_000;
const REFRESH_TIME: i64 = 500_000;

/// A delay that differs from the last by more is another clock, not a queue; all is learnt anew.
const CLOCK_JUMP: i64 = 5_000_000;

/// Jitter follows the differences between neighbours by this part (RFC 3550, appendix A.8, has 1/16;
/// half of that, so that the flanks of a growing queue count less).
const JITTER_GAIN: f64 = 1.0 / 32.0;

/// More jitter than this widens neither window nor tolerances: it would hide a queue.
const MAX_JITTER: f64 = 50_000.0;

/// The level is the least of so much time in multiples of the jitter, within bounds.
const LEVEL_JITTERS: f64 = 10.0;
const LEVEL_TIME: (f64, f64) = (20_000.0, 150_000.0);

/// And of at least so many packets.
const LEVEL_PACKETS: usize = 3;

/// Packets kept for the level; the oldest goes. More than 150 ms hold at 12 Mbit/s.
const CAPACITY: usize = 256;

/// Below this the queue counts as empty: what a picture's own packets make among themselves.
const LOW: f64 = 15_000.0;
/// Above this it is congestion whatever its trend: RFC 8698 (QTH) begins to yield at 50 ms, people notice from 150 ms on.
const HIGH: f64 = 70_000.0;

/// Jitter of one millisecond moves the two thresholds by so many.
const LOW_JITTERS: f64 = 3.5;
const HIGH_JITTERS: f64 = 4.0;

const STANDING_JITTERS: f64 = 7.0;

/// But never beyond these: a queue that is heard is too long on any path.
const MOST_LOW: f64 = 60_000.0;
const MOST_HIGH: f64 = 120_000.0;

/// All times in microseconds.
#[derive(Debug, Default)]
pub(super) struct QueueDelay {
    /// The least delay of each of the last seconds.
    seconds: VecDeque<(i64, i64)>,
    base: Option<i64>,
    /// When the last packet left that found no queue.
    empty: Option<i64>,
    recent: VecDeque<(i64, i64)>,
    last: Option<i64>,
    /// When a packet last left that came as quickly as any.
    seen: i64,
    stale: bool,
    jitter: f64,
}

impl QueueDelay {
    /// A packet that left at `sent` on our clock took `delay` across both clocks. Tells whether
    /// the other clock has jumped.
    pub fn push(&mut self, sent: i64, delay: i64) -> bool {
        let jumped = self
            .last
            .is_some_and(|last| (delay - last).abs() > CLOCK_JUMP);
        if jumped {
            self.clear();
        }
        if let Some(last) = self.last {
            // Only packets that come sooner after the last than they left: a growing queue is no jitter,
            // and what is held up by chance is made up for by the next.
            let sooner = (2 * (last - delay).max(0)) as f64;
            self.jitter += (sooner.min(4.0 * MAX_JITTER) - self.jitter) * JITTER_GAIN;
        }
        self.last = Some(delay);
        self.note_base(sent, delay);
        if self.recent.len() == CAPACITY {
            self.recent.pop_front();
        }
        self.recent.push_back((sent, delay));
        let window = (self.jitter() * LEVEL_JITTERS).clamp(LEVEL_TIME.0, LEVEL_TIME.1) as i64;
        while self.recent.len() > LEVEL_PACKETS
            && self
                .recent
                .front()
                .is_some_and(|(at, _)| sent - at > window)
        {
            self.recent.pop_front();
        }
        if let Some(base) = self.base
            && (delay - base <= NEAR_BASE || sent - self.seen > REFRESH + REFRESH_TIME)
        {
            self.seen = sent;
        }
        self.stale = sent - self.seen > REFRESH;
        if self.level() <= self.low() {
            self.empty = Some(sent);
        }
        jumped
    }

    fn note_base(&mut self, sent: i64, delay: i64) {
        let second = sent / 1_000_000;
        match self.seconds.back_mut() {
            Some((last, least)) if *last >= second => *least = (*least).min(delay),
            _ => self.seconds.push_back((second, delay)),
        }
        while self
            .seconds
            .front()
            .is_some_and(|(first, _)| second - first >= BASE_SECONDS)
        {
            self.seconds.pop_front();
        }
        self.base = self.seconds.iter().map(|(_, least)| *least).min();
    }

    /// How long a packet waits in queues.
    pub fn level(&self) -> f64 {
        let least = self.recent.iter().map(|(_, delay)| *delay).min();
        match (least, self.base) {
            (Some(least), Some(base)) => (least - base).max(0) as f64,
            _ => 0.0,
        }
    }

    /// The same as a time.
    pub fn level_time(&self) -> Duration {
        Duration::from_micros(self.level() as u64)
    }

    /// Whether no packet came as quickly as it could for long: a queue may have become the base.
    pub fn stale(&self) -> bool {
        self.stale
    }

    /// Since when packets find a queue: when the last left that found none.
    pub fn queued_since(&self) -> i64 {
        self.empty.unwrap_or(i64::MIN)
    }

    /// The mean difference between neighbours, bounded.
    pub fn jitter(&self) -> f64 {
        self.jitter.min(MAX_JITTER)
    }

    /// Below this level the queue counts as empty.
    pub fn low(&self) -> f64 {
        (LOW + LOW_JITTERS * self.jitter()).min(MOST_LOW)
    }

    /// Above this level it is congestion.
    pub fn high(&self) -> f64 {
        (HIGH + HIGH_JITTERS * self.jitter()).min(MOST_HIGH)
    }

    /// Above this level, if it lasts, it is a queue and no jitter.
    pub fn standing(&self) -> f64 {
        LOW + STANDING_JITTERS * self.jitter()
    }

    /// What stands now is the way itself, not a queue.
    pub fn rebase(&mut self) {
        self.seconds.clear();
        if let Some((sent, least)) = self.recent.iter().min_by_key(|(_, delay)| *delay).copied() {
            self.note_base(sent, least);
        }
    }

    /// Another path or another clock.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets 5 ms apart whose delay a function gives; our clock and theirs are days apart.
    fn run(queue: &mut QueueDelay, from: i64, count: i64, delay: impl Fn(i64) -> i64) {
        for n in from..from + count {
            queue.push(n * 5_000, 123_456_789_000 + delay(n));
        }
    }

    #[test]
    fn a_queue_is_what_comes_on_top_of_the_least_delay() {
        let mut queue = QueueDelay::default();
        run(&mut queue, 0, 200, |_| 20_000);
        assert_eq!(queue.level(), 0.0);
        run(&mut queue, 200, 20, |_| 100_000);
        assert_eq!(queue.level(), 80_000.0);
    }

    #[test]
    fn packets_held_up_by_chance_are_no_queue() {
        let mut queue = QueueDelay::default();
        run(&mut queue, 0, 2000, |n| n * 7919 % 60_000);
        assert!(queue.level() < queue.low(), "{}", queue.level());
    }

    #[test]
    fn a_longer_way_becomes_the_normal_one_in_time_and_a_clock_that_jumps_at_once() {
        let mut queue = QueueDelay::default();
        run(&mut queue, 0, 200, |_| 20_000);
        run(&mut queue, 200, BASE_SECONDS * 200 + 200, |_| 100_000);
        assert_eq!(queue.level(), 0.0);
        assert!(queue.push(100_000_000, 0));
        assert_eq!(queue.level(), 0.0);
    }
}
