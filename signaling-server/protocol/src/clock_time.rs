//! A time as people's clocks show it, in what they say to one another.

use serde::{Deserialize, Deserializer, Serialize};
use std::time::Duration;

/// The latest time that is a time: what a number in JavaScript holds exactly.
const MAX_MILLIS: u64 = (1 << 53) - 1;

/// Milliseconds since 1970, by the clock of whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct ClockTime(u64);

impl ClockTime {
    /// So many milliseconds after the beginning of 1970; not later than numbers reach.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.min(MAX_MILLIS))
    }

    /// Milliseconds since the beginning of 1970.
    pub fn millis(self) -> u64 {
        self.0
    }

    /// So much later.
    pub fn plus(self, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(MAX_MILLIS);
        Self::from_millis(self.0.saturating_add(millis))
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = u64::deserialize(deserializer)?;
        if millis > MAX_MILLIS {
            return Err(serde::de::Error::custom("a time beyond all numbers"));
        }
        Ok(Self(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_whole_number_that_javascript_can_hold() {
        let read = |json| serde_json::from_str::<ClockTime>(json).map_err(drop);
        assert_eq!(read("1764412708000"), Ok(ClockTime(1_764_412_708_000)));
        assert_eq!(read("9007199254740991"), Ok(ClockTime(MAX_MILLIS)));
        for json in ["9007199254740992", "-1", "1.5", "\"12\"", "null"] {
            assert_eq!(read(json), Err(()), "{json}");
        }
        assert_eq!(
            ClockTime(MAX_MILLIS).plus(Duration::from_secs(1)),
            ClockTime(MAX_MILLIS)
        );
    }
}
