//! A server that gives everybody the same answer: what a client meets when it is sent to the wrong place.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Result;

/// The running server. Dropping it closes it.
pub struct CannedServer {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
}

impl CannedServer {
    /// Answers every request on a free port of loopback with `status` (such as `200 OK`), `headers` and `body`.
    pub fn start(status: &str, headers: &[&str], body: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let stop = Arc::clone(&stopping);
        std::thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                // One read takes in the whole of any request that a scenario sends here; the answer is the same anyway.
                let _ = connection.read(&mut [0; 64 * 1024]);
                let _ = connection.write_all(answer.as_bytes());
            }
        });
        Ok(Self { address, stopping })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for CannedServer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // The listener waits in `accept`, and looks up when somebody comes.
        let _ = TcpStream::connect(self.address);
    }
}
