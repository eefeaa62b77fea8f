//! Settings of a connection's socket where the system's own time has to do for noticing that the
//! other end has vanished.

use tokio::net::TcpStream;

/// Sends small pieces at once.
pub(super) fn prepare(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
}
