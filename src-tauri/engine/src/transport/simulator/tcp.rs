//! A download that shares the line: a flow that fills the queue until packets drop.
//!
//! Cubic (RFC 9438) without its refinements: window growth by time since the last loss, never
//! slower than Reno's, three later acknowledgements mean a loss, a second without any a timeout.

use std::collections::BTreeMap;
use std::time::Duration;

/// Bytes of its packets.
pub const SEGMENT: usize = 1500;

/// Multiplicative decrease and growth of RFC 9438, section 5.
const BETA: f64 = 0.7;
const C: f64 = 0.4;

/// Acknowledged packets after a missing one that mean it is lost (RFC 5681, section 3.2).
const REORDERING: u64 = 3;

/// Without an acknowledgement for this long, everything is lost.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The sender of the download.
#[derive(Debug)]
pub struct Tcp {
    window: f64,
    threshold: f64,
    highest_window: f64,
    epoch: Duration,
    reno: f64,
    next: u64,
    /// On the way, with the time they left.
    flight: BTreeMap<u64, Duration>,
    /// Losses of packets before this one were answered already.
    recovery: u64,
    heard: Duration,
    /// Packets that arrived.
    pub delivered: u64,
}

impl Tcp {
    /// Begins with the window of RFC 6928.
    pub fn new(now: Duration) -> Self {
        Self {
            window: 10.0,
            threshold: f64::INFINITY,
            highest_window: 0.0,
            epoch: now,
            reno: 0.0,
            next: 0,
            flight: BTreeMap::new(),
            recovery: 0,
            heard: now,
            delivered: 0,
        }
    }

    /// The next packet, if the window has room for one.
    pub fn poll(&mut self, now: Duration) -> Option<u64> {
        if !self.flight.is_empty() && now.saturating_sub(self.heard) > TIMEOUT {
            self.flight.clear();
            self.reduce(now);
            self.window = 1.0;
            self.heard = now;
        }
        ((self.flight.len() as f64) < self.window.max(1.0)).then(|| {
            if self.flight.is_empty() {
                self.heard = now;
            }
            self.flight.insert(self.next, now);
            self.next += 1;
            self.next - 1
        })
    }

    /// A packet arrived, and the word of it came back.
    pub fn acknowledged(&mut self, packet: u64, now: Duration) {
        self.heard = now;
        self.delivered += 1;
        let Some(sent) = self.flight.remove(&packet) else {
            return;
        };
        let lost: Vec<u64> = self
            .flight
            .range(..packet.saturating_sub(REORDERING))
            .map(|(number, _)| *number)
            .collect();
        for number in &lost {
            self.flight.remove(number);
        }
        if lost.last().is_some_and(|number| *number >= self.recovery) {
            self.recovery = self.next;
            self.reduce(now);
        } else if self.window < self.threshold {
            self.window += 1.0;
        } else {
            self.grow(now, now - sent);
        }
    }

    fn grow(&mut self, now: Duration, round_trip: Duration) {
        let k = (self.highest_window * (1.0 - BETA) / C).cbrt();
        let t = (now - self.epoch + round_trip).as_secs_f64();
        let cubic = C * (t - k).powi(3) + self.highest_window;
        self.reno += 3.0 * (1.0 - BETA) / (1.0 + BETA) / self.window;
        let target = cubic.max(self.reno).clamp(self.window, self.window * 1.5);
        self.window += (target - self.window) / self.window;
    }

    fn reduce(&mut self, now: Duration) {
        self.highest_window = self.window;
        self.window = (self.window * BETA).max(2.0);
        self.threshold = self.window;
        self.reno = self.window;
        self.epoch = now;
    }
}
