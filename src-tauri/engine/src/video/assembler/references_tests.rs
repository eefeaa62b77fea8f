//! Pictures that nothing builds on, lost.

use super::tests::{Sender, at, outputs};
use super::*;

const REFERENCE: u8 = 0x41;
const LEFT_OUT: u8 = 0x01;

/// A slice of the picture with this number.
fn slice(header: u8, number: u8) -> [u8; 4] {
    // First macroblock 0, type 5, parameter set 0, four bits of number.
    [header, 0x9a | number >> 3 & 1, number << 5 | 0x10, 7]
}

fn picture(sender: &mut Sender, header: u8, number: u8) -> RtpPacket {
    sender.timestamp += 3000;
    sender.packet(&slice(header, number), true)
}

/// A stream whose parameter set says that numbers have four bits.
fn started() -> (Sender, Assembler) {
    let (mut sender, mut assembler) = (Sender::new(), Assembler::new());
    let sets = [0x78, 0, 6, 0x67, 66, 0xc0, 31, 0xda, 0x7f, 0, 2, 0x68, 1];
    let sets = sender.packet(&sets, false);
    let key = sender.packet(&slice(0x65, 0), true);
    assembler.push(sets, sender.start);
    assembler.push(key, sender.start);
    assert_eq!(outputs(&mut assembler, sender.start).0.len(), 1);
    (sender, assembler)
}

#[test]
fn a_lost_picture_that_nothing_builds_on_is_left_behind() {
    let (mut sender, mut assembler) = started();
    let first = picture(&mut sender, REFERENCE, 1);
    assembler.push(first, at(&sender, 0));
    let _lost = picture(&mut sender, LEFT_OUT, 2);
    let next = picture(&mut sender, REFERENCE, 2);
    assembler.push(next, at(&sender, 66));
    let later = picture(&mut sender, LEFT_OUT, 3);
    assembler.push(later, at(&sender, 99));
    assert_eq!(outputs(&mut assembler, at(&sender, 99)).0.len(), 1);
    // It is given the time of one retransmission.
    let (units, _) = outputs(&mut assembler, at(&sender, 66 + 8 + 100));
    assert_eq!(units.len(), 2);
    assert!(!assembler.awaits_keyframe() && assembler.deadline().is_none());
}

#[test]
fn a_half_lost_picture_that_nothing_builds_on_is_left_behind() {
    let (mut sender, mut assembler) = started();
    sender.timestamp += 3000;
    let half = sender.packet(&[0x1c, 0x81, 0x9a, 0x30, 7], false);
    let _lost = sender.packet(&[0x1c, 0x41, 7], true);
    assembler.push(half, at(&sender, 0));
    let next = picture(&mut sender, REFERENCE, 1);
    assembler.push(next, at(&sender, 33));
    let (units, _) = outputs(&mut assembler, at(&sender, 33 + 108));
    assert_eq!(units.len(), 1);
    assert!(!assembler.awaits_keyframe());
}

#[test]
fn a_lost_picture_that_others_build_on_is_not() {
    let (mut sender, mut assembler) = started();
    let _lost = picture(&mut sender, REFERENCE, 1);
    for (header, number) in [(LEFT_OUT, 2), (REFERENCE, 2), (LEFT_OUT, 3)] {
        let packet = picture(&mut sender, header, number);
        assembler.push(packet, at(&sender, 33));
    }
    assert!(outputs(&mut assembler, at(&sender, 300)).0.is_empty());
    assert!(outputs(&mut assembler, at(&sender, 433)).0.is_empty());
    assert!(assembler.awaits_keyframe());
}

#[test]
fn numbers_wrap() {
    let (mut sender, mut assembler) = started();
    for number in 1..16 {
        let packet = picture(&mut sender, REFERENCE, number);
        assembler.push(packet, at(&sender, 0));
    }
    assert_eq!(outputs(&mut assembler, at(&sender, 0)).0.len(), 15);
    let _lost = picture(&mut sender, LEFT_OUT, 0);
    let next = picture(&mut sender, REFERENCE, 0);
    assembler.push(next, at(&sender, 33));
    assert_eq!(outputs(&mut assembler, at(&sender, 141)).0.len(), 1);
}

#[test]
fn of_a_real_stream_every_picture_that_nothing_builds_on_can_be_lost_and_the_rest_is_decoded() {
    use crate::video::h264::{Encoded, H264Decoder, H264Encoder};
    use crate::video::packetizer::packetize;
    use crate::video::pattern::{Pattern, Stamp};

    let mut encoder = H264Encoder::new(200_000, 30.0);
    let (mut sender, mut assembler) = (Sender::new(), Assembler::new());
    let (mut decoder, pattern, mut stream) = (H264Decoder::new(), Pattern::new(), Vec::new());
    let (mut lost, mut sent, mut decoded) = (0, 0, 0);
    for number in 0..40u32 {
        let stamp = Stamp {
            number,
            micros: 0,
            width: 96,
            height: 64,
        };
        let frame = pattern.picture(&stamp);
        let milliseconds = u64::from(number) * 33;
        let encoded = encoder.encode(&frame, milliseconds, &mut stream);
        let encoded = encoded.expect("a picture");
        if encoded == Encoded::Skipped {
            continue;
        }
        sender.timestamp += 3000;
        let payloads = packetize(&stream);
        for (index, payload) in payloads.iter().enumerate() {
            let packet = sender.packet(payload, index + 1 == payloads.len());
            if encoded != Encoded::Droppable {
                assembler.push(packet, at(&sender, milliseconds));
            }
        }
        lost += u32::from(encoded == Encoded::Droppable);
        sent += u32::from(encoded != Encoded::Droppable);
        // Late enough for whatever is missing.
        let later = at(&sender, milliseconds + 300);
        for unit in outputs(&mut assembler, later).0 {
            let picture = decoder.decode(&unit.data).expect("it can be decoded");
            decoded += u32::from(picture.is_some());
        }
        assert!(!assembler.awaits_keyframe(), "{number}");
    }
    assert!(lost >= 15 && sent >= 15, "{lost} lost, {sent} sent");
    assert_eq!(decoded, sent);
}
