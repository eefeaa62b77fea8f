//! Settings of a connection's socket on Linux.

use socket2::SockRef;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long something sent may stay unacknowledged before the connection counts as dead: the other
/// end has lost its network, and two heartbeats in a row. Without it the kernel tries for a quarter
/// of an hour.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Sends small pieces at once, and notices another end that has vanished.
pub(crate) fn prepare(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
    let _ = SockRef::from(socket).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
}

/// Bytes that the system keeps unsent for a stream of media: two packets. What waits there gets old;
/// what waits in the relay can still be dropped.
const UNSENT: u32 = 4 * 1024;

/// Keeps what waits in the system short, for media.
pub(crate) fn keep_queue_short(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_tcp_notsent_lowat(UNSENT);
}
