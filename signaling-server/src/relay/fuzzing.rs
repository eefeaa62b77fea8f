//! What is fuzzed here: the whole core, with whatever packets come from clients and peers, and
//! whatever times pass. `fuzz/` drives [`drive`] with libFuzzer, the tests drive it with the same
//! seeds, many changes of each, and chance.
//!
//! Of chance alone nobody would ever sign a request: so an input is read as steps, some of which are
//! done properly (a signed request, with attributes from the input) and some of which are bytes as
//! they stand.

use super::addresses::Sockets;
use super::bucket::Rate;
use super::client::{Client, Via};
use super::core::{Core, Outcome, Settings};
use super::credentials::{REALM, RelaySecret};
use super::destinations::Reach;
use super::frame::{self, Next, channel_header};
use super::packet::{MAX_DATAGRAM, Packet};
use super::quota::Bounds;
use super::stun::{AttributeType, Class, Message, Method, TransactionId, Writer};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Seconds since 1970 at the beginning.
const TIME: u64 = 1_700_000_000;

/// Bounds small enough to be met.
const ADDRESSES: usize = 6;
const SESSION_ADDRESSES: usize = 4;

/// The clients of an input.
const CLIENTS: u8 = 5;

/// Numbers that are the same for every run: xorshift64*.
#[derive(Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// A sequence of its own for each seed other than 0.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to `end`, without it.
    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % end.max(1) as u64) as usize
    }
}

#[derive(Default)]
struct Listed(HashSet<SocketAddr>);

impl Sockets for Listed {
    fn open(&mut self, relayed: SocketAddr) -> bool {
        !relayed.port().is_multiple_of(5) && self.0.insert(relayed)
    }

    fn close(&mut self, relayed: SocketAddr) {
        assert!(self.0.remove(&relayed), "what is closed was open");
    }

    fn is_own(&mut self, ip: IpAddr) -> bool {
        ip == IpAddr::from([203, 0, 113, 1])
    }
}

/// A relay, and what an input does to it.
struct Driver {
    core: Core,
    sockets: Listed,
    now: Instant,
    time: u64,
    secret: RelaySecret,
    nonces: Vec<Vec<u8>>,
    packet: Packet,
}

/// The bytes of an input, one after the other; zeros when there are none left.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *byte
    }

    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// One of few addresses, so that things meet.
    fn peer(&mut self) -> SocketAddr {
        let ip: IpAddr = match self.byte() % 6 {
            0 => [203, 0, 113, 1].into(),
            1 => [10, 0, 0, 1].into(),
            2 => [0x2620, 0xfe, 0, 0, 0, 0, 0, 9].into(),
            3 => [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(),
            _ => [198, 51, 100, self.byte() % 4].into(),
        };
        SocketAddr::new(ip, 50_000 + u16::from(self.byte() % 12))
    }
}

/// Runs an input: a relay with few places, to which all of it happens.
///
/// # Panics
/// When a bound does not hold.
pub fn drive(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut driver = Driver::new();
    while !input.0.is_empty() {
        driver.step(&mut input);
        driver.check();
    }
    // An hour later all is as it was.
    driver.pass(3600);
    assert_eq!(driver.sockets.0.len(), 0, "sockets that nobody closes");
    driver.check();
}

