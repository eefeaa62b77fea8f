//! Windows: the IP helper's notices and its list of adapters.
#![allow(unsafe_code)] // five calls into the system

use std::ffi::c_void;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ptr;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{ERROR_BUFFER_OVERFLOW, ERROR_NO_DATA, ERROR_SUCCESS, HANDLE};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    CancelMibChangeNotify2, GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER,
    GAA_FLAG_SKIP_MULTICAST, GetAdaptersAddresses, IP_ADAPTER_ADDRESSES_LH, MIB_IPINTERFACE_ROW,
    MIB_NOTIFICATION_TYPE, MIB_UNICASTIPADDRESS_ROW, NotifyIpInterfaceChange,
    NotifyUnicastIpAddressChange,
};
use windows_sys::Win32::NetworkManagement::Ndis::IfOperStatusUp;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, AF_UNSPEC, IpDadStatePreferred, SOCKADDR, SOCKADDR_IN, SOCKADDR_IN6,
};

use super::addresses::{Address, is_link_local};

/// What the list of adapters takes on most machines, in eight bytes, which is how it wants to be
/// aligned: 15 KiB, as the documentation advises.
const ADAPTERS_WORDS: usize = 15 * 1024 / 8;

/// The list may grow between being measured and being made; so often it is tried.
const ATTEMPTS: usize = 4;

/// Rings when something about the network changes.
pub(super) struct Bell {
    /// One ring that has not been heard is enough.
    rings: Receiver<()>,
    notices: [HANDLE; 2],
    /// What the notices' context points to; freed after they are cancelled.
    ringer: *mut SyncSender<()>,
}

impl Bell {
    pub fn hang() -> io::Result<Self> {
        let (ringer, rings) = sync_channel(1);
        let mut bell = Self {
            rings,
            notices: [ptr::null_mut(); 2],
            ringer: Box::into_raw(Box::new(ringer)),
        };
        let [interface, address] = &mut bell.notices;
        let context = bell.ringer.cast_const().cast::<c_void>();
        // SAFETY: the context outlives the notices, which `drop` cancels before it frees it; the
        // handles are written to valid places.
        let told = unsafe {
            [
                NotifyIpInterfaceChange(AF_UNSPEC, Some(on_interface), context, false, interface),
                NotifyUnicastIpAddressChange(AF_UNSPEC, Some(on_address), context, false, address),
            ]
        };
        match told.into_iter().find(|code| *code != ERROR_SUCCESS) {
            None => Ok(bell),
            Some(code) => Err(io::Error::from_raw_os_error(code as i32)),
        }
    }

    /// Waits until it rings, but no longer than this.
    pub fn wait(&self, wait: Duration) -> bool {
        self.rings.recv_timeout(wait).is_ok()
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        for notice in self.notices {
            if !notice.is_null() {
                // SAFETY: the handle is of a notice that has not been cancelled. Returns when no
                // call of it is under way any more.
                unsafe { CancelMibChangeNotify2(notice) };
            }
        }
        // SAFETY: made by `Box::into_raw` in `hang`, and nothing calls back any more.
        drop(unsafe { Box::from_raw(self.ringer) });
    }
}

unsafe extern "system" fn on_interface(
    context: *const c_void,
    _: *const MIB_IPINTERFACE_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context is the one given in `hang`.
    unsafe { ring(context) };
}

unsafe extern "system" fn on_address(
    context: *const c_void,
    _: *const MIB_UNICASTIPADDRESS_ROW,
    _: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context is the one given in `hang`.
    unsafe { ring(context) };
}

/// # Safety
///
/// The context points to a living `SyncSender<()>`.
unsafe fn ring(context: *const c_void) {
    // SAFETY: by this function's own condition.
    let ringer = unsafe { &*context.cast::<SyncSender<()>>() };
    let _ = ringer.try_send(());
}

/// The addresses of adapters that are up and connected.
pub(super) fn running_addresses() -> io::Result<Vec<Address>> {
    let mut buffer = vec![0u64; ADAPTERS_WORDS];
    for _ in 0..ATTEMPTS {
        let mut bytes = u32::try_from(buffer.len() * 8).unwrap_or(u32::MAX);
        let list = buffer.as_mut_ptr().cast::<IP_ADAPTER_ADDRESSES_LH>();
        let flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
        // SAFETY: the buffer has the length that is given, and the alignment that its entries want.
        let code = unsafe {
            GetAdaptersAddresses(u32::from(AF_UNSPEC), flags, ptr::null(), list, &mut bytes)
        };
        match code {
            ERROR_SUCCESS => {
                // SAFETY: the call has made a chain of valid entries in the buffer, which lives on.
                return Ok(unsafe { addresses(list) });
            }
            ERROR_BUFFER_OVERFLOW => buffer.resize(bytes as usize / 8 + 1024, 0),
            // No address at all.
            ERROR_NO_DATA => return Ok(Vec::new()),
            code => return Err(io::Error::from_raw_os_error(code as i32)),
        }
    }
    Err(io::Error::other("the list of adapters keeps growing"))
}

/// # Safety
///
/// The pointer is null, or leads to a chain of valid entries.
unsafe fn addresses(mut adapter: *const IP_ADAPTER_ADDRESSES_LH) -> Vec<Address> {
    let mut addresses = Vec::new();
    // SAFETY: by this function's own condition, for every pointer that is not null.
    unsafe {
        while let Some(entry) = adapter.as_ref() {
            adapter = entry.Next;
            if entry.OperStatus != IfOperStatusUp {
                continue;
            }
            let mut unicast = entry.FirstUnicastAddress;
            while let Some(at) = unicast.as_ref() {
                unicast = at.Next;
                // Others are not usable yet, or no longer.
                if at.DadState == IpDadStatePreferred {
                    addresses.extend(address(at.Address.lpSockaddr));
                }
            }
        }
    }
    addresses
}

/// # Safety
///
/// The pointer is null, or leads to an address with the length of its family.
unsafe fn address(at: *const SOCKADDR) -> Option<Address> {
    // SAFETY: by this function's own condition; read unaligned, since nothing promises more.
    unsafe {
        match at.as_ref()?.sa_family {
            AF_INET => {
                let v4 = at.cast::<SOCKADDR_IN>().read_unaligned();
                let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.S_un.S_addr));
                Some(Address {
                    ip: ip.into(),
                    scope: 0,
                })
            }
            AF_INET6 => {
                let v6 = at.cast::<SOCKADDR_IN6>().read_unaligned();
                let ip = Ipv6Addr::from(v6.sin6_addr.u.Byte);
                // Windows numbers the interface of every address; only of these does it matter.
                let matters = is_link_local(ip);
                Some(Address {
                    ip: ip.into(),
                    scope: if matters {
                        v6.Anonymous.sin6_scope_id
                    } else {
                        0
                    },
                })
            }
            _ => None,
        }
    }
}

/// Time since some moment, that in which the machine slept included: on Windows every clock counts
/// it.
pub(super) fn since_boot() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
