//! By how much one person's voice comes later than it could: the queue on its way here, as the receiver sees it.
//!
//! A packet's *transit* is its arrival minus its timestamp, meaningless alone. The least transit of the last half minute is
//! the way without a queue; what the latest packets all have beyond it is a queue that stands. A voice shows that well: it
//! is small, it never waits at its sender, and it comes fifty times a second.
//!
//! Pure; packets carry their time of arrival.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::clock::Micros;

/// A level is the least of the packets of this time: jitter holds up single packets, a queue all of them.
const LEVEL: Duration = Duration::from_millis(200);

/// And of so many packets.
const LEAST_PACKETS: usize = 4;

/// A voice that has rested for longer tells nothing of now.
const SILENCE: Duration = Duration::from_millis(500);

/// For so many seconds the quickest way is remembered, as by the estimator at the other end.
const BASE_SECONDS: usize = 30;

/// A transit that differs from the last by more than this is another clock, or another stream.
const JUMP: Micros = 2_000_000;

/// Packets kept for the level: more than a voice sends in that time.
const MOST_PACKETS: usize = 64;

/// See the module. For one stream whose timestamps count at a known rate.
#[derive(Debug)]
pub struct Lateness {
    hertz: i64,
    /// When the first packet came, and by how many ticks the newest is ahead of it.
    began: Option<(Instant, i64)>,
    newest: u32,
    recent: VecDeque<(Instant, Micros)>,
    /// The least of each second, the latest last, and which second that is.
    bases: VecDeque<(u64, Micros)>,
}

impl Lateness {
    /// Of a stream of so many ticks a second.
    pub fn new(hertz: u32) -> Self {
        Self {
            hertz: i64::from(hertz.max(1)),
            began: None,
            newest: 0,
            recent: VecDeque::new(),
            bases: VecDeque::new(),
        }
    }

    /// A packet with this timestamp has come.
    pub fn note(&mut self, timestamp: u32, arrived: Instant) {
        let transit = self.transit(timestamp, arrived);
        while self.recent.len() == MOST_PACKETS
            || self
                .recent
                .front()
                .is_some_and(|(at, _)| *at + LEVEL < arrived)
        {
            self.recent.pop_front();
        }
        self.recent.push_back((arrived, transit));
        let second = self.began.map_or(0, |(began, _)| {
            arrived.saturating_duration_since(began).as_secs()
        });
        match self.bases.back_mut() {
            Some((last, least)) if *last == second => *least = transit.min(*least),
            _ => self.bases.push_back((second, transit)),
        }
        while self
            .bases
            .front()
            .is_some_and(|(at, _)| at + (BASE_SECONDS as u64) < second)
        {
            self.bases.pop_front();
        }
    }

    /// How much longer this packet took than the first, of this clock.
    fn transit(&mut self, timestamp: u32, arrived: Instant) -> Micros {
        if let Some((began, ticks)) = &mut self.began {
            let ahead = timestamp.wrapping_sub(self.newest) as i32;
            let now = *ticks + i64::from(ahead);
            let since = arrived.saturating_duration_since(*began).as_micros() as Micros;
            let transit = since - now * 1_000_000 / self.hertz;
            let last = self.recent.back().map_or(transit, |(_, last)| *last);
            if (transit - last).abs() <= JUMP {
                (self.newest, *ticks) = (timestamp, now);
                return transit;
            }
        }
        self.recent.clear();
        self.bases.clear();
        self.newest = timestamp;
        self.began = Some((arrived, 0));
        0
    }

    /// How long what comes now has waited in queues; none while too little comes to tell.
    pub fn queue(&self, now: Instant) -> Option<Duration> {
        let (newest, _) = self.recent.back()?;
        let fresh = now.saturating_duration_since(*newest) <= SILENCE;
        let level = self.recent.iter().map(|(_, transit)| *transit).min()?;
        let base = self.bases.iter().map(|(_, least)| *least).min()?;
        (fresh && self.recent.len() >= LEAST_PACKETS)
            .then(|| Duration::from_micros((level - base).max(0) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: u32 = 960;
    const MS: Duration = Duration::from_millis(1);

    /// A voice whose packets each take as long as told.
    struct Voice {
        lateness: Lateness,
        start: Instant,
        count: u32,
    }

    impl Voice {
        fn new() -> Self {
            Self {
                lateness: Lateness::new(48_000),
                start: Instant::now(),
                count: 0,
            }
        }

        fn speak(&mut self, packets: u32, transit: impl Fn(u32) -> u32) -> Option<u128> {
            let mut at = self.start;
            for _ in 0..packets {
                at = self.start + 20 * MS * self.count + transit(self.count) * MS;
                let timestamp = u32::MAX
                    .wrapping_sub(50_000)
                    .wrapping_add(self.count * FRAME);
                self.lateness.note(timestamp, at);
                self.count += 1;
            }
            self.lateness.queue(at).map(|queue| queue.as_millis())
        }
    }

    #[test]
    fn a_queue_that_stands_is_seen_and_jitter_is_none() {
        let mut voice = Voice::new();
        assert_eq!(voice.speak(3, |_| 20), None, "too little to tell");
        assert_eq!(voice.speak(500, |n| 20 + n % 7 * 9), Some(0));
        assert_eq!(voice.speak(50, |n| 140 + n % 3), Some(120));
        assert_eq!(voice.speak(50, |_| 20), Some(0));
    }

    #[test]
    fn a_way_that_stays_longer_is_the_way_after_a_while() {
        let mut voice = Voice::new();
        voice.speak(100, |_| 20);
        assert_eq!(voice.speak(1_000, |_| 90), Some(70));
        assert_eq!(voice.speak(1_000, |_| 90), Some(0));
    }

    #[test]
    fn a_voice_that_rests_tells_nothing_and_another_clock_is_no_queue() {
        let mut voice = Voice::new();
        voice.speak(100, |_| 20);
        let later = voice.start + 20 * MS * voice.count + 600 * MS;
        assert_eq!(voice.lateness.queue(later), None);
        assert_eq!(voice.speak(50, |_| 9_000), Some(0));
    }

    #[test]
    fn no_stream_makes_it_grow_or_overflow() {
        let mut lateness = Lateness::new(1);
        let (mut at, mut seed) = (Instant::now(), 5_u64);
        for _ in 0..20_000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            at += Duration::from_millis(seed % 40);
            lateness.note(seed as u32, at);
            let _ = lateness.queue(at);
            assert!(lateness.recent.len() <= MOST_PACKETS);
            assert!(lateness.bases.len() <= BASE_SECONDS + 1);
        }
    }
}
