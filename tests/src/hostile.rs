//! A server that means ill: it stands in front of a real `visio-server`, reads all that passes, and alters, misdirects,
//! repeats or withholds what people say to one another. All that a hostile server could do to sealed signals, it can do
//! on their way in, so answers and event streams pass unchanged.
//!
//! One thread per connection; a connection carries one request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
struct Request {
    head: Vec<String>,
    body: String,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut client: TcpStream) -> Result<()> {
        let mut request = Request::read(&client)?;
        self.remember(&request);
        if let Some(signals) = request.signals() {
            let delivered = self.tamper(signals);
            if delivered.is_empty() {
                let answer = "HTTP/1.1 202 Accepted\r\nVisio-Protocol: 1\r\nContent-Type: application/json\r\n\
                    Content-Length: 14\r\nConnection: close\r\n\r\n{\"unknown\":[]}";
                return client.write_all(answer.as_bytes()).during("answering");
            }
            request.body = json!({ "signals": delivered }).to_string();
        }
        let mut answer = request.send(self.upstream)?;
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
    }

    /// What is delivered in place of `signals`, in this order.
    fn tamper(&self, signals: Vec<Signal>) -> Vec<Signal> {
        let mut seen = self.seen();
        for signal in &signals {
            if signal.to != ROOM && !seen.recipients.contains(&signal.to) {
                seen.recipients.push(signal.to.clone());
            }
        }
        let spared = |signal: &Signal| match self.attack {
            Attack::Listen => true,
            Attack::AlterDescriptions => signal.sealed.len() < DESCRIPTION_LENGTH,
            _ => false,
        };
        let mut delivered = Vec::new();
        for signal in signals {
            if spared(&signal) {
                delivered.push(signal);
                continue;
            }
            seen.attacked += 1;
            match self.attack {
                Attack::Listen | Attack::Withhold => {}
                Attack::AlterAll | Attack::AlterDescriptions => {
                    delivered.push(Signal {
                        sealed: altered(&signal.sealed),
                        ..signal
                    });
                }
                Attack::Replay => delivered.extend([signal.clone(), signal]),
                Attack::SwapRecipients => {
                    let everybody = seen.recipients.iter().map(String::as_str).chain([ROOM]);
                    let others = everybody.filter(|other| *other != signal.to);
                    delivered.extend(others.map(|other| Signal {
                        to: other.to_owned(),
                        ..signal.clone()
                    }));
                }
            }
        }
        delivered
    }
}

/// One sealed message, as the protocol's requests carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signal {
    to: String,
    sealed: String,
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

    /// The signals in it, if it is a request that hands some on.
    fn signals(&self) -> Option<Vec<Signal>> {
        let line = self.head.first()?;
        if !line.starts_with("POST ") || !line.contains("/signals ") {
            return None;
        }
        let body: Value = serde_json::from_str(&self.body).ok()?;
        serde_json::from_value(body["signals"].clone()).ok()
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

    fn request(attack: Attack) -> (Shared, Vec<Signal>) {
        let head = vec!["POST /v1/rooms/0a/signals HTTP/1.1".to_owned()];
        let body =
            r#"{"signals":[{"to":"0b","sealed":"abcd"},{"to":"0c","sealed":"efgh"}]}"#.to_owned();
        let signals = Request { head, body }
            .signals()
            .expect("it carries signals");
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let shared = Shared {
            upstream,
            attack,
            stopping: AtomicBool::new(false),
            seen: Mutex::default(),
        };
        (shared, signals)
    }

    #[test]
    fn each_attack_does_what_it_is_called() {
        let delivered = |attack| {
            let (shared, signals) = request(attack);
            let to = |signal: &Signal| format!("{} to {}", signal.sealed, signal.to);
            shared.tamper(signals).iter().map(to).collect::<Vec<_>>()
        };
        assert_eq!(delivered(Attack::Listen), ["abcd to 0b", "efgh to 0c"]);
        assert_eq!(delivered(Attack::AlterAll), ["abAd to 0b", "efAh to 0c"]);
        assert_eq!(
            delivered(Attack::Replay),
            ["abcd to 0b", "abcd to 0b", "efgh to 0c", "efgh to 0c"]
        );
        let swapped = ["abcd to 0c", "abcd to room", "efgh to 0b", "efgh to room"];
        assert_eq!(delivered(Attack::SwapRecipients), swapped);
        assert!(delivered(Attack::Withhold).is_empty());
    }
}
