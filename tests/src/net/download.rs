//! Somebody else's traffic: a file that is downloaded over TCP, as fast as the kernel's congestion control lets it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Namespace;
use crate::Result;

/// How soon both ends notice that it is to stop.
const NOTICE: Duration = Duration::from_millis(200);

/// A download that goes on until this is dropped.
pub struct Download {
    received: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Download {
    /// Has `host` download from `server`, which it reaches under `address`.
    pub fn start(server: &Namespace, address: Ipv4Addr, host: &Namespace) -> Result<Self> {
        let listener = server.inside(|| TcpListener::bind((address, 0)))??;
        let address: SocketAddr = listener.local_addr()?;
        let client = host.inside(move || TcpStream::connect(address))??;
        let (server, _) = listener.accept()?;
        let (received, stop) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        server.set_write_timeout(Some(NOTICE))?;
        client.set_read_timeout(Some(NOTICE))?;
        let stopping = Arc::clone(&stop);
        let sender = std::thread::spawn(move || send(server, &stopping));
        let (counted, stopping) = (Arc::clone(&received), Arc::clone(&stop));
        let receiver = std::thread::spawn(move || receive(client, &counted, &stopping));
        Ok(Self {
            received,
            stop,
            threads: vec![sender, receiver],
        })
    }

    /// Bytes that have come so far.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn send(mut to: TcpStream, stop: &AtomicBool) {
    let piece = [0; 16 * 1024];
    while !stop.load(Ordering::Relaxed) {
        // A full buffer is no error but the rule; anything else shows as bytes that don't come.
        let _ = to.write(&piece);
    }
}

fn receive(mut from: TcpStream, received: &AtomicU64, stop: &AtomicBool) {
    let mut piece = [0; 64 * 1024];
    while !stop.load(Ordering::Relaxed) {
        if let Ok(bytes) = from.read(&mut piece) {
            received.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }
}
