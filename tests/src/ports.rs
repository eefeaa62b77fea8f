//! Free ports on loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::Result;

/// An address on loopback whose port was free a moment ago. The system hands ports out in turn, so that nobody else is
/// likely to get it before the caller binds it.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
