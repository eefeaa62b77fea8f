//! What carries messages to a relay and back.

use super::url::{RelayUrl, Way};
use crate::place::NoWay;
use crate::stun::{COOKIE, HEADER};
use crate::trust::{self, Doubt};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UdpSocket;

/// For a handshake.
const HANDSHAKE_TIME: Duration = Duration::from_secs(4);

/// The longest message that a look waits for, in bytes. Answers have a few hundred.
const LONGEST: usize = 2048;

/// Why there is nothing that could carry a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoCarrier {
    #[error(transparent)]
    NoWay(#[from] NoWay),
    #[error(transparent)]
    Doubtful(#[from] Doubt),
    #[error("something else than a relay listens there")]
    NotEncrypted,
}

pub(in crate::turn) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub(super) enum Carrier {
    /// Each address of the relay has a socket: which family leads there is found out by trying.
    Datagrams {
        sockets: Vec<UdpSocket>,
        one: Option<usize>,
    },
    Stream {
        stream: Box<dyn Stream>,
        read: Vec<u8>,
    },
}

impl Carrier {
    pub(super) async fn open(url: &RelayUrl) -> Result<Self, NoCarrier> {
        if url.way == Way::Udp {
            let mut sockets = Vec::new();
            let mut why = NoWay::Silent;
            for address in url.place.addresses().await? {
                match datagrams(address).await {
                    Ok(socket) => sockets.push(socket),
                    Err(error) => why = NoWay::of(&error),
                }
            }
            if sockets.is_empty() {
                return Err(why.into());
            }
            return Ok(Self::Datagrams { sockets, one: None });
        }
        let stream = url.place.connect().await?;
        let read = Vec::new();
        if url.way == Way::Tcp {
            let stream = Box::new(stream);
            return Ok(Self::Stream { stream, read });
        }
        let secured = trust::connect(stream, &url.place.host, trust::TURN);
        match tokio::time::timeout(HANDSHAKE_TIME, secured).await {
            Ok(Ok(stream)) => {
                let stream = Box::new(stream);
                Ok(Self::Stream { stream, read })
            }
            Ok(Err(error)) => {
                Err(trust::refused(&error).map_or(NoCarrier::NotEncrypted, NoCarrier::Doubtful))
            }
            Err(_) => Err(NoCarrier::NotEncrypted),
        }
    }

    /// Whether what is sent may be lost on its way.
    pub(super) fn loses(&self) -> bool {
        matches!(self, Self::Datagrams { .. })
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Datagrams { sockets, one } => {
                let chosen = match one {
                    Some(one) => &sockets[*one..=*one],
                    None => &sockets[..],
                };
                for socket in chosen {
                    // One that says that nothing listens there is heard when it is read.
                    let _ = socket.send(message).await;
                }
                Ok(())
            }
            Self::Stream { stream, .. } => {
                stream.write_all(message).await?;
                stream.flush().await
            }
        }
    }

    /// The next message. What was read of it is not lost when this is dropped while waiting.
    pub(super) async fn receive(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Datagrams { sockets, one } => {
                let waiting = sockets.iter().enumerate().map(|(place, socket)| {
                    Box::pin(async move {
                        let mut message = vec![0; LONGEST];
                        let length = socket.recv(&mut message).await?;
                        message.truncate(length);
                        io::Result::Ok((place, message))
                    })
                });
                let (place, message) = futures_util::future::select_ok(waiting).await?.0;
                one.get_or_insert(place);
                Ok(message)
            }
            Self::Stream { stream, read } => loop {
                if let Some(length) = framed(read)? {
                    return Ok(read.drain(..length).collect());
                }
                if stream.read_buf(read).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            },
        }
    }
}

async fn datagrams(relay: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match relay {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(relay).await?;
    Ok(socket)
}

/// The length of the STUN message that a stream begins with, once all of it is there.
fn framed(read: &[u8]) -> io::Result<Option<usize>> {
    let Some(header) = read.first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let length = HEADER + usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[4..8] != COOKIE || length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((read.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_on_a_stream_is_complete_when_its_last_byte_is_there() {
        let mut message = vec![1, 3, 0, 4];
        message.extend_from_slice(&COOKIE);
        message.extend_from_slice(&[0; 16]);
        for length in 0..message.len() {
            assert_eq!(framed(&message[..length]).unwrap(), None, "{length}");
        }
        assert_eq!(framed(&message).unwrap(), Some(message.len()));
    }

    #[test]
    fn what_is_no_message_or_has_no_end_is_refused() {
        assert!(framed(b"HTTP/1.1 400 Bad Request").is_err());
        let mut endless = vec![1, 3, 0xff, 0xfc];
        endless.extend_from_slice(&COOKIE);
        endless.extend_from_slice(&[0; 12]);
        assert!(framed(&endless).is_err());
    }
}
