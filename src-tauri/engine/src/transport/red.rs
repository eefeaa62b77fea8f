//! Copies of earlier packets that travel with a new one (RED, RFC 2198), and how many are worth it.
//!
//! A voice is 32 kbit/s, so a lost packet is cheaper to send twice than to ask for. Of a voice at 5 % loss and 40 ms of
//! round trip is concealed (the first two measured by the scenarios in `audio/inbound/tests`, the others reckoned):
//!
//! - with Opus' own FEC, 1.0 % of speech and 5.2 % of a tone: it covers only what Opus takes for speech, coarsely;
//! - with copies, 0.05 to 0.22 % of either, for 45 to 65 kbit/s and a frame of delay each: they are the packets themselves;
//! - with asking again (NACK), 0.5 %: what is repeated is lost as often as anything, and so is the question; and the delay
//!   grows by the round trip beside the frame that reveals the gap, 60 ms in place of 20;
//! - DRED, which the libopus that we build (1.6) has only when compiled with its neural networks, and the `opus` crate does
//!   not reach, would pay against losses of half a second, which two copies don't cover. Not used.
//!
//! Each link wraps for itself, so that one weak line costs nobody else anything; browsers speak the same format. Pure; a
//! packet costs one copy of some hundred bytes.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

use super::bitrate::Bitrate;

/// Copies in a packet, at most: the two packets before it.
pub const MOST_COPIES: usize = 2;

/// Blocks taken out of a received packet, at most. Chromium sends up to nine copies.
const MOST_BLOCKS: usize = 10;

/// Timestamps of copies are told by 14 bits of difference (RFC 2198, section 3).
const MOST_OFFSET: u32 = (1 << 14) - 1;

/// And their lengths by 10 bits.
const MOST_LENGTH: usize = (1 << 10) - 1;

/// Bytes before a copy: payload type, offset and length. Before the newest it is one.
const COPY_HEADER: usize = 4;

/// Says that another block follows.
const MORE: u8 = 0x80;

/// Loss from which one copy is sent. A report of 50 packets can tell no less than 2 %; smoothed, one lost packet in three
/// seconds.
const WORTH_ONE: f32 = 0.005;

/// Loss from which two are: there a second loss in a row is heard twice a minute.
const WORTH_TWO: f32 = 0.02;

/// Loss that is assumed before the first report: one copy costs little, and a call's first words are its first impression.
const ASSUMED: f32 = 0.01;

/// A report that is worse than what is known counts half, one that is better a tenth: losses come in spells.
const WORSE: f32 = 0.5;
const BETTER: f32 = 0.1;

/// The share of what a path carries that a voice and its copies may take: where the path is the trouble, copies make it worse.
const MOST_SHARE: f64 = 0.3;

/// What one block of a received packet holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// How many packets before the one that it came in; 0 is that one itself.
    pub behind: u16,
    /// How far its timestamp lies before that packet's.
    pub offset: u32,
    /// What the packet held.
    pub payload: Bytes,
}

/// How many copies a link's voice needs.
#[derive(Debug)]
pub struct Redundancy {
    loss: f32,
}

impl Default for Redundancy {
    fn default() -> Self {
        Self { loss: ASSUMED }
    }
}

