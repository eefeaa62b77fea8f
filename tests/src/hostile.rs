//! A server that means ill: it stands in front of a real `visio-server`, reads all that passes, and alters, misdirects,
//! repeats or withholds what people say to one another. All that a hostile server could do to sealed signals, it can do
//! on their way in, so answers and event streams pass unchanged.
//!
//! One thread per connection; a connection carries one request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::trouble::During;
use crate::{Result, Trouble};

/// What is read of one request at most; the protocol allows bodies of 64 KiB.
const MAX_REQUEST_BYTES: usize = 256 * 1024;
/// What is kept of all that passed; more than a scenario of some seconds sends.
const MAX_SEEN_BYTES: usize = 16 * 1024 * 1024;

/// What the server does to signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Nothing but read.
    Listen,
    /// Changes one character in the midst of every signal.
    AlterAll,
    /// Changes one character of every signal long enough to hold an SDP, and lets introductions pass.
    AlterDescriptions,
    /// Hands every signal to everybody but its recipient, as if it had been meant for them.
    SwapRecipients,
    /// Delivers every signal twice.
    Replay,
    /// Accepts every signal and delivers none.
    Withhold,
}

/// Signals longer than this hold an SDP: a hello or a candidate takes a few hundred bytes.
const DESCRIPTION_LENGTH: usize = 2000;

/// How the protocol names everybody in the room.
const ROOM: &str = "room";

/// The running server. Dropping it closes it.
pub struct HostileServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: SocketAddr,
    attack: Attack,
    stopping: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    text: String,
    /// Every recipient that was ever named, to misdirect signals to.
    recipients: Vec<String>,
    attacked: usize,
}

impl HostileServer {
    /// Stands in front of the server at `upstream`, on a free port of loopback.
    pub fn start(upstream: SocketAddr, attack: Attack) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Shared {
            upstream,
            attack,
            stopping: AtomicBool::new(false),
            seen: Mutex::default(),
        };
        let shared = Arc::new(shared);
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if accepting.stopping.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                // A connection that breaks concerns the client, who will say so.
                std::thread::spawn(move || drop(shared.serve(connection)));
            }
        });
        Ok(Self { address, shared })
    }

    /// Its address as a client is told it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request it was sent, heads and bodies.
    pub fn seen(&self) -> String {
        self.shared.seen().text.clone()
    }

    /// How many signals it has done something to.
    pub fn attacked(&self) -> usize {
        self.shared.seen().attacked
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        // The listener waits in `accept`, and looks up when somebody comes.
        let _ = TcpStream::connect(self.address);
    }
}

/// One HTTP request: the head without its last empty line, and the body.
#[derive(Clone)]
struct Request {
    head: Vec<String>,
    body: String,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut client: TcpStream) -> Result<()> {
        let request = Request::read(&client)?;
        self.remember(&request);
        let deliveries = if request.is_signal() {
            self.tamper(&request)
        } else {
            vec![request]
        };
        let Some((last, first)) = deliveries.split_last() else {
            let answer = "HTTP/1.1 202 Accepted\r\nVisio-Protocol: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return client.write_all(answer.as_bytes()).during("answering");
        };
        for extra in first {
            // Its answer is nobody's business; reading it to the end keeps the order.
            let _ = extra.send(self.upstream)?.read_to_end(&mut Vec::new());
        }
        let mut answer = last.send(self.upstream)?;
        pump(&mut answer, &mut client);
        // A client that has gone must be gone for the real server too, and the other way round.
        let _ = answer.shutdown(Shutdown::Both);
        let _ = client.shutdown(Shutdown::Both);
        Ok(())
    }

    fn remember(&self, request: &Request) {
        let mut seen = self.seen();
        let text = format!("{}\n\n{}\n\n", request.head.join("\n"), request.body);
        if seen.text.len() + text.len() <= MAX_SEEN_BYTES {
            seen.text.push_str(&text);
        }
        if let Some(to) = request.recipient()
            && to != ROOM
            && !seen.recipients.contains(&to)
        {
            seen.recipients.push(to);
        }
    }

    /// What is delivered in place of `request`, in this order.
    fn tamper(&self, request: &Request) -> Vec<Request> {
        let sealed = request
            .signal()
            .and_then(|signal| signal["sealed"].as_str().map(str::to_owned));
        let sealed = sealed.unwrap_or_default();
        let mut seen = self.seen();
        let altered = || vec![request.with("sealed", &altered(&sealed))];
        let deliveries = match self.attack {
            Attack::Listen => return vec![request.clone()],
            Attack::AlterDescriptions if sealed.len() < DESCRIPTION_LENGTH => {
                return vec![request.clone()];
            }
            Attack::AlterAll | Attack::AlterDescriptions => altered(),
            Attack::Replay => vec![request.clone(), request.clone()],
            Attack::Withhold => Vec::new(),
            Attack::SwapRecipients => {
                let to = request.recipient();
                let everybody = seen.recipients.iter().map(String::as_str).chain([ROOM]);
                everybody
                    .filter(|other| Some(*other) != to.as_deref())
                    .map(|other| request.with("to", other))
                    .collect()
            }
        };
        seen.attacked += 1;
        deliveries
    }
}

