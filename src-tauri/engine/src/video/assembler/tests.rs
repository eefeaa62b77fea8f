use super::*;
use bytes::Bytes;
use std::time::Duration;

const SPS: u8 = 0x67;
const IDR: u8 = 0x65;
const DELTA: u8 = 0x41;
/// First slice byte that says "first macroblock is number 0".
const FIRST: u8 = 0x88;

/// A sender whose packets, one millisecond apart, the tests deliver, delay or lose.
pub struct Sender {
    pub start: Instant,
    sequence: u16,
    pub timestamp: u32,
}

impl Sender {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            sequence: 65_530, // so that every test crosses the wrap
            timestamp: 0,
        }
    }

    pub fn packet(&mut self, payload: &[u8], marker: bool) -> RtpPacket {
        let packet = RtpPacket {
            sequence: self.sequence,
            timestamp: self.timestamp,
            marker,
            payload: Bytes::copy_from_slice(payload),
            arrived: self.start,
        };
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }

    /// Parameter sets and a slice in two fragments: three packets.
    pub fn keyframe(&mut self) -> Vec<RtpPacket> {
        self.timestamp = self.timestamp.wrapping_add(3000);
        vec![
            self.packet(&[0x78, 0, 2, SPS, 1, 0, 2, 0x68, 1], false),
            self.packet(&[0x7c, 0x80 | (IDR & 0x1f), FIRST, 1], false),
            self.packet(&[0x7c, 0x40 | (IDR & 0x1f), 2], true),
        ]
    }

    /// One packet.
    fn delta(&mut self) -> RtpPacket {
        self.timestamp = self.timestamp.wrapping_add(3000);
        self.packet(&[DELTA, FIRST, 7], true)
    }
}

pub fn at(sender: &Sender, milliseconds: u64) -> Instant {
    sender.start + Duration::from_millis(milliseconds)
}

pub fn outputs(assembler: &mut Assembler, now: Instant) -> (Vec<AccessUnit>, Vec<u16>) {
    let (mut units, mut nacks) = (Vec::new(), Vec::new());
    while let Some(output) = assembler.poll(now) {
        match output {
            Output::AccessUnit(unit) => units.push(unit),
            Output::Nack(numbers) => nacks.extend(numbers),
        }
    }
    (units, nacks)
}

/// Pictures that came whole before the test: some seconds, so that one lost packet is not taken for a lossy path.
const BEFORE: usize = 128;

fn started() -> (Sender, Assembler) {
    let (mut sender, mut assembler) = (Sender::new(), Assembler::new());
    for packet in sender.keyframe() {
        assembler.push(packet, sender.start);
    }
    for _ in 0..BEFORE {
        assembler.push(sender.delta(), sender.start);
    }
    let (units, _) = outputs(&mut assembler, sender.start);
    assert_eq!(units.len(), 1 + BEFORE);
    (sender, assembler)
}

#[test]
fn packets_in_order_become_pictures_at_once() {
    let (mut sender, mut assembler) = (Sender::new(), Assembler::new());
    for packet in sender.keyframe() {
        assembler.push(packet, sender.start);
    }
    assembler.push(sender.delta(), sender.start);
    let (units, nacks) = outputs(&mut assembler, sender.start);
    assert!(nacks.is_empty() && assembler.deadline().is_none());
    assert!(units[0].keyframe && !units[1].keyframe);
    let whole = [
        &[0, 0, 0, 1, SPS, 1][..],
        &[0, 0, 0, 1, 0x68, 1],
        &[0, 0, 0, 1, IDR, FIRST, 1, 2],
    ];
    assert_eq!(units[0].data, whole.concat());
    assert_eq!(units[1].data, [0, 0, 0, 1, DELTA, FIRST, 7]);
}

#[test]
fn nothing_comes_out_before_the_first_keyframe() {
    let (mut sender, mut assembler) = (Sender::new(), Assembler::new());
    assembler.push(sender.delta(), sender.start);
    assert!(outputs(&mut assembler, sender.start).0.is_empty());
    assert!(assembler.awaits_keyframe());
    for packet in sender.keyframe() {
        assembler.push(packet, sender.start);
    }
    assert_eq!(outputs(&mut assembler, sender.start).0.len(), 1);
    assert!(!assembler.awaits_keyframe());
}

