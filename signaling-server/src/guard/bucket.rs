//! One limit: so much at once, and so much a second from then on.

use super::TooMany;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// At once.
    pub burst: u32,
    /// A second, from then on; 0 for no limit at all.
    pub per_second: f64,
}

/// The least that can be set, a second: two an hour.
const LEAST: f64 = 1.0 / 1800.0;

/// The most that can be set, at once and a second.
const MOST: u32 = 1_000_000;

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "0" {
            return Ok(Self {
                burst: 0,
                per_second: 0.0,
            });
        }
        text.split_once('+')
            .and_then(|(burst, pace)| {
                let burst = burst.parse().ok().filter(|it| (1..=MOST).contains(it))?;
                let (count, seconds) = match pace.split_once('/') {
                    Some((count, "s")) => (count, 1.0),
                    Some((count, "min")) => (count, 60.0),
                    _ => return None,
                };
                let per_second = count.parse::<f64>().ok()? / seconds;
                (LEAST..=f64::from(MOST))
                    .contains(&per_second)
                    .then_some(Self { burst, per_second })
            })
            .ok_or_else(|| {
                "how many at once, and how many from then on: 400+10/s, 10+6/min; 0 for no limit"
                    .to_owned()
            })
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.per_second == 0.0 {
            f.write_str("0")
        } else if self.per_second < 1.0 {
            write!(f, "{}+{}/min", self.burst, self.per_second * 60.0)
        } else {
            write!(f, "{}+{}/s", self.burst, self.per_second)
        }
    }
}

/// What is left of one limit, kept as the time at which all of it is there again.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes so many out, if they are there. More than the bucket ever holds is let through when it
    /// is full, and paid for afterwards: refused for good, nobody could ever say it.
    pub(super) fn take(&mut self, count: u32, pace: Pace, now: Instant) -> Result<(), TooMany> {
        if pace.per_second == 0.0 {
            return Ok(());
        }
        // Cut off, not rounded: many small ones are then never more than one large one.
        let nanoseconds = |count: u32| (f64::from(count) / pace.per_second * 1e9) as u64;
        let time = |count| Duration::from_nanos(nanoseconds(count));
        let full_at = self.full_at.map_or(now, |then| then.max(now));
        let room = time(pace.burst.max(count));
        let wanted = full_at + time(count);
        match wanted.checked_duration_since(now + room) {
            Some(wait) if !wait.is_zero() => Err(TooMany { wait }),
            _ => {
                self.full_at = Some(wanted);
                Ok(())
            }
        }
    }

    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|then| then <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_so_many_a_second() {
        let pace: Pace = "10+2/s".parse().unwrap();
        let mut bucket = Bucket::default();
        let mut now = Instant::now();
        let burst = (0..50).filter(|_| bucket.take(1, pace, now).is_ok());
        assert_eq!(burst.count(), 10);
        let wait = bucket.take(1, pace, now).unwrap_err().wait;
        assert!(wait <= Duration::from_millis(500) && wait > Duration::from_millis(490));
        let mut later = 0;
        for _ in 0..100 {
            now += Duration::from_millis(100);
            later += u32::from(bucket.take(1, pace, now).is_ok());
        }
        assert_eq!(later, 20);
        now += Duration::from_secs(6);
        assert!(bucket.is_full(now));
    }

    #[test]
    fn who_waits_as_long_as_told_is_served() {
        let pace: Pace = "3+6/min".parse().unwrap();
        let mut bucket = Bucket::default();
        let now = Instant::now();
        while bucket.take(1, pace, now).is_ok() {}
        let wait = bucket.take(1, pace, now).unwrap_err().wait;
        assert!(bucket.take(1, pace, now + wait).is_ok());
    }

    #[test]
    fn more_at_once_than_ever_fits_passes_alone_and_is_paid_for() {
        let pace: Pace = "5+1/s".parse().unwrap();
        let mut bucket = Bucket::default();
        let now = Instant::now();
        assert!(bucket.take(64, pace, now).is_ok());
        assert!(bucket.take(1, pace, now + Duration::from_secs(30)).is_err());
        assert!(bucket.take(1, pace, now + Duration::from_secs(60)).is_ok());
    }

    #[test]
    fn a_pace_is_read_and_written_alike_and_nonsense_is_refused() {
        for text in ["400+10/s", "10+6/min", "0", "1+0.5/min"] {
            assert_eq!(text.parse::<Pace>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "10",
            "10/s",
            "10+",
            "10+1",
            "10+1/h",
            "0+1/s",
            "-1+1/s",
            "10+0/s",
            "10+-1/s",
            "10+nan/s",
            "10+inf/s",
            "10+1e-9/s",
            "9999999+1/s",
        ] {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
    }
}
