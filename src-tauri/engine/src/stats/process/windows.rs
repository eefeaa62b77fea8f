//! Windows: process times and memory counters.
#![allow(unsafe_code)] // three calls into the system

use std::time::Duration;

use windows_sys::Win32::Foundation::FILETIME;
use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessTimes};

use super::ProcessUse;

pub(super) fn process_use() -> Option<ProcessUse> {
    let zero = FILETIME {
        dwLowDateTime: 0,
        dwHighDateTime: 0,
    };
    let (mut created, mut exited, mut kernel, mut user) = (zero, zero, zero, zero);
    let size = u32::try_from(size_of::<PROCESS_MEMORY_COUNTERS>()).ok()?;
    let mut memory = PROCESS_MEMORY_COUNTERS {
        cb: size,
        ..Default::default()
    };
    // SAFETY: the pseudo handle of this process needs no closing; every pointer is to a local of the right type, and `cb` tells its size.
    let told = unsafe {
        let process = GetCurrentProcess();
        GetProcessTimes(process, &mut created, &mut exited, &mut kernel, &mut user) != 0
            && K32GetProcessMemoryInfo(process, &mut memory, size) != 0
    };
    told.then(|| ProcessUse {
        cpu: duration(kernel) + duration(user),
        peak_rss_bytes: memory.PeakWorkingSetSize as u64,
    })
}

/// A FILETIME counts 100 ns.
fn duration(time: FILETIME) -> Duration {
    let ticks = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    Duration::from_micros(ticks / 10)
}