#[test]
fn a_keyframe_that_is_on_its_way_is_not_asked_for() {
    let (mut sender, mut assembler) = (Sender::new(), Assembler::new());
    assert!(assembler.wants_keyframe());
    for packet in sender.keyframe() {
        assembler.push(packet, sender.start);
        assert!(!assembler.wants_keyframe());
    }
}

#[test]
fn packets_that_merely_overtake_each_other_are_not_asked_for() {
    let (mut sender, mut assembler) = started();
    let (first, second) = (sender.delta(), sender.delta());
    assembler.push(second, at(&sender, 1));
    assert!(outputs(&mut assembler, at(&sender, 1)).1.is_empty());
    assembler.push(first, at(&sender, 2));
    let (units, nacks) = outputs(&mut assembler, at(&sender, 20));
    assert_eq!((units.len(), nacks.len()), (2, 0));
}

#[test]
fn a_lost_packet_is_asked_for_again_and_the_picture_completed() {
    let (mut sender, mut assembler) = started();
    let lost = sender.delta();
    assembler.push(sender.delta(), at(&sender, 0));
    let deadline = assembler.deadline().unwrap();
    assert_eq!(deadline, at(&sender, 8));
    assert_eq!(outputs(&mut assembler, deadline).1, [lost.sequence]);
    assert!(
        outputs(&mut assembler, at(&sender, 50)).1.is_empty(),
        "not again so soon"
    );
    assert_eq!(outputs(&mut assembler, at(&sender, 108)).1, [lost.sequence]);
    assembler.push(lost, at(&sender, 120));
    assert_eq!(outputs(&mut assembler, at(&sender, 120)).0.len(), 2);
    let stats = assembler.stats();
    assert_eq!(
        (stats.packets_lost, stats.packets_retransmitted, stats.nacks),
        (0, 1, 2)
    );
}

#[test]
fn three_later_packets_make_a_loss_certain_without_waiting() {
    let (mut sender, mut assembler) = started();
    let lost = sender.delta();
    for _ in 0..3 {
        assembler.push(sender.delta(), sender.start);
    }
    assert_eq!(outputs(&mut assembler, sender.start).1, [lost.sequence]);
}

#[test]
fn repeated_requests_follow_what_a_retransmission_takes() {
    let (mut sender, mut assembler) = started();
    let lost = sender.delta();
    assembler.push(sender.delta(), sender.start);
    outputs(&mut assembler, at(&sender, 8));
    assembler.push(lost, at(&sender, 28)); // recovered within 20 ms
    let again = sender.delta();
    assembler.push(sender.delta(), at(&sender, 100));
    assert_eq!(
        outputs(&mut assembler, at(&sender, 108)).1,
        [again.sequence]
    );
    assert_eq!(
        assembler.deadline(),
        // That, twice its deviation, and a margin.
        Some(at(&sender, 108 + 20 + 10 + 5)),
    );
}

#[test]
fn on_a_path_that_keeps_order_a_lost_packet_is_asked_for_at_once() {
    let (mut sender, mut assembler) = started();
    let lost = sender.delta();
    assembler.push(sender.delta(), sender.start);
    outputs(&mut assembler, at(&sender, 8));
    assembler.push(lost, at(&sender, 48));
    let lost = sender.delta();
    assembler.push(sender.delta(), at(&sender, 10_000));
    assert_eq!(
        outputs(&mut assembler, at(&sender, 10_000)).1,
        [lost.sequence]
    );
    // It was only late: no repair is that quick.
    assembler.push(lost, at(&sender, 10_003));
    sender.delta();
    assembler.push(sender.delta(), at(&sender, 10_100));
    assert!(outputs(&mut assembler, at(&sender, 10_100)).1.is_empty());
}

