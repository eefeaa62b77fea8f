//! How much of a link: bits per second, as a type of its own so that no one adds bytes to it.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul};
use std::time::Duration;

use serde::Serialize;

/// Bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Bitrate(u64);

impl Bitrate {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);

    /// From bits per second.
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }

    /// From thousands of bits per second.
    pub const fn from_kbps(kbps: u64) -> Self {
        Self(kbps * 1000)
    }

    /// What `bytes` within a time amount to. A time of nothing counts as a microsecond.
    pub fn of(bytes: u64, time: Duration) -> Self {
        let micros = time.as_micros().max(1);
        Self(u64::try_from(u128::from(bytes) * 8_000_000 / micros).unwrap_or(u64::MAX))
    }

    /// In bits per second.
    pub const fn bps(self) -> u64 {
        self.0
    }

    /// The bytes that fit into a time.
    pub fn bytes_in(self, time: Duration) -> u64 {
        u64::try_from(u128::from(self.0) * time.as_micros() / 8_000_000).unwrap_or(u64::MAX)
    }

    /// How long `bytes` take. For ever, as good as, when nothing flows.
    pub fn time_for(self, bytes: u64) -> Duration {
        let micros = u128::from(bytes) * 8_000_000 / u128::from(self.0.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// What is left when `other` is taken away; never less than nothing.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Bitrate {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Bitrate {
    fn sum<I: Iterator<Item = Self>>(rates: I) -> Self {
        rates.fold(Self::ZERO, Add::add)
    }
}

/// A share of a rate; what is not a number or negative is nothing.
impl Mul<f64> for Bitrate {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor.max(0.0)) as u64)
    }
}

impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kbit/s", self.0 / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_times_make_a_rate_and_a_rate_makes_bytes_and_times() {
        let rate = Bitrate::of(1_250, Duration::from_millis(10));
        assert_eq!(rate, Bitrate::from_kbps(1_000));
        assert_eq!(rate.bytes_in(Duration::from_millis(20)), 2_500);
        assert_eq!(rate.time_for(1_250), Duration::from_millis(10));
    }

    #[test]
    fn no_number_makes_it_panic() {
        assert_eq!(Bitrate::of(u64::MAX, Duration::ZERO), Bitrate(u64::MAX));
        assert_eq!(Bitrate::from_kbps(1) * f64::NAN, Bitrate::ZERO);
        assert_eq!(Bitrate(u64::MAX) + Bitrate(1), Bitrate(u64::MAX));
        assert!(Bitrate::ZERO.time_for(1) > Duration::ZERO);
        assert_eq!(Bitrate(1).saturating_sub(Bitrate(2)), Bitrate::ZERO);
    }
}
