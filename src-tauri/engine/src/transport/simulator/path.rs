//! One direction of a link: a queue before a line of some rate, then distance, jitter and loss.

use std::time::Duration;

use super::random::Random;
use crate::transport::bitrate::Bitrate;

/// How packets are lost on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Each for itself, with this probability.
    Random(f64),
    /// In bursts of a mean length, so many of all packets.
    Bursts {
        /// The share of packets lost.
        share: f64,
        /// Packets of a burst.
        length: f64,
    },
}

/// What a direction is like at some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// What the line carries.
    pub rate: Bitrate,
    /// The way alone, without queue.
    pub delay: Duration,
    /// The deviation of a normal distribution around the delay.
    pub jitter: Duration,
    /// Whether jitter lets packets overtake one another.
    pub reorders: bool,
    /// What is lost.
    pub loss: Loss,
    /// How much may wait: what comes when the queue is this long is dropped.
    pub queue: Duration,
}

impl Conditions {
    /// A line with half a second of queue and nothing else that is bad.
    pub fn clean(rate: Bitrate, round_trip: Duration) -> Self {
        Self {
            rate,
            delay: round_trip / 2,
            jitter: Duration::ZERO,
            reorders: false,
            loss: Loss::Random(0.0),
            queue: Duration::from_millis(500),
        }
    }

    /// The same, with loss.
    pub fn losing(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// The same, with jitter that keeps the order.
    pub fn jittered(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// The same, with another queue.
    pub fn queueing(self, queue: Duration) -> Self {
        Self { queue, ..self }
    }

    /// The same line at another rate.
    pub fn at(self, rate: Bitrate) -> Self {
        Self { rate, ..self }
    }

    /// Nothing gets through.
    pub fn away(self) -> Self {
        self.losing(Loss::Random(1.0))
    }
}

/// The direction itself. Times count from the beginning of the simulation.
#[derive(Debug)]
pub struct Path {
    /// As it is now; may be changed at any time.
    pub conditions: Conditions,
    random: Random,
    /// When the line has sent all that waits.
    busy_until: Duration,
    last_arrival: Duration,
    in_burst: bool,
    /// Packets dropped because the queue was full.
    pub overflowed: u64,
}

impl Path {
    /// An empty one.
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            random: Random::new(seed),
            busy_until: Duration::ZERO,
            last_arrival: Duration::ZERO,
            in_burst: false,
            overflowed: 0,
        }
    }

    /// A packet enters: when it arrives, if it does.
    pub fn send(&mut self, bytes: usize, now: Duration) -> Option<Duration> {
        if self.queue(now) > self.conditions.queue {
            self.overflowed += 1;
            return None;
        }
        self.busy_until = self.busy_until.max(now) + self.conditions.rate.time_for(bytes as u64);
        if self.is_lost() {
            return None;
        }
        let jitter = self.conditions.jitter.as_secs_f64() * self.random.normal();
        let way = (self.conditions.delay.as_secs_f64() + jitter).max(0.0);
        let mut arrival = self.busy_until + Duration::from_secs_f64(way);
        if !self.conditions.reorders {
            arrival = arrival.max(self.last_arrival);
        }
        self.last_arrival = arrival;
        Some(arrival)
    }

    /// How long a packet that comes now waits.
    pub fn queue(&self, now: Duration) -> Duration {
        self.busy_until.saturating_sub(now)
    }

    fn is_lost(&mut self) -> bool {
        match self.conditions.loss {
            Loss::Random(share) => self.random.chance(share),
            Loss::Bursts { share, length } => {
                // Gilbert's model: the bad state lasts `length` packets on average.
                let leave = 1.0 / length.max(1.0);
                let enter = leave * share / (1.0 - share).max(0.01);
                let change = if self.in_burst { leave } else { enter };
                if self.random.chance(change) {
                    self.in_burst = !self.in_burst;
                }
                self.in_burst
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn clean() -> Conditions {
        Conditions::clean(Bitrate::from_kbps(1000), 40 * MS)
    }

    #[test]
    fn packets_wait_for_those_before_them_and_drop_when_the_queue_is_full() {
        let mut path = Path::new(clean().queueing(25 * MS), 1);
        let arrivals: Vec<_> = (0..5).map(|_| path.send(1250, 5 * MS)).collect();
        let at = |ms: u32| Some(ms * MS);
        assert_eq!(arrivals, [at(35), at(45), at(55), None, None]);
        assert_eq!(path.send(1250, 30 * MS), at(65));
        assert_eq!(path.overflowed, 2);
    }

    #[test]
    fn bursts_lose_the_share_they_should_in_the_lengths_they_should() {
        let loss = Loss::Bursts {
            share: 0.03,
            length: 6.0,
        };
        let mut path = Path::new(clean().losing(loss), 7);
        let (mut lost, mut bursts, mut before) = (0, 0, false);
        for packet in 0..100_000 {
            let gone = path.send(10, packet * MS).is_none();
            lost += usize::from(gone);
            bursts += usize::from(gone && !before);
            before = gone;
        }
        assert!((2_500..3_500).contains(&lost), "{lost}");
        assert!((5..=7).contains(&(lost / bursts)), "{lost} in {bursts}");
    }

    #[test]
    fn jitter_keeps_the_order_unless_told_otherwise() {
        let mut path = Path::new(clean().jittered(30 * MS), 3);
        let arrivals: Vec<_> = (0..1000)
            .filter_map(|n| path.send(100, n * 5 * MS))
            .collect();
        assert!(arrivals.is_sorted());
        path.conditions.reorders = true;
        let arrivals: Vec<_> = (0..1000)
            .filter_map(|n| path.send(100, 60_000 * MS + n * 5 * MS))
            .collect();
        assert!(!arrivals.is_sorted());
    }
}