#[test]
fn where_packets_come_late_by_themselves_they_are_given_the_time() {
    let (mut sender, mut assembler) = started();
    for n in 1..6 {
        let (late, now) = (sender.delta(), 100 * n);
        assembler.push(sender.delta(), at(&sender, now));
        outputs(&mut assembler, at(&sender, now + 2 * n));
        assembler.push(late, at(&sender, now + 4 * n));
        outputs(&mut assembler, at(&sender, now + 4 * n));
    }
    let (_late, before) = (sender.delta(), assembler.stats().nacks);
    for _ in 0..4 {
        assembler.push(sender.delta(), at(&sender, 600));
    }
    outputs(&mut assembler, at(&sender, 620));
    assert_eq!(assembler.stats().nacks, before, "it may still come");
    outputs(&mut assembler, at(&sender, 640));
    assert_eq!(assembler.stats().nacks, before + 1);
}

#[test]
fn when_retransmissions_take_longer_than_they_did_more_time_is_given() {
    let (mut sender, mut assembler) = started();
    let lost = sender.delta();
    assembler.push(sender.delta(), sender.start);
    outputs(&mut assembler, at(&sender, 8));
    assembler.push(lost, at(&sender, 18)); // recovered within 10 ms
    let (mut now, mut gave_up) = (100, 0);
    // From now on within 120 ms.
    while gave_up < 10 {
        let lost = sender.delta();
        assembler.push(sender.delta(), at(&sender, now));
        for _ in 0..128 {
            now += 1;
            outputs(&mut assembler, at(&sender, now));
        }
        assembler.push(lost, at(&sender, now));
        outputs(&mut assembler, at(&sender, now));
        if !assembler.awaits_keyframe() {
            break;
        }
        gave_up += 1;
        for packet in sender.keyframe() {
            assembler.push(packet, at(&sender, now));
        }
        outputs(&mut assembler, at(&sender, now));
    }
    assert!((1..4).contains(&gave_up), "{gave_up}");
}

#[test]
fn the_last_packet_of_a_picture_is_asked_for_before_the_next_picture_comes() {
    let (mut sender, mut assembler) = started();
    let lost = sender.delta();
    assembler.push(sender.delta(), sender.start);
    outputs(&mut assembler, at(&sender, 8));
    assembler.push(lost, at(&sender, 48));
    outputs(&mut assembler, at(&sender, 48));
    sender.timestamp += 3000;
    let begins = sender.packet(&[0x7c, 0x81, FIRST, 1], false);
    let ends = sender.packet(&[0x7c, 0x41, 2], true);
    assembler.push(begins, at(&sender, 100));
    assert_eq!(assembler.deadline(), Some(at(&sender, 110)));
    assert_eq!(outputs(&mut assembler, at(&sender, 110)).1, [ends.sequence]);
    assert_eq!(assembler.deadline(), None, "once");
    assembler.push(ends, at(&sender, 150));
    assert_eq!(outputs(&mut assembler, at(&sender, 150)).0.len(), 1);
}

#[test]
fn a_gap_is_waited_for_as_long_as_a_few_retransmissions_take() {
    let (mut sender, mut assembler) = started();
    let lost = sender.delta();
    assembler.push(sender.delta(), sender.start);
    outputs(&mut assembler, at(&sender, 8));
    assembler.push(lost, at(&sender, 28)); // recovered within 20 ms
    sender.delta();
    assembler.push(sender.delta(), at(&sender, 100));
    outputs(&mut assembler, at(&sender, 212));
    assert!(!assembler.awaits_keyframe());
    outputs(&mut assembler, at(&sender, 214));
    assert!(assembler.awaits_keyframe());
}

#[test]
fn a_gap_that_is_not_filled_is_given_up_and_a_keyframe_awaited() {
    let (mut sender, mut assembler) = started();
    let _lost = sender.delta();
    assembler.push(sender.delta(), sender.start);
    outputs(&mut assembler, at(&sender, 399));
    assert!(!assembler.awaits_keyframe());
    let (units, _) = outputs(&mut assembler, at(&sender, 400));
    assert!(units.is_empty() && assembler.awaits_keyframe());
    assert!(assembler.deadline().is_none());
    assert_eq!(assembler.stats().packets_lost, 1);
    assembler.push(sender.delta(), at(&sender, 410));
    assert!(outputs(&mut assembler, at(&sender, 410)).0.is_empty());
    for packet in sender.keyframe() {
        assembler.push(packet, at(&sender, 420));
    }
    assert_eq!(outputs(&mut assembler, at(&sender, 420)).0.len(), 1);
}

