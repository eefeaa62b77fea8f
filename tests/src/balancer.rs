//! What stands before several servers under one address, as a load balancer would: it hands each connection to a server
//! that takes it, and knows nothing of what goes through.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::{Result, ports};

/// For a server on the same machine to take a connection.
const CONNECT: Duration = Duration::from_secs(1);

/// How many bytes are handed on at a time.
const PIECE: usize = 16 * 1024;

/// Which server a connection is handed to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Always this one of the list, as long as it takes it.
    Prefer(usize),
    /// Each connection to another.
    InTurn,
}

/// A running balancer. Dropping it ends it; what goes through stays until either end closes it.
pub struct Balancer {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Balancer {
    /// Starts one before these servers.
    pub fn start(servers: Vec<SocketAddr>, choice: Choice) -> Result<Self> {
        let listener = TcpListener::bind(ports::free_address()?)?;
        let address = listener.local_addr()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let next = AtomicUsize::new(0);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let first = match choice {
                    Choice::Prefer(first) => first,
                    Choice::InTurn => next.fetch_add(1, Ordering::Relaxed),
                };
                let servers = servers.clone();
                std::thread::spawn(move || hand_on(&client, &servers, first));
            }
        });
        Ok(Self { address, stopped })
    }

    /// Its address as a client is told it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // So that it looks.
        let _ = TcpStream::connect_timeout(&self.address, CONNECT);
    }
}

/// Hands a connection to the first server that takes it, beginning with this one of the list.
fn hand_on(client: &TcpStream, servers: &[SocketAddr], first: usize) {
    let order = (0..servers.len()).map(|turn| servers[(first + turn) % servers.len()]);
    let taken = order
        .filter_map(|server| TcpStream::connect_timeout(&server, CONNECT).ok())
        .next();
    let Some(server) = taken else { return };
    for stream in [client, &server] {
        let _ = stream.set_nodelay(true);
    }
    let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let forth = std::thread::spawn(move || pump(&from_client, &to_server));
    pump(&server, client);
    let _ = forth.join();
}

/// Until one of them ends, which ends both.
fn pump(mut from: &TcpStream, mut to: &TcpStream) {
    let mut piece = vec![0; PIECE];
    while let Ok(length) = from.read(&mut piece) {
        if length == 0 || to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
