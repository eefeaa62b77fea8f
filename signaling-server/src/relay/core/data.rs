//! What is relayed: from clients to peers and back.

use super::super::destinations::Reach;
use super::super::frame::{channel_data, channel_header};
use super::super::stun::{
    ATTRIBUTE_HEADER, AttributeType, COOKIE, Class, Family, HEADER, Message, Method, TransactionId,
    XorAddress, padded,
};
use super::{Client, Core, Instant, Outcome, Packet, SocketAddr};
use std::ops::Range;

/// A Send indication, taken apart: the peer, and where the data lies. `None` for one that the RFC
/// wants dropped: without either, or with something that must be understood and is not (RFC 8656,
/// section 11.2).
pub(super) fn sent(message: &Message<'_>) -> Option<(SocketAddr, Range<usize>)> {
    let (mut peer, mut data) = (None, None);
    for attribute in message.attributes() {
        match attribute.kind {
            AttributeType::XOR_PEER_ADDRESS if peer.is_none() => {
                peer = Some(message.read_address(&attribute)?);
            }
            AttributeType::DATA if data.is_none() => {
                data = Some(attribute.start..attribute.start + attribute.value.len());
            }
            AttributeType::XOR_PEER_ADDRESS | AttributeType::DATA => {}
            kind if kind.must_be_understood() => return None,
            _ => {}
        }
    }
    Some((peer?, data?))
}

impl Core {
    /// ChannelData from a client.
    pub(super) fn channel_data(
        &mut self,
        client: Client,
        packet: &mut Packet,
        now: Instant,
    ) -> Outcome {
        let Some((number, data)) = channel_data(packet.as_bytes()) else {
            return Outcome::Nothing;
        };
        let allocation = self.allocations.get(&client);
        let Some(peer) = allocation.and_then(|it| it.peer(number, now)) else {
            return Outcome::Nothing;
        };
        packet.narrow(data);
        self.relay_to_peer(client, peer, packet, now)
    }

    /// A Send indication of a client.
    pub(super) fn send(
        &mut self,
        client: Client,
        peer: SocketAddr,
        data: Range<usize>,
        packet: &mut Packet,
        now: Instant,
    ) -> Outcome {
        let allocation = self.allocations.get(&client);
        if !allocation.is_some_and(|it| it.permits(peer.ip(), now)) {
            return Outcome::Nothing;
        }
        packet.narrow(data);
        self.relay_to_peer(client, peer, packet, now)
    }

    /// Data of a client for a peer that it may reach.
    fn relay_to_peer(
        &mut self,
        client: Client,
        peer: SocketAddr,
        packet: &mut Packet,
        now: Instant,
    ) -> Outcome {
        let Some(allocation) = self.allocations.get(&client) else {
            return Outcome::Nothing;
        };
        let Some(relayed) = allocation.relayed.of(Family::of(peer.ip())) else {
            return Outcome::Nothing;
        };
        if now >= allocation.expires || !self.passes(client, packet, now) {
            return Outcome::Nothing;
        }
        if self.relays_at(peer.ip()) {
            if self.addresses.owner(peer).is_some() {
                return self.peer_sent(peer, relayed, packet, now);
            }
            if self.reach != Reach::Loopback {
                return Outcome::Nothing;
            }
        }
        Outcome::ToPeer { relayed, peer }
    }

    /// A datagram that has arrived from `peer` at a relayed address.
    pub fn peer_sent(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        packet: &mut Packet,
        now: Instant,
    ) -> Outcome {
        let Some(client) = self.addresses.owner(relayed) else {
            return Outcome::Nothing;
        };
        let Some(allocation) = self.allocations.get(&client) else {
            return Outcome::Nothing;
        };
        if now >= allocation.expires || !allocation.permits(peer.ip(), now) {
            return Outcome::Nothing;
        }
        let channel = allocation.channel(peer, now);
        if !self.passes(client, packet, now) {
            return Outcome::Nothing;
        }
        let length = packet.as_bytes().len();
        match channel {
            Some(number) => {
                packet.prepend(&channel_header(number, length));
                if client.has_stream() {
                    packet.pad();
                }
            }
            None => {
                self.indications += 1;
                indicate(packet, peer, self.indications);
            }
        }
        Outcome::ToClient(client)
    }

    /// Whether the bandwidth of a client's session allows a packet.
    fn passes(&mut self, client: Client, packet: &Packet, now: Instant) -> bool {
        let Some(allocation) = self.allocations.get(&client) else {
            return false;
        };
        let account = allocation.account;
        let passes = self.quotas.pass(account, packet.as_bytes().len(), now);
        if !passes {
            self.held_back += 1;
        }
        passes
    }
}

/// Makes a Data indication of what a packet holds (RFC 8656, section 11.4).
fn indicate(packet: &mut Packet, peer: SocketAddr, number: u64) {
    let mut transaction = TransactionId([0; 12]);
    transaction.0[4..].copy_from_slice(&number.to_be_bytes());
    let address = XorAddress::new(peer, &transaction);
    let address = address.as_bytes();
    let data = packet.as_bytes().len();
    let length = 2 * ATTRIBUTE_HEADER + address.len() + padded(data);

    packet.pad();
    packet.prepend(&attribute_header(AttributeType::DATA, data));
    packet.prepend(address);
    packet.prepend(&attribute_header(
        AttributeType::XOR_PEER_ADDRESS,
        address.len(),
    ));
    let mut header = [0; HEADER];
    header[..2].copy_from_slice(&Method::Data.message_type(Class::Indication).to_be_bytes());
    header[2..4].copy_from_slice(&be16(length));
    header[4..8].copy_from_slice(&COOKIE);
    header[8..].copy_from_slice(&transaction.0);
    packet.prepend(&header);
}

fn attribute_header(kind: AttributeType, length: usize) -> [u8; ATTRIBUTE_HEADER] {
    let ([a, b], [c, d]) = (kind.0.to_be_bytes(), be16(length));
    [a, b, c, d]
}

/// A length that is known to be short, as it is written.
fn be16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}