impl Request {
    fn read(client: &TcpStream) -> Result<Self> {
        let mut reader = BufReader::new(client).take(MAX_REQUEST_BYTES as u64);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(Trouble::new("the request ended early"));
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let length = head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        });
        let mut body = vec![0; length.unwrap_or(0).min(MAX_REQUEST_BYTES)];
        reader.read_exact(&mut body)?;
        Ok(Self {
            head,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    fn is_signal(&self) -> bool {
        self.head
            .first()
            .is_some_and(|line| line.starts_with("POST ") && line.contains("/signals "))
    }

    fn signal(&self) -> Option<Value> {
        if self.is_signal() {
            serde_json::from_str(&self.body).ok()
        } else {
            None
        }
    }

    fn recipient(&self) -> Option<String> {
        self.signal()?["to"].as_str().map(str::to_owned)
    }

    /// The same request with one field of its body changed.
    fn with(&self, field: &str, value: &str) -> Self {
        let mut signal = self.signal().unwrap_or_default();
        signal[field] = value.into();
        Self {
            head: self.head.clone(),
            body: signal.to_string(),
        }
    }

    /// Sends it on, as the only request of a connection, from which the answer can be read.
    fn send(&self, upstream: SocketAddr) -> Result<TcpStream> {
        let mut connection = TcpStream::connect(upstream)?;
        let is_kept = |line: &&String| {
            let name = line.split(':').next().unwrap_or_default();
            !name.eq_ignore_ascii_case("connection") && !name.eq_ignore_ascii_case("content-length")
        };
        let mut text: String = self
            .head
            .iter()
            .filter(is_kept)
            .map(|line| format!("{line}\r\n"))
            .collect();
        text.push_str(&format!(
            "Connection: close\r\nContent-Length: {}\r\n\r\n{}",
            self.body.len(),
            self.body
        ));
        connection.write_all(text.as_bytes())?;
        Ok(connection)
    }
}

/// Passes bytes on as they come, until either side has gone.
fn pump(from: &mut TcpStream, to: &mut TcpStream) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(read) = from.read(&mut bytes) {
        if read == 0 || to.write_all(&bytes[..read]).is_err() {
            return;
        }
    }
}

/// Base64url text with another character in its midst.
fn altered(sealed: &str) -> String {
    let middle = sealed.len() / 2;
    let change = |(at, letter): (usize, char)| match letter {
        'A' if at == middle => 'B',
        _ if at == middle => 'A',
        other => other,
    };
    sealed.char_indices().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn altering_changes_one_character_and_keeps_the_length() {
        for sealed in ["AAAA", "abcdefgh", "Zm9vYmFy"] {
            let other = altered(sealed);
            let differing = sealed
                .chars()
                .zip(other.chars())
                .filter(|(a, b)| a != b)
                .count();
            assert_eq!((differing, other.len()), (1, sealed.len()));
        }
    }

    #[test]
    fn a_field_of_a_signal_is_changed_and_the_rest_kept() {
        let head = vec!["POST /v1/rooms/0a/signals HTTP/1.1".to_owned()];
        let request = Request {
            head,
            body: r#"{"to":"room","sealed":"abcd"}"#.to_owned(),
        };
        let signal = request.with("to", "0b").signal().expect("still a signal");
        assert_eq!(
            (signal["to"].as_str(), signal["sealed"].as_str()),
            (Some("0b"), Some("abcd"))
        );
    }
}
