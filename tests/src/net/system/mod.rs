//! The system calls behind namespaces and cables: what Linux has and the standard library has not.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
pub(super) use linux::{enter, is_readable, open_tap};
#[cfg(not(target_os = "linux"))]
pub(super) use other::{enter, is_readable, open_tap};
