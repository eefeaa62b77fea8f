//! Settings of a connection's socket where the system's own time has to do for noticing that the
//! other end has vanished.

use tokio::net::TcpStream;

/// Sends small pieces at once.
pub(crate) fn prepare(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
}

/// Keeps what waits in the system short, for media: to be had on Linux only.
pub(crate) fn keep_queue_short(_socket: &TcpStream) {}
