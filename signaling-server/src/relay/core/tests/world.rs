//! A relay whose sockets are a list, and clients that speak STUN to it.

use super::super::*;
use crate::relay::bucket::Rate;
use crate::relay::client::Via;
use crate::relay::credentials::REALM;
use crate::relay::stun::{AttributeType, Key, TransactionId, Writer};
use std::collections::HashSet;
use std::time::Duration;

/// 2023-11-14, in seconds since 1970.
pub const TIME: u64 = 1_700_000_000;

pub const RELAY_V4: &str = "203.0.113.1";
pub const RELAY_V6: &str = "2001:db8::1";

/// Another address of the machine that the relay is on.
pub const OWN: &str = "203.0.113.2";

pub const PEER: &str = "198.51.100.7:5000";
pub const PEER_V6: &str = "[2620:fe::9]:5000";

pub fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// Sockets that are only listed.
#[derive(Default)]
pub struct Listed {
    pub open: HashSet<SocketAddr>,
    /// Ports that the system does not give.
    pub taken: HashSet<u16>,
}

impl Sockets for Listed {
    fn open(&mut self, relayed: SocketAddr) -> bool {
        !self.taken.contains(&relayed.port()) && self.open.insert(relayed)
    }

    fn close(&mut self, relayed: SocketAddr) {
        assert!(self.open.remove(&relayed), "it was open");
    }

    fn is_own(&mut self, ip: IpAddr) -> bool {
        [RELAY_V4, RELAY_V6, OWN].contains(&ip.to_string().as_str())
    }
}

pub struct World {
    pub core: Core,
    pub sockets: Listed,
    pub now: Instant,
    /// Seconds since 1970.
    pub time: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// With some settings changed.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let unbounded = Rate { kbps: 0 };
        let mut settings = Settings {
            secret: RelaySecret::new("north"),
            addresses: [RELAY_V4, RELAY_V6].map(|ip| ip.parse().unwrap()).into(),
            ports: 50_000..=50_099,
            reach: Reach::Public,
            bounds: Bounds {
                addresses: 20,
                session_addresses: 8,
                rate: unbounded,
                session_rate: unbounded,
            },
        };
        change(&mut settings);
        let now = Instant::now();
        Self {
            core: Core::new(settings, [7; 32], now, TIME),
            sockets: Listed::default(),
            now,
            time: TIME,
        }
    }

    /// Time goes by, and the relay is told so.
    pub fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.time += seconds;
        self.core.tick(self.now, self.time, &mut self.sockets);
    }

    /// What the relay makes of bytes of a client.
    pub fn hand(&mut self, client: Client, bytes: &[u8]) -> (Outcome, Packet) {
        let mut packet = Packet::default();
        assert!(packet.replace(bytes));
        let outcome = self
            .core
            .client_sent(client, &mut packet, self.now, &mut self.sockets);
        (outcome, packet)
    }

    /// A datagram of a peer at a relayed address.
    pub fn arrive(&mut self, relayed: SocketAddr, peer: &str, bytes: &[u8]) -> (Outcome, Packet) {
        let mut packet = Packet::default();
        assert!(packet.replace(bytes));
        let outcome = self
            .core
            .peer_sent(relayed, at(peer), &mut packet, self.now);
        (outcome, packet)
    }
}

/// Whoever uses the relay.
#[derive(Clone)]
pub struct Person {
    pub client: Client,
    pub username: String,
    pub key: Key,
    nonce: Vec<u8>,
    transactions: u8,
}

/// What a request was answered with.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// 0 for success.
    pub code: u16,
    pub reason: String,
    bytes: Vec<u8>,
}

impl Answer {
    pub fn value(&self, kind: AttributeType) -> Option<&[u8]> {
        Message::read(&self.bytes).unwrap().value(kind)
    }

    pub fn addresses(&self, kind: AttributeType) -> Vec<SocketAddr> {
        let message = Message::read(&self.bytes).unwrap();
        let addresses = message.attributes().filter(|it| it.kind == kind);
        addresses
            .map(|address| message.read_address(&address).unwrap())
            .collect()
    }

    pub fn relayed(&self) -> SocketAddr {
        self.addresses(AttributeType::XOR_RELAYED_ADDRESS)[0]
    }

    pub fn lifetime(&self) -> u32 {
        let value = self.value(AttributeType::LIFETIME).unwrap();
        u32::from_be_bytes(value.try_into().unwrap())
    }
}

impl Person {
    /// Somebody with good credentials, at this address.
    pub fn new(id: &str, address: &str) -> Self {
        Self::until(id, address, TIME + 86_400)
    }

