//! What is fuzzed here: packets of a voice, as a peer may send them. `fuzz/` drives [`packets`] with libFuzzer; the tests
//! below drive it with a stream of ours, changed some thousand times.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::inbound::AudioSource;
use super::sound::Sound;
use crate::transport::clock::SenderClock;
use crate::transport::packet::RtpPacket;
use crate::transport::red;

/// Bytes before each packet: sequence number and length as `u16`, timestamp in frames of 20 ms as `u16`, all big endian; a
/// byte of 5 ms each since the packet before; and a byte whose lowest bit says that copies of earlier ones come along.
pub const PACKET_HEADER: usize = 8;

/// What both sides call Opus.
const OPUS: u8 = 111;

/// No more is played of one input: ten minutes. A gap is a byte, so this bounds only how long an input takes.
const MOST_BLOCKS: u32 = 60_000;

/// Packets, in whatever order and shape, through everything that a voice goes through, 10 ms of playing at a time.
pub fn packets(input: &[u8]) {
    let (source, mut block) = (AudioSource::new(), Sound::default());
    let start = Instant::now();
    let (mut at, mut played, mut rest) = (Duration::ZERO, 0, input);
    while let Some((header, more)) = rest.split_first_chunk::<PACKET_HEADER>() {
        let word = |n: usize| u16::from_be_bytes([header[n], header[n + 1]]);
        let (payload, more) = more.split_at(usize::from(word(2)).min(more.len()));
        rest = more;
        at += Duration::from_millis(5) * u32::from(header[6]);
        let packet = RtpPacket {
            sequence: word(0),
            timestamp: u32::from(word(4)).wrapping_mul(960),
            marker: false,
            payload: Bytes::copy_from_slice(payload),
            arrived: start + at,
        };
        if header[7] & 1 == 1 {
            push_parts(&source, &packet);
        } else {
            source.push(packet);
        }
        source.set_clock(SenderClock {
            ntp: u64::from(word(2)) << 40,
            timestamp: u32::from(word(4)),
        });
        while Duration::from_millis(10) * played < at && played < MOST_BLOCKS {
            let now = start + Duration::from_millis(10) * played;
            source.fill(480, &mut block, now, Duration::ZERO);
            assert_eq!((block.left().len(), block.right().len()), (480, 480));
            let bounded = |channel: &[f32]| channel.iter().all(|sample| sample.abs() <= 1.5);
            assert!(block.channels().all(bounded));
            played += 1;
        }
    }
    let stats = source.stats();
    assert!(stats.concealed_samples <= stats.total_samples);
}

/// As a link takes a packet with copies apart.
fn push_parts(source: &AudioSource, packet: &RtpPacket) {
    for block in red::unwrap(&packet.payload, OPUS) {
        let part = RtpPacket {
            sequence: packet.sequence.wrapping_sub(block.behind),
            timestamp: packet.timestamp.wrapping_sub(block.offset),
            payload: block.payload,
            ..packet.clone()
        };
        match block.behind {
            0 => source.push(part),
            behind => source.push_copy(part, behind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FRAME_SAMPLES;
    use super::super::babble::Babble;
    use super::super::encoder::AudioEncoder;
    use super::*;
    use crate::corpus::{self, Changes};

    /// A word of a voice is a hundred bytes, so whole packets are cut out too.
    const CHANGES: Changes = Changes {
        copies: 300,
        edits: 6,
        span: 200,
    };

    #[test]
    fn damaged_voices_neither_crash_nor_stall_nor_roar() {
        corpus::run("audio_packets", CHANGES, packets);
    }

    /// How the seed came to be: `cargo test -p visio-engine -- --ignored seed_of_a_voice`.
    #[test]
    #[ignore = "writes the seed corpus of fuzz/"]
    fn the_seed_of_a_voice_is_written() {
        let (mut babble, mut encoder) = (Babble::new(), AudioEncoder::new().unwrap());
        let (mut copies, mut out, mut sequence, mut gap) =
            (red::Copies::default(), Vec::new(), 65_530_u16, 0_u8);
        for n in 0..60_u16 {
            let mut frame = [0.0; FRAME_SAMPLES];
            let speaks = !(20..45).contains(&n);
            if speaks {
                babble.fill(&mut frame);
            }
            gap = gap.saturating_add(4);
            let Some(payload) = encoder.encode(&frame, speaks).unwrap() else {
                continue;
            };
            let wrapped = copies.wrap(u32::from(n) * 960, &payload, usize::from(n % 3), OPUS);
            let bytes = wrapped.as_ref().unwrap_or(&payload);
            for word in [sequence, bytes.len() as u16, n] {
                out.extend_from_slice(&word.to_be_bytes());
            }
            out.extend_from_slice(&[gap, u8::from(wrapped.is_some())]);
            out.extend_from_slice(bytes);
            (sequence, gap) = (sequence.wrapping_add(1), 0);
        }
        let folder = corpus::folder("audio_packets");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("words-and-a-pause"), out).unwrap();
    }
}
