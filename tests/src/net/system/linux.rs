//! Linux: `setns` to enter a namespace, `TUNSETIFF` to make a network interface whose frames a program reads and writes,
//! `poll` to wait for one.
#![allow(
    unsafe_code,
    reason = "system calls without a safe wrapper in the standard library"
)]

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// An interface that carries Ethernet frames, each read and written as it is (linux/if_tun.h).
const TAP_WITHOUT_HEADER: libc::c_short = (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short;

/// Brings the calling thread, and no other, into the network of `namespace`.
pub fn enter(namespace: &File) -> Result<()> {
    // SAFETY: the descriptor is open for the whole call, and the call touches no memory of ours.
    let outcome = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
    checked(outcome)
}

/// Makes the interface `name` in the network of the calling thread. It goes when the file is closed.
pub fn open_tap(name: &str) -> Result<File> {
    let file = File::options()
        .read(true)
        .write(true)
        .open("/dev/net/tun")?;
    // SAFETY: `ifreq` is a plain C structure of numbers, for which all zeros is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays 0, which ends the name.
    if name.len() >= request.ifr_name.len() {
        return Err(Error::new(ErrorKind::InvalidInput, "the name is too long"));
    }
    for (place, letter) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *place = letter as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = TAP_WITHOUT_HEADER;
    // SAFETY: the descriptor is open, and `request` is what TUNSETIFF reads and writes; it outlives the call.
    let outcome = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    checked(outcome)?;
    Ok(file)
}

/// Waits until there is something to read from `file`, at most for `within`.
pub fn is_readable(file: &File, within: Duration) -> Result<bool> {
    let mut wanted = libc::pollfd {
        fd: file.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let within = i32::try_from(within.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `wanted` is one `pollfd`, as the count says, and outlives the call.
    let ready = unsafe { libc::poll(&raw mut wanted, 1, within) };
    checked(ready)?;
    Ok(ready > 0)
}

fn checked(outcome: libc::c_int) -> Result<()> {
    if outcome < 0 {
        Err(Error::last_os_error())
    } else {
        Ok(())
    }
}
