//! What Linux and macOS share: the list of interfaces, and a socket whose every datagram is a notice.
#![allow(unsafe_code)] // getifaddrs and clock_gettime have no safe face here

use std::io;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use socket2::Socket;

use super::addresses::{Address, is_link_local};

/// A notice is a few hundred bytes, of which none is read.
const NOTICE_BYTES: usize = 4096;

/// The shortest wait that a socket's timeout can express; zero would mean for ever.
const SHORTEST: Duration = Duration::from_millis(1);

/// Waits for a datagram, and takes those that came with it. Whether there was one.
pub(super) fn wait_for_notice(socket: &Socket, wait: Duration) -> bool {
    let mut buffer = [MaybeUninit::<u8>::uninit(); NOTICE_BYTES];
    let waited = socket
        .set_read_timeout(Some(wait.max(SHORTEST)))
        .and_then(|()| socket.recv(&mut buffer));
    match waited {
        Ok(_) => true,
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => false,
            io::ErrorKind::Interrupted => false,
            // More notices than there was room for: all the more a reason to look.
            _ => {
                std::thread::sleep(SHORTEST);
                true
            }
        },
    }
}

/// The addresses of interfaces that are up and have a carrier.
pub(super) fn running_addresses() -> io::Result<Vec<Address>> {
    let mut list: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: getifaddrs writes one pointer to the given place, which is valid.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut addresses = Vec::new();
    let mut next = list;
    while !next.is_null() {
        // SAFETY: the list that getifaddrs made is a chain of valid entries that lives until freeifaddrs.
        let entry = unsafe { &*next };
        next = entry.ifa_next;
        let wanted = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_uint;
        if entry.ifa_flags & wanted == wanted && !entry.ifa_addr.is_null() {
            // SAFETY: the pointer is not null and of the entry, with the length that its family has.
            addresses.extend(unsafe { address(entry.ifa_addr) });
        }
    }
    // SAFETY: the list is getifaddrs' own and is not used any more.
    unsafe { libc::freeifaddrs(list) };
    Ok(addresses)
}

/// # Safety
///
/// The pointer leads to an address with the length of its family.
unsafe fn address(at: *const libc::sockaddr) -> Option<Address> {
    // SAFETY: by this function's own condition; read unaligned, since nothing promises more.
    unsafe {
        match i32::from((*at).sa_family) {
            libc::AF_INET => {
                let v4 = at.cast::<libc::sockaddr_in>().read_unaligned();
                let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
                Some(Address {
                    ip: ip.into(),
                    scope: 0,
                })
            }
            libc::AF_INET6 => {
                let v6 = at.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(scoped(v6.sin6_addr.s6_addr.into(), v6.sin6_scope_id))
            }
            _ => None,
        }
    }
}

/// A link-local address with the number of its interface, which some systems (macOS among them) tell
/// in the address itself, in its second pair of bytes, where there is always zero.
fn scoped(ip: Ipv6Addr, scope: u32) -> Address {
    let mut segments = ip.segments();
    if !is_link_local(ip) {
        return Address {
            ip: ip.into(),
            scope: 0,
        };
    }
    let written = u32::from(std::mem::take(&mut segments[1]));
    Address {
        ip: Ipv6Addr::from(segments).into(),
        scope: if scope == 0 { written } else { scope },
    }
}

/// What a clock shows.
pub(super) fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: clock_gettime writes one timespec to the pointer, which is valid. An unknown clock
    // leaves it at zero.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