#[test]
fn a_whole_keyframe_behind_a_gap_ends_the_wait() {
    let (mut sender, mut assembler) = started();
    let _lost = sender.delta();
    for packet in sender.keyframe() {
        assembler.push(packet, at(&sender, 1));
    }
    let (units, nacks) = outputs(&mut assembler, at(&sender, 1));
    assert!(units.len() == 1 && units[0].keyframe && nacks.is_empty());
}

/// The parameter sets of a new size are lost: by the old ones its slices would be no picture.
#[test]
fn a_keyframe_is_not_begun_with_its_slices_while_its_parameter_sets_are_missing() {
    let (mut sender, mut assembler) = started();
    let keyframe = sender.keyframe();
    for packet in &keyframe[1..] {
        assembler.push(packet.clone(), at(&sender, 1));
    }
    assembler.push(sender.delta(), at(&sender, 33));
    let (units, nacks) = outputs(&mut assembler, at(&sender, 45));
    assert!(units.is_empty());
    assert_eq!(nacks, [keyframe[0].sequence]);
    assembler.push(keyframe[0].clone(), at(&sender, 80));
    let (units, _) = outputs(&mut assembler, at(&sender, 80));
    assert_eq!(units.len(), 2);
    assert!(units[0].keyframe && units[0].data.contains(&SPS));
}

#[test]
fn nor_when_the_gap_is_given_up() {
    let (mut sender, mut assembler) = started();
    for packet in &sender.keyframe()[1..] {
        assembler.push(packet.clone(), at(&sender, 1));
    }
    let (units, _) = outputs(&mut assembler, at(&sender, 1000));
    assert!(units.is_empty() && assembler.wants_keyframe());
}

/// Some senders say their parameter sets once and for all.
#[test]
fn a_keyframe_without_parameter_sets_of_its_own_ends_the_wait_when_it_is_whole() {
    let (mut sender, mut assembler) = started();
    sender.delta(); // lost
    assembler.push(sender.delta(), at(&sender, 33));
    sender.timestamp = sender.timestamp.wrapping_add(3000);
    let slice = sender.packet(&[IDR, FIRST, 1], true);
    assembler.push(slice, at(&sender, 66));
    let (units, _) = outputs(&mut assembler, at(&sender, 66));
    assert_eq!(units.len(), 1);
    assert!(units[0].keyframe);
}

#[test]
fn a_sender_that_begins_anew_is_followed() {
    let (mut sender, mut assembler) = started();
    sender.sequence = 20_000;
    let stray = sender.delta();
    assembler.push(stray, sender.start);
    for packet in sender.keyframe() {
        assembler.push(packet, sender.start);
    }
    // The packet that could not be believed was no part of the keyframe.
    assert_eq!(outputs(&mut assembler, sender.start).0.len(), 1);
}

#[test]
fn a_picture_whose_end_mark_is_missing_ends_with_the_next_timestamp() {
    let (mut sender, mut assembler) = started();
    let mut unmarked = sender.delta();
    unmarked.marker = false;
    assembler.push(unmarked, sender.start);
    assembler.push(sender.delta(), sender.start);
    assert_eq!(outputs(&mut assembler, sender.start).0.len(), 2);
}

#[test]
fn packets_that_come_twice_or_too_late_change_nothing() {
    let (mut sender, mut assembler) = started();
    let packet = sender.delta();
    for _ in 0..3 {
        assembler.push(packet.clone(), sender.start);
    }
    assert_eq!(outputs(&mut assembler, sender.start).0.len(), 1);
    assert_eq!(assembler.stats().packets_discarded, 2);
}

