//! A client as the relay knows it: by where its packets come from and how. What RFC 8656 calls the
//! 5-tuple.

use std::net::SocketAddr;

/// Where a client's packets come from, and where those for it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Client {
    /// Its address, as it is seen here.
    pub address: SocketAddr,
    /// How it speaks to the relay.
    pub via: Via,
}

/// How a client speaks to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Via {
    /// In datagrams to the UDP listener with this number.
    Datagrams(u8),
    /// Over the stream with this number, which no other stream gets.
    Stream(u64),
}

impl Client {
    /// Whether it speaks over a stream.
    pub const fn has_stream(&self) -> bool {
        matches!(self.via, Via::Stream(_))
    }
}