impl Driver {
    fn new() -> Self {
        let secret = RelaySecret::new("north");
        let settings = Settings {
            secret: secret.clone(),
            addresses: vec![
                [203, 0, 113, 1].into(),
                [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(),
            ],
            ports: 50_000..=50_011,
            reach: Reach::Public,
            bounds: Bounds {
                addresses: ADDRESSES,
                session_addresses: SESSION_ADDRESSES,
                rate: Rate { kbps: 500 },
                session_rate: Rate { kbps: 300 },
            },
        };
        let now = Instant::now();
        Self {
            core: Core::new(settings, [7; 32], now, TIME),
            sockets: Listed::default(),
            now,
            time: TIME,
            secret,
            nonces: vec![Vec::new(); usize::from(CLIENTS)],
            packet: Packet::default(),
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0 => self.pass(u64::from(input.byte())),
            1 => {
                let (client, length) = (input.byte(), input.byte());
                let bytes = input.bytes(usize::from(length)).to_vec();
                self.hand(client, &bytes);
            }
            2 => self.stream(input),
            3 => {
                let (relayed, peer) = (input.peer(), input.peer());
                let length = usize::from(input.byte()) * 8;
                self.packet.received(length);
                let outcome = self
                    .core
                    .peer_sent(relayed, peer, &mut self.packet, self.now);
                self.look(outcome);
            }
            4 => self.channel(input),
            5 => {
                let gone = client(input.byte());
                self.core.gone(gone, &mut self.sockets);
            }
            _ => self.request(input),
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.time += seconds;
        self.core.tick(self.now, self.time, &mut self.sockets);
    }

    fn hand(&mut self, who: u8, bytes: &[u8]) {
        if !self.packet.replace(bytes) {
            return;
        }
        let from = client(who);
        let outcome = self
            .core
            .client_sent(from, &mut self.packet, self.now, &mut self.sockets);
        self.look(outcome);
        if outcome == Outcome::ToClient(from)
            && let Ok(message) = Message::read(self.packet.as_bytes())
            && let Some(nonce) = message.value(AttributeType::NONCE)
        {
            self.nonces[usize::from(who % CLIENTS)] = nonce.to_vec();
        }
    }

    /// Bytes as they come over a stream.
    fn stream(&mut self, input: &mut Input<'_>) {
        let (who, length) = (input.byte(), input.byte());
        let mut bytes = input.bytes(usize::from(length)).to_vec();
        while let Ok(Next::Frame { frame, whole }) = frame::next(&bytes) {
            let frame = bytes[..frame].to_vec();
            self.hand(who, &frame);
            bytes.drain(..whole);
        }
    }

    fn channel(&mut self, input: &mut Input<'_>) {
        let (who, number) = (input.byte(), 0x4000 + u16::from(input.byte() % 4));
        let data = input.byte();
        let data = input.bytes(usize::from(data));
        let bytes = [&channel_header(number, data.len())[..], data].concat();
        self.hand(who, &bytes);
    }

    /// A request as it should be, or nearly.
    fn request(&mut self, input: &mut Input<'_>) {
        let (who, what) = (input.byte(), input.byte());
        let (method, class) = match what % 8 {
            0 | 1 => (Method::Allocate, Class::Request),
            2 => (Method::Refresh, Class::Request),
            3 | 4 => (Method::CreatePermission, Class::Request),
            5 => (Method::ChannelBind, Class::Request),
            6 => (Method::Send, Class::Indication),
            _ => (Method::Binding, Class::Request),
        };
        let username = RelaySecret::username(TIME + 1000, who % 3);
        let key = self.secret.key(&username);
        let mut bytes = Vec::new();
        let transaction = TransactionId([input.byte(); 12]);
        let mut writer = Writer::new(&mut bytes, method, class, transaction);
        for _ in 0..input.byte() % 6 {
            attribute(input, &mut writer);
        }
        if what & 0x80 == 0 {
            writer.put(AttributeType::USERNAME, username.as_bytes());
            writer.put(AttributeType::REALM, REALM.as_bytes());
            writer.put(
                AttributeType::NONCE,
                &self.nonces[usize::from(who % CLIENTS)],
            );
        }
        writer.finish((what & 0x40 == 0).then_some(&key));
        self.hand(who, &bytes);
    }

    fn look(&self, outcome: Outcome) {
        let length = self.packet.as_bytes().len();
        match outcome {
            Outcome::Nothing => {}
            Outcome::ToClient(_) => assert!(length <= MAX_DATAGRAM + 64),
            Outcome::ToPeer { relayed, peer } => {
                assert!(self.sockets.0.contains(&relayed));
                assert!(peer.ip() != relayed.ip(), "it leads to its own machine");
                assert!(Reach::Public.allows(peer.ip()));
            }
        }
    }

    fn check(&self) {
        assert!(self.core.within_bounds(ADDRESSES));
        // Each pair of ports may keep one more.
        assert!(self.sockets.0.len() <= 2 * ADDRESSES + 64);
    }
}

fn client(who: u8) -> Client {
    let number = who % CLIENTS;
    Client {
        address: SocketAddr::new([192, 0, 2, number].into(), 1000),
        via: match number {
            0..=2 => Via::Datagrams(0),
            _ => Via::Stream(u64::from(number)),
        },
    }
}

fn attribute(input: &mut Input<'_>, writer: &mut Writer<'_>) {
    match input.byte() % 10 {
        0 | 1 => writer.put(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]),
        2 | 3 => writer.put_address(AttributeType::XOR_PEER_ADDRESS, input.peer()),
        4 => {
            let number = 0x40 + u8::from(input.byte() == 0);
            let channel = [number, input.byte() % 4, 0, 0];
            writer.put(AttributeType::CHANNEL_NUMBER, &channel);
        }
        5 => {
            let seconds = u32::from(input.byte()) * 30;
            writer.put(AttributeType::LIFETIME, &seconds.to_be_bytes());
        }
        6 => {
            let family = [input.byte() % 4, 0, 0, 0];
            writer.put(AttributeType::REQUESTED_ADDRESS_FAMILY, &family);
        }
        7 => writer.put(AttributeType::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]),
        8 => writer.put(AttributeType::EVEN_PORT, &[input.byte()]),
        _ => {
            let kind = u16::from_be_bytes([input.byte() & 0x81, input.byte()]);
            let length = usize::from(input.byte() % 32);
            writer.put(AttributeType(kind), input.bytes(length));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Changed copies of each seed.
    const CHANGES: usize = 300;

    #[test]
    fn no_change_of_any_seed_breaks_a_bound() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/relay");
        let mut seeds = 0;
        for entry in std::fs::read_dir(corpus).unwrap() {
            let seed = std::fs::read(entry.unwrap().path()).unwrap();
            seeds += 1;
            drive(&seed);
            let mut numbers = Numbers::new(seeds);
            for _ in 0..CHANGES {
                let mut changed = seed.clone();
                for _ in 0..=numbers.below(10) {
                    let place = numbers.below(changed.len());
                    changed[place] = numbers.draw() as u8;
                }
                drive(&changed);
            }
        }
        assert!(seeds > 0, "the corpus is empty");
    }
}