#[test]
fn malformed_payloads_break_their_picture_and_nothing_else() {
    let malformed: [&[u8]; 8] = [
        &[0x7c, 0x05, 1],           // a fragment that never began
        &[0x7c],                    // a fragment without header
        &[0x7c, 0x85],              // an empty fragment
        &[0x7c, 0x80 | 28, 1],      // a fragment of a fragment
        &[0x78],                    // an empty aggregate
        &[0x78, 0, 9, DELTA],       // longer inside than outside
        &[0x78, 0, 0, 0, 1, DELTA], // a unit of no bytes
        &[0x1f, 1, 2],              // a type that does not exist
    ];
    for payload in malformed {
        let (mut sender, mut assembler) = started();
        let packet = sender.packet(payload, true);
        assembler.push(packet, sender.start);
        assert!(
            outputs(&mut assembler, sender.start).0.is_empty(),
            "{payload:?}"
        );
        assert_eq!(assembler.stats().packets_malformed, 1, "{payload:?}");
        assert!(assembler.awaits_keyframe(), "{payload:?}");
        for packet in sender.keyframe() {
            assembler.push(packet, sender.start);
        }
        assert_eq!(
            outputs(&mut assembler, sender.start).0.len(),
            1,
            "{payload:?}"
        );
    }
}

#[test]
fn a_unit_cut_off_by_another_is_not_decoded() {
    let (mut sender, mut assembler) = started();
    sender.timestamp += 3000;
    let begun = sender.packet(&[0x7c, 0x81, FIRST, 1], false);
    let other = sender.packet(&[DELTA, FIRST, 2], true);
    assembler.push(begun, sender.start);
    assembler.push(other, sender.start);
    assert!(outputs(&mut assembler, sender.start).0.is_empty());
    assert!(assembler.awaits_keyframe());
}

#[test]
fn padding_is_passed_over() {
    let (mut sender, mut assembler) = started();
    let padding = sender.packet(&[], false);
    assembler.push(padding, sender.start);
    assembler.push(sender.delta(), sender.start);
    assert_eq!(outputs(&mut assembler, sender.start).0.len(), 1);
}

#[test]
fn a_flood_behind_a_gap_is_bounded() {
    let (mut sender, mut assembler) = started();
    let _lost = sender.delta();
    for _ in 0..3 * MAX_HELD {
        assembler.push(sender.delta(), sender.start);
        assert!(assembler.held.len() <= MAX_HELD);
    }
}

#[test]
fn each_gap_tells_once_how_long_it_held_everything_up() {
    let (mut sender, mut assembler) = started();
    let (first, mid, second) = (sender.delta(), sender.delta(), sender.delta());
    assembler.push(mid, at(&sender, 10));
    assembler.push(sender.delta(), at(&sender, 20));
    assert_eq!(assembler.waited(), None, "it lasts");
    assembler.push(first, at(&sender, 90));
    assert_eq!(assembler.waited(), Some(Duration::from_millis(80)));
    assembler.push(second, at(&sender, 115));
    assert_eq!(assembler.waited(), Some(Duration::from_millis(95)));
    assembler.push(sender.delta(), at(&sender, 120));
    assert_eq!(assembler.waited(), None);
    assert_eq!(outputs(&mut assembler, at(&sender, 120)).0.len(), 5);
}

#[test]
fn packets_missed_together_are_one_gap_and_one_that_was_given_up_is_none() {
    let (mut sender, mut assembler) = started();
    let lost = [sender.delta(), sender.delta(), sender.delta()];
    assembler.push(sender.delta(), at(&sender, 0));
    for (packet, ms) in lost.into_iter().zip([50, 60, 70]) {
        assembler.push(packet, at(&sender, ms));
    }
    assert_eq!(assembler.waited(), Some(Duration::from_millis(70)));
    assert_eq!(assembler.waited(), None);
    let _lost = sender.delta();
    assembler.push(sender.delta(), at(&sender, 100));
    outputs(&mut assembler, at(&sender, 1_000));
    assert!(assembler.awaits_keyframe());
    assert_eq!(assembler.waited(), None);
}
