//! Linux: the kernel's routing socket (rtnetlink(7)).
#![allow(unsafe_code)] // a netlink address has no safe constructor here

use std::io;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, Socket, Type};

use super::unix;
pub(super) use super::unix::running_addresses;

/// Interfaces that come and go or lose their carrier, addresses and routes that come and go.
const GROUPS: i32 = libc::RTMGRP_LINK
    | libc::RTMGRP_IPV4_IFADDR
    | libc::RTMGRP_IPV6_IFADDR
    | libc::RTMGRP_IPV4_ROUTE
    | libc::RTMGRP_IPV6_ROUTE;

/// Rings when something about the network changes.
pub(super) struct Bell {
    socket: Socket,
}

impl Bell {
    pub fn hang() -> io::Result<Self> {
        let socket = Socket::new(
            Domain::from(libc::AF_NETLINK),
            Type::from(libc::SOCK_RAW | libc::SOCK_CLOEXEC),
            Some(Protocol::from(libc::NETLINK_ROUTE)),
        )?;
        socket.bind(&address())?;
        Ok(Self { socket })
    }

    /// Waits until it rings, but no longer than this.
    pub fn wait(&self, wait: Duration) -> bool {
        unix::wait_for_notice(&self.socket, wait)
    }
}

fn address() -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: the storage is large enough for every kind of address and zeroed, which is a valid one.
    let netlink = unsafe { storage.view_as::<libc::sockaddr_nl>() };
    netlink.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    netlink.nl_groups = GROUPS as u32;
    let length = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
    // SAFETY: the storage holds a netlink address, whose length this is.
    unsafe { SockAddr::new(storage, length) }
}

/// Time since the machine was started, that in which it slept included.
pub(super) fn since_boot() -> Duration {
    unix::clock(libc::CLOCK_BOOTTIME)
}
