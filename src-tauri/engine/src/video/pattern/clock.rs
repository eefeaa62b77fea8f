//! The clock of the pattern: the one thing that two processes on one machine have in common.

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock wraps at this many microseconds: what 48 bits hold, nine years.
const WRAP: u64 = 1 << 48;

/// Wall clock in microseconds, modulo 2^48.
pub fn wall_micros() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since_epoch.as_micros() as u64 % WRAP
}

/// From `earlier` to `later`, in microseconds; negative when they are the other way round.
pub fn micros_between(earlier: u64, later: u64) -> i64 {
    let forward = later.wrapping_sub(earlier) % WRAP;
    if forward < WRAP / 2 {
        forward as i64
    } else {
        forward as i64 - WRAP as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_hold_across_the_wrap() {
        assert_eq!(micros_between(WRAP - 10, 5), 15);
        assert_eq!(micros_between(5, WRAP - 10), -15);
        assert_eq!(micros_between(100, 350), 250);
    }
}
