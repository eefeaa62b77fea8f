//! What one way of a link is like.

use std::time::Duration;

/// One way of a link. [`Impairment::NONE`] carries everything at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    /// How long every frame is under way.
    pub delay: Duration,
    /// Standard deviation of what is added to or taken from the delay of each frame, normally distributed and cut off at
    /// three times as much. The frames' order is kept, as it is by nearly every real link.
    pub jitter: Duration,
    /// Share of the frames that are lost, 0 to 1.
    pub loss: f64,
    /// How many frames are lost in a row, on average; 1: each by itself, as chance will have it.
    pub burst: f64,
    /// Share of the frames that arrive twice, 0 to 1.
    pub duplicates: f64,
    /// Share of the frames that overtake all others by skipping the delay, 0 to 1.
    pub overtaking: f64,
    /// Share of the packets after which another one comes from the same sender, with nothing but garbage in it, 0 to 1.
    pub garbage: f64,
    /// Bits per second that fit through; `None`: as many as come.
    pub rate: Option<u64>,
    /// A frame that would have to wait longer than this for its turn is dropped. Matters only where there is a rate.
    pub queue: Duration,
    /// Nothing arrives at all, and nobody is told: the interface stays up.
    pub cut: bool,
}

impl Impairment {
    /// The perfect link.
    pub const NONE: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        loss: 0.0,
        burst: 1.0,
        duplicates: 0.0,
        overtaking: 0.0,
        garbage: 0.0,
        rate: None,
        queue: Duration::from_millis(200),
        cut: false,
    };

    /// A round trip of so many milliseconds, half of it each way.
    pub const fn round_trip(milliseconds: u64) -> Self {
        Self {
            delay: Duration::from_micros(milliseconds * 500),
            ..Self::NONE
        }
    }

    /// So many percent of the frames are lost.
    pub const fn losing(self, percent: u32) -> Self {
        Self {
            loss: percent as f64 / 100.0,
            ..self
        }
    }

    /// Losses come so many at a time.
    pub const fn in_bursts_of(self, frames: u32) -> Self {
        Self {
            burst: frames as f64,
            ..self
        }
    }

    /// The delay varies by so many milliseconds.
    pub const fn jittering(self, milliseconds: u64) -> Self {
        Self {
            jitter: Duration::from_millis(milliseconds),
            ..self
        }
    }

    /// So many kbit/s fit through.
    pub const fn at_kbits(self, kbits: u64) -> Self {
        Self {
            rate: Some(kbits * 1000),
            ..self
        }
    }

    /// So many milliseconds of traffic may wait in front of it.
    pub const fn queueing(self, milliseconds: u64) -> Self {
        Self {
            queue: Duration::from_millis(milliseconds),
            ..self
        }
    }

    /// Nothing passes.
    pub const fn cut(self) -> Self {
        Self { cut: true, ..self }
    }
}
