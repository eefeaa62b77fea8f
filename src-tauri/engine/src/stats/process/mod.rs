//! What this process costs the machine. One sibling file for each family of systems.

use std::time::Duration;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as system;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

/// What this process has cost since it started.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessUse {
    /// Processor time of all threads, user and system.
    pub cpu: Duration,
    /// The most memory ever resident at once, bytes.
    pub peak_rss_bytes: u64,
}

impl ProcessUse {
    /// As of now. Zeros when the system does not tell.
    pub fn now() -> Self {
        system::process_use().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::ProcessUse;

    #[test]
    fn a_running_process_has_cost_something() {
        let mut sum = 0u64;
        while ProcessUse::now().cpu.is_zero() {
            sum = (0..100_000).fold(sum, |sum, n| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert!(ProcessUse::now().peak_rss_bytes > 100_000, "{sum}");
    }
}
