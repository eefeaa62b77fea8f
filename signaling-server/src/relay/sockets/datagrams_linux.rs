//! Datagrams, many at a time: `recvmmsg` and `sendmmsg` take and give a whole queue in one call.

#![allow(unsafe_code)] // two calls into libc, with pointers into buffers that outlive them

use super::exchange::Letter;
use crate::relay::packet::{MAX_DATAGRAM, Packet};
use socket2::{SockAddr, SockAddrStorage, SockRef};
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Datagrams that are taken or given at a time: 70 KB of buffers, which stay in the processor's
/// cache.
pub(super) const BATCH: usize = 32;

/// Datagrams as they have arrived.
pub(super) struct Arrivals {
    packets: Box<[Packet]>,
    senders: Box<[libc::sockaddr_storage]>,
    /// How long each is, and where it comes from; `None` for one that is too long.
    arrived: Vec<Option<SocketAddr>>,
}

impl Arrivals {
    pub(super) fn new() -> Self {
        // SAFETY: a sockaddr_storage is plain bytes, of which zeros are valid.
        let sender = unsafe { MaybeUninit::<libc::sockaddr_storage>::zeroed().assume_init() };
        Self {
            packets: vec![Packet::default(); BATCH].into(),
            senders: vec![sender; BATCH].into(),
            arrived: Vec::with_capacity(BATCH),
        }
    }

    /// Takes what has arrived at a socket, as far as there is room: how many. Nothing is none.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.arrived.clear();
        let taken = socket.try_io(Interest::READABLE, || {
            self.take(socket)?;
            // With fewer than asked for the socket's queue is empty: to say so here saves a call
            // that would only tell the same.
            if self.arrived.len() < BATCH {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(())
        });
        match taken {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(self.arrived.len()),
        }
    }

    /// One that has arrived, and where it comes from.
    pub(super) fn get(&mut self, index: usize) -> Option<(&mut Packet, SocketAddr)> {
        let from = *self.arrived.get(index)?;
        Some((&mut self.packets[index], from?))
    }

    fn take(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let mut pieces: [libc::iovec; BATCH] = std::array::from_fn(|index| libc::iovec {
            iov_base: self.packets[index].space().as_mut_ptr().cast(),
            iov_len: MAX_DATAGRAM,
        });
        let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|index| {
            let mut header = empty();
            header.msg_hdr.msg_name = (&raw mut self.senders[index]).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = &raw mut pieces[index];
            header.msg_hdr.msg_iovlen = 1;
            header
        });
        // SAFETY: the headers point to pieces, senders and packets that outlive the call, each with
        // the length that the header says; the kernel writes no more than that.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (index, header) in headers[..count].iter().enumerate() {
            let cut_off = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            let from = read(&self.senders[index], header.msg_hdr.msg_namelen);
            self.packets[index].received(header.msg_len as usize);
            self.arrived.push(from.as_socket().filter(|_| !cut_off));
        }
        Ok(())
    }

    /// Sends some of them, as they are now, from one socket. What the system has no room for is
    /// lost, as on every link.
    pub(super) fn send(&self, socket: &UdpSocket, letters: &[Letter]) {
        if let [letter] = letters {
            let bytes = self.packets[letter.packet].as_bytes();
            let _ = SockRef::from(socket).send_to(bytes, &SockAddr::from(letter.to));
            return;
        }
        for letters in letters.chunks(BATCH) {
            self.send_many(socket, letters);
        }
    }

    fn send_many(&self, socket: &UdpSocket, letters: &[Letter]) {
        let mut receivers: [MaybeUninit<SockAddr>; BATCH] =
            [const { MaybeUninit::uninit() }; BATCH];
        let mut pieces = [libc::iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        }; BATCH];
        let mut headers = [empty(); BATCH];
        for (index, letter) in letters.iter().enumerate() {
            let bytes = self.packets[letter.packet].as_bytes();
            let receiver = receivers[index].write(letter.to.into());
            pieces[index].iov_base = bytes.as_ptr().cast_mut().cast();
            pieces[index].iov_len = bytes.len();
            let header = &mut headers[index].msg_hdr;
            header.msg_name = receiver.as_ptr().cast_mut().cast();
            header.msg_namelen = receiver.len();
            header.msg_iov = &raw mut pieces[index];
            header.msg_iovlen = 1;
        }
        let mut rest = &mut headers[..letters.len()];
        while !rest.is_empty() {
            // SAFETY: the headers point to receivers, pieces and packets that outlive the call, and
            // the kernel only reads what they point to.
            let sent = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    rest.as_mut_ptr(),
                    rest.len() as libc::c_uint,
                    libc::MSG_DONTWAIT as _,
                )
            };
            let done = match usize::try_from(sent) {
                Ok(sent) => sent.max(1),
                Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock => return,
                // The first one can't be sent: no route to there, say. The others may.
                Err(_) => 1,
            };
            rest = &mut rest[done..];
        }
    }
}

/// A header that points nowhere yet.
fn empty() -> libc::mmsghdr {
    // SAFETY: an mmsghdr is plain numbers and pointers, of which zeros are valid.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// An address as the system has written it.
fn read(sender: &libc::sockaddr_storage, length: libc::socklen_t) -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: socket2's storage is the system's, under another name; the length is the one that the
    // system has written with it.
    unsafe {
        *storage.view_as::<libc::sockaddr_storage>() = *sender;
        SockAddr::new(storage, length)
    }
}