    pub fn until(id: &str, address: &str, expires: u64) -> Self {
        let username = RelaySecret::username(expires, id);
        Self {
            client: Client {
                address: at(address),
                via: Via::Datagrams(0),
            },
            key: RelaySecret::new("north").key(&username),
            username,
            nonce: Vec::new(),
            transactions: 0,
        }
    }

    pub fn over_stream(mut self) -> Self {
        self.client.via = Via::Stream(1);
        self
    }

    /// A signed request.
    pub fn request(&self, method: Method, fill: impl Fn(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let transaction = TransactionId([self.transactions; 12]);
        let mut writer = Writer::new(&mut bytes, method, Class::Request, transaction);
        fill(&mut writer);
        writer.put(AttributeType::USERNAME, self.username.as_bytes());
        writer.put(AttributeType::REALM, REALM.as_bytes());
        writer.put(AttributeType::NONCE, &self.nonce);
        writer.finish(Some(&self.key));
        bytes
    }

    /// Asks, with a new nonce where one is wanted.
    pub fn ask(
        &mut self,
        world: &mut World,
        method: Method,
        fill: impl Fn(&mut Writer<'_>),
    ) -> Answer {
        self.transactions += 1;
        let request = self.request(method, &fill);
        let answer = self.send(world, &request);
        if answer.code != 438 {
            return answer;
        }
        self.nonce = answer.value(AttributeType::NONCE).unwrap().to_vec();
        self.transactions += 1;
        let request = self.request(method, &fill);
        self.send(world, &request)
    }

    /// Sends a request, and reads the answer.
    pub fn send(&self, world: &mut World, request: &[u8]) -> Answer {
        let (outcome, packet) = world.hand(self.client, request);
        assert_eq!(outcome, Outcome::ToClient(self.client));
        let bytes = packet.as_bytes().to_vec();
        let (asked, message) = (
            Message::read(request).unwrap(),
            Message::read(&bytes).unwrap(),
        );
        assert_eq!(message.transaction(), asked.transaction());
        assert_eq!(message.method(), asked.method());
        let (code, reason) = match message.value(AttributeType::ERROR_CODE) {
            Some([_, _, hundreds, rest, reason @ ..]) => (
                u16::from(*hundreds) * 100 + u16::from(*rest),
                String::from_utf8(reason.to_vec()).unwrap(),
            ),
            _ => (0, String::new()),
        };
        assert_eq!(message.class() == Class::Success, code == 0);
        Answer {
            code,
            reason,
            bytes,
        }
    }

    pub fn try_allocate(&mut self, world: &mut World, fill: impl Fn(&mut Writer<'_>)) -> Answer {
        self.ask(world, Method::Allocate, |writer| {
            writer.put(AttributeType::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
            fill(writer);
        })
    }

    /// A relayed address.
    pub fn allocate(&mut self, world: &mut World) -> SocketAddr {
        let answer = self.try_allocate(world, |_| {});
        assert_eq!(answer.code, 0, "{}", answer.reason);
        answer.relayed()
    }

    pub fn permit(&mut self, world: &mut World, peers: &[&str]) -> Answer {
        self.ask(world, Method::CreatePermission, |writer| {
            for peer in peers {
                writer.put_address(AttributeType::XOR_PEER_ADDRESS, at(peer));
            }
        })
    }

    pub fn bind(&mut self, world: &mut World, number: u16, peer: &str) -> Answer {
        self.ask(world, Method::ChannelBind, |writer| {
            let [a, b] = number.to_be_bytes();
            writer.put(AttributeType::CHANNEL_NUMBER, &[a, b, 0, 0]);
            writer.put_address(AttributeType::XOR_PEER_ADDRESS, at(peer));
        })
    }

    pub fn refresh(&mut self, world: &mut World, seconds: u32) -> Answer {
        self.ask(world, Method::Refresh, |writer| {
            writer.put(AttributeType::LIFETIME, &seconds.to_be_bytes());
        })
    }
}

/// A Send indication.
pub fn send_indication(peer: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let transaction = TransactionId([9; 12]);
    let mut writer = Writer::new(&mut bytes, Method::Send, Class::Indication, transaction);
    writer.put_address(AttributeType::XOR_PEER_ADDRESS, at(peer));
    writer.put(AttributeType::DATA, data);
    writer.finish(None);
    bytes
}

/// Peer and data of a Data indication.
pub fn read_data(packet: &Packet) -> (SocketAddr, Vec<u8>) {
    let message = Message::read(packet.as_bytes()).unwrap();
    assert_eq!(
        (message.method(), message.class()),
        (Method::Data, Class::Indication)
    );
    let peer = message.find(AttributeType::XOR_PEER_ADDRESS).unwrap();
    let data = message.value(AttributeType::DATA).unwrap();
    (message.read_address(&peer).unwrap(), data.to_vec())
}
