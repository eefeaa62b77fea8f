//! Linux and macOS: `getrusage`.
#![allow(unsafe_code)] // one call into libc

use std::time::Duration;

use super::ProcessUse;

/// `ru_maxrss` counts bytes on Apple's systems and 1024 bytes elsewhere (getrusage(2)).
const RSS_UNIT: u64 = if cfg!(target_vendor = "apple") {
    1
} else {
    1024
};

pub(super) fn process_use() -> Option<ProcessUse> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage writes one rusage to the pointer, which is valid and large enough, and keeps nothing.
    let usage = unsafe {
        if libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) != 0 {
            return None;
        }
        usage.assume_init()
    };
    Some(ProcessUse {
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        peak_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * RSS_UNIT,
    })
}

fn duration(time: libc::timeval) -> Duration {
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0)) + Duration::from_micros(micros)
}
