//! A wire that others speak into, and a peer that asks for nonsense: nothing comes of either.

use super::*;

/// A generator of noise that is the same every time (xorshift).
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn datagram(&mut self, first: u8) -> Vec<u8> {
        let length = 1 + self.next() as usize % 200;
        let mut bytes: Vec<u8> = (0..length).map(|_| self.next() as u8).collect();
        bytes[0] = first;
        bytes
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_wire_does_no_harm() {
    let wire = Wire::lay().await;
    let (alice, mut bob) = connect_by(Some(wire.clone())).await;
    let mut noise = Noise(0x1234_5678);
    // STUN, DTLS, TURN, RTP and RTCP, and what is none of them, by first byte (RFC 7983).
    for _round in 0..8 {
        for first in 0..=255 {
            wire.inject(&noise.datagram(first)).await;
        }
        // The flood may have filled a socket's buffer: what matters is that media flows after it.
        warm_up(&alice, &mut bob).await;
    }
    assert_eq!(alice.link.stats().state, LinkState::Connected);
    assert_eq!(bob.link.stats().state, LinkState::Connected);
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_of_the_past_are_not_taken_twice() {
    let wire = Wire::lay().await;
    let (alice, mut bob) = connect_by(Some(wire)).await;
    warm_up(&alice, &mut bob).await;
    alice.link.send_video(&video(1, true, 1));
    let seen = bob.next_video().await.sequence;
    // Asked for although it came: what is sent again is a replay to the other side's SRTP.
    bob.link.nack(Picture::Camera, &[seen]);
    alice.link.send_video(&video(2, true, 1));
    assert_eq!(bob.next_video().await.sequence, seen.wrapping_add(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_everything_gets_a_bounded_part_of_it() {
    let (alice, mut bob) = connect().await;
    warm_up(&alice, &mut bob).await;
    for n in 0..20 {
        alice.link.send_video(&video(n, n == 0, 10));
        for _ in 0..10 {
            bob.next_video().await;
        }
    }
    let sent = alice.link.stats().video_sent;
    for block in 0..128u16 {
        let numbers: Vec<u16> = (block * 512..=block * 512 + 511).collect();
        bob.link.nack(Picture::Camera, &numbers);
        bob.link.request_keyframe(Picture::Camera);
    }
    // What follows arrives, and the repair before it took no more than its share.
    alice.link.send_video(&video(30, true, 1));
    while bob.next_video().await.timestamp != 30 * 3000 {}
    let repaired = alice.link.stats().retransmitted;
    assert!(
        repaired.bytes <= sent.bytes / 4 + 24 * 1024,
        "{repaired:?} of {sent:?}"
    );
}