impl Redundancy {
    /// The other side says that it missed this share of the voice's packets, 0 to 1.
    pub fn report(&mut self, loss: f32) {
        let loss = if loss.is_finite() {
            loss.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let weight = if loss > self.loss { WORSE } else { BETTER };
        self.loss += (loss - self.loss) * weight;
    }

    /// Copies to send with a packet of a voice that takes `voice`, on a path that is thought to carry `estimate`.
    pub fn copies(&self, voice: Bitrate, estimate: Option<Bitrate>) -> usize {
        let wanted = match self.loss {
            loss if loss >= WORTH_TWO => 2,
            loss if loss >= WORTH_ONE => 1,
            _ => 0,
        };
        let Some(estimate) = estimate else {
            return wanted;
        };
        let share = estimate.bps() as f64 * MOST_SHARE / voice.bps().max(1) as f64;
        wanted.min((share as usize).saturating_sub(1))
    }
}

/// The latest packets of one stream, to be sent along with the next.
#[derive(Debug, Default)]
pub struct Copies {
    sent: VecDeque<(u32, Bytes)>,
}

impl Copies {
    /// The payload that carries this packet, and so many of those before it if they fit in; `None` when it carries none
    /// and is to be sent as it is. `payload_type` is what the two sides call the codec. Packets are given in the order in
    /// which they are numbered, all of them.
    pub fn wrap(
        &mut self,
        timestamp: u32,
        payload: &Bytes,
        copies: usize,
        payload_type: u8,
    ) -> Option<Bytes> {
        let fits = |(before, copy): &&(u32, Bytes)| {
            (1..=MOST_OFFSET).contains(&timestamp.wrapping_sub(*before))
                && copy.len() <= MOST_LENGTH
        };
        // Blocks are numbered by their place, so the first that does not fit ends the row.
        let count = self
            .sent
            .iter()
            .rev()
            .take(copies.min(MOST_COPIES))
            .take_while(fits)
            .count();
        let row = self.sent.iter().skip(self.sent.len() - count);
        let wrapped = (count > 0).then(|| {
            let size: usize = row.clone().map(|(_, copy)| COPY_HEADER + copy.len()).sum();
            let mut out = BytesMut::with_capacity(size + 1 + payload.len());
            for (before, copy) in row.clone() {
                let offset = timestamp.wrapping_sub(*before);
                out.put_u8(MORE | payload_type);
                out.put_slice(&((offset << 10) | copy.len() as u32).to_be_bytes()[1..]);
            }
            out.put_u8(payload_type & !MORE);
            for (_, copy) in row {
                out.put_slice(copy);
            }
            out.put_slice(payload);
            out.freeze()
        });
        if self.sent.len() == MOST_COPIES {
            self.sent.pop_front();
        }
        self.sent.push_back((timestamp, payload.clone()));
        wrapped
    }
}

/// Takes a received payload apart: the newest block first, then the copies from the newest to the oldest. Empty when it is
/// none, or when it holds another codec than `payload_type`. Copies without content are left out.
pub fn unwrap(payload: &Bytes, payload_type: u8) -> Vec<Block> {
    parse(payload, payload_type).unwrap_or_default()
}

fn parse(payload: &Bytes, payload_type: u8) -> Option<Vec<Block>> {
    let mut headers = Vec::new();
    let mut at = 0;
    while *payload.get(at)? & MORE != 0 {
        let header: [u8; COPY_HEADER] = payload.get(at..at + COPY_HEADER)?.try_into().ok()?;
        let word = u32::from_be_bytes(header);
        let (offset, length) = (word >> 10 & MOST_OFFSET, word as usize & MOST_LENGTH);
        headers.push((header[0] & !MORE, offset, length));
        if headers.len() == MOST_BLOCKS {
            return None;
        }
        at += COPY_HEADER;
    }
    let newest_type = *payload.get(at)?;
    at += 1;
    let mut blocks = Vec::with_capacity(headers.len() + 1);
    let copies = headers.len();
    for (index, (block_type, offset, length)) in headers.into_iter().enumerate() {
        let content = at..at + length;
        payload.get(content.clone())?;
        at += length;
        if block_type == payload_type && length > 0 && offset > 0 {
            blocks.push(Block {
                behind: (copies - index) as u16,
                offset,
                payload: payload.slice(content),
            });
        }
    }
    if newest_type != payload_type || at == payload.len() {
        return None;
    }
    blocks.push(Block {
        behind: 0,
        offset: 0,
        payload: payload.slice(at..),
    });
    blocks.reverse();
    Some(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPUS: u8 = 111;
    const FRAME: u32 = 960;

    fn packet(n: u32) -> Bytes {
        Bytes::from(vec![n as u8; 60 + n as usize])
    }

    #[test]
    fn a_packet_comes_apart_into_itself_and_the_packets_before_it() {
        let mut copies = Copies::default();
        let start = u32::MAX - FRAME;
        let stamp = |n: u32| start.wrapping_add(n * FRAME);
        assert_eq!(
            copies.wrap(stamp(0), &packet(0), 2, OPUS),
            None,
            "none before"
        );
        let one = copies.wrap(stamp(1), &packet(1), 2, OPUS).unwrap();
        assert_eq!(unwrap(&one, OPUS).len(), 2);
        for n in 2..20 {
            let wrapped = copies.wrap(stamp(n), &packet(n), 2, OPUS).unwrap();
            let expected: Vec<Block> = (0..=2u16)
                .map(|behind| Block {
                    behind,
                    offset: u32::from(behind) * FRAME,
                    payload: packet(n - u32::from(behind)),
                })
                .collect();
            assert_eq!(unwrap(&wrapped, OPUS), expected);
        }
    }

    #[test]
    fn without_need_a_packet_is_sent_as_it_is_and_still_remembered() {
        let mut copies = Copies::default();
        assert_eq!(copies.wrap(0, &packet(0), 0, OPUS), None);
        assert_eq!(copies.wrap(FRAME, &packet(1), 0, OPUS), None);
        let wrapped = copies.wrap(2 * FRAME, &packet(2), 1, OPUS).unwrap();
        assert_eq!(unwrap(&wrapped, OPUS)[1].payload, packet(1));
    }

    #[test]
    fn what_lies_before_a_long_silence_or_is_too_long_is_not_copied() {
        let mut copies = Copies::default();
        copies.wrap(0, &packet(0), 2, OPUS);
        assert_eq!(copies.wrap(20 * FRAME, &packet(1), 2, OPUS), None);
        copies.wrap(21 * FRAME, &Bytes::from(vec![1; 1_200]), 2, OPUS);
        assert_eq!(copies.wrap(22 * FRAME, &packet(3), 2, OPUS), None);
    }

    #[test]
    fn the_words_on_the_wire_are_those_of_the_rfc() {
        let mut copies = Copies::default();
        copies.wrap(0, &Bytes::from_static(b"ab"), 1, OPUS);
        let wrapped = copies
            .wrap(FRAME, &Bytes::from_static(b"xyz"), 1, OPUS)
            .unwrap();
        // 960 << 10 | 2 in 24 bits.
        assert_eq!(&wrapped[..], b"\xef\x0f\x00\x02\x6fabxyz");
    }

    #[test]
    fn nothing_that_anybody_sends_makes_it_panic_or_return_what_was_not_there() {
        let mut copies = Copies::default();
        for n in 0..3 {
            copies.wrap(n * FRAME, &packet(n), 2, OPUS);
        }
        let valid = copies.wrap(3 * FRAME, &packet(3), 2, OPUS).unwrap();
        let mut seed = 11_u64;
        let mut roll = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as usize
        };
        for _ in 0..50_000 {
            let mut bytes = valid.to_vec();
            for _ in 0..roll() % 5 {
                let at = roll() % bytes.len().min(24);
                bytes[at] = roll() as u8;
            }
            bytes.truncate(roll() % (bytes.len() + 1));
            let bytes = Bytes::from(bytes);
            let blocks = unwrap(&bytes, OPUS);
            let held: usize = blocks.iter().map(|block| block.payload.len()).sum();
            assert!(blocks.len() <= MOST_BLOCKS && held <= bytes.len());
            assert!(blocks.iter().all(|block| !block.payload.is_empty()));
            assert!(blocks.first().is_none_or(|block| block.behind == 0));
        }
        assert!(unwrap(&Bytes::from(vec![0xff; 1_400]), OPUS).is_empty());
        assert!(
            unwrap(&valid, 0).is_empty(),
            "a codec that was not agreed on"
        );
    }

    #[test]
    fn copies_follow_the_loss_quickly_up_and_slowly_down() {
        let (mut need, voice) = (Redundancy::default(), Bitrate::from_kbps(32));
        assert_eq!(need.copies(voice, None), 1, "before anything is known");
        let reports = (0..30).take_while(|_| {
            need.report(0.0);
            need.copies(voice, None) > 0
        });
        assert!((4..15).contains(&reports.count()), "seconds until none");
        need.report(0.06);
        assert_eq!(need.copies(voice, None), 2);
        for _ in 0..5 {
            need.report(0.0);
        }
        assert_eq!(need.copies(voice, None), 1);
        need.report(f32::NAN);
        assert!(need.copies(voice, None) <= 1);
    }

    #[test]
    fn a_narrow_path_is_not_filled_with_copies() {
        let (mut need, voice) = (Redundancy::default(), Bitrate::from_kbps(32));
        need.report(0.2);
        assert_eq!(need.copies(voice, Some(Bitrate::from_kbps(2_000))), 2);
        assert_eq!(need.copies(voice, Some(Bitrate::from_kbps(250))), 1);
        assert_eq!(need.copies(voice, Some(Bitrate::from_kbps(150))), 0);
        assert_eq!(need.copies(voice, Some(Bitrate::ZERO)), 0);
    }
}
