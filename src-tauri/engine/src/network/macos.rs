//! macOS: the kernel's routing socket (route(4)), which tells every program that opens one.

use std::io;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::unix;
pub(super) use super::unix::running_addresses;

/// Rings when something about the network changes.
pub(super) struct Bell {
    socket: Socket,
}

impl Bell {
    pub fn hang() -> io::Result<Self> {
        let socket = Socket::new(
            Domain::from(libc::PF_ROUTE),
            Type::from(libc::SOCK_RAW),
            None,
        )?;
        Ok(Self { socket })
    }

    /// Waits until it rings, but no longer than this.
    pub fn wait(&self, wait: Duration) -> bool {
        unix::wait_for_notice(&self.socket, wait)
    }
}

/// Time since the machine was started, that in which it slept included (clock_gettime(3)).
pub(super) fn since_boot() -> Duration {
    unix::clock(libc::CLOCK_MONOTONIC_RAW)
}
