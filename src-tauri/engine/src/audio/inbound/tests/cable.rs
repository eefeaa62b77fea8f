//! A network cable in virtual time, with the same troubles and the same order of them as the emulated one of the rig:
//! loss alone or in bursts, a rate with a queue before it, a delay, a jitter that keeps the order.

use std::time::Duration;

use super::Dice;

/// Bytes that a packet has beside what it carries: RTP, SRTP, UDP, IP and Ethernet.
const OVERHEAD_BYTES: usize = 12 + 10 + 8 + 20 + 38;

/// What the cable does to packets; may be changed at any time.
#[derive(Clone, Copy)]
pub(super) struct Troubles {
    /// One way.
    pub delay: Duration,
    /// Standard deviation; no more than three times that.
    pub jitter: Duration,
    /// Share of packets lost.
    pub loss: f64,
    /// Mean length of a burst of losses; 1 for losses that know nothing of each other.
    pub burst: f64,
    pub rate_kbps: f64,
    /// What would wait for longer is dropped.
    pub queue: Duration,
    /// Nothing passes at all.
    pub cut: bool,
}

pub(super) struct Cable {
    pub troubles: Troubles,
    dice: Dice,
    free: Duration,
    last: Duration,
    bad: bool,
}

impl Cable {
    pub fn new(seed: u64, troubles: Troubles) -> Self {
        Self {
            troubles,
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            free: Duration::ZERO,
            last: Duration::ZERO,
            bad: false,
        }
    }

    /// When a packet sent at `at` arrives, if it does. Packets are given in the order of sending.
    pub fn carry(&mut self, at: Duration, bytes: usize) -> Option<Duration> {
        let now = self.troubles;
        if now.cut || self.is_lost() {
            return None;
        }
        let begins = self.free.max(at);
        if begins - at > now.queue {
            return None;
        }
        let bits = ((bytes + OVERHEAD_BYTES) * 8) as f64;
        self.free = begins + Duration::from_secs_f64(bits / (now.rate_kbps * 1e3));
        let late = now.jitter.as_secs_f64() * self.gauss().clamp(-3.0, 3.0);
        let delay = (now.delay.as_secs_f64() + late).max(0.0);
        self.last = self.last.max(self.free + Duration::from_secs_f64(delay));
        Some(self.last)
    }

    /// Bernoulli's losses, or Gilbert's and Elliott's.
    fn is_lost(&mut self) -> bool {
        let Troubles { loss, burst, .. } = self.troubles;
        if burst <= 1.0 {
            return self.dice.roll() < loss;
        }
        let ends = 1.0 / burst;
        let begins = ends * loss / (1.0 - loss);
        let rolled = self.dice.roll();
        self.bad = if self.bad {
            rolled >= ends
        } else {
            rolled < begins
        };
        self.bad
    }

    fn gauss(&mut self) -> f64 {
        let (radius, angle) = (self.dice.roll().max(1e-12), self.dice.roll());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}
