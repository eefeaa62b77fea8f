//! What is asked for before anything tells that it is missing.

use std::collections::BTreeMap;

use super::tests::{Sender, at, outputs};
use super::*;

/// Milliseconds from one picture to the next, and from a request to what it asks for.
const PICTURE: u64 = 33;
const ANSWER: u64 = 80;

/// One who sends small pictures, of one packet each, over a path that loses some.
struct Call {
    sender: Sender,
    assembler: Assembler,
    now: u64,
    next: u64,
    lost: BTreeMap<u16, RtpPacket>,
    answers: BTreeMap<(u64, u16), RtpPacket>,
}

impl Call {
    fn begin() -> Self {
        let (mut sender, mut assembler) = (Sender::new(), Assembler::new());
        for packet in sender.keyframe() {
            assembler.push(packet, sender.start);
        }
        Self {
            sender,
            assembler,
            now: 0,
            next: PICTURE,
            lost: BTreeMap::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Lets so many pictures pass, of which `loses` says by their number which are lost; returns what was asked for, and when.
    fn pass(&mut self, pictures: u64, loses: impl Fn(u64) -> bool) -> Vec<(u64, Vec<u16>)> {
        let (mut number, mut asked) = (0, vec![]);
        while number < pictures {
            self.now += 1;
            let now = at(&self.sender, self.now);
            if self.now >= self.next {
                self.next += PICTURE;
                self.sender.timestamp = self.sender.timestamp.wrapping_add(90 * PICTURE as u32);
                let packet = self.sender.packet(&[0x41, 0x88, 7], true);
                match loses(number) {
                    true => drop(self.lost.insert(packet.sequence, packet)),
                    false => self.assembler.push(packet, now),
                }
                number += 1;
            }
            while let Some(entry) = self.answers.first_entry()
                && entry.key().0 <= self.now
            {
                self.assembler.push(entry.remove(), now);
            }
            let (_, nack) = outputs(&mut self.assembler, now);
            for sequence in &nack {
                if let Some(packet) = self.lost.remove(sequence) {
                    self.answers.insert((self.now + ANSWER, *sequence), packet);
                }
            }
            if !nack.is_empty() {
                asked.push((self.now, nack));
            }
        }
        asked
    }
}

#[test]
fn where_much_is_lost_a_picture_is_asked_for_when_it_should_have_come() {
    let mut call = Call::begin();
    call.pass(60, |n| n % 10 == 4);
    let newest = call.now;
    let next = call.assembler.sequence.highest() as u16 + 1;
    // Two in a row: the third to come would be the first to tell.
    let asked = call.pass(3, |n| n < 2);
    let (at, numbers) = &asked[0];
    assert_eq!(numbers, &[next]);
    assert!(
        (PICTURE..PICTURE + 20).contains(&(at - newest)),
        "{asked:?}"
    );
}

#[test]
fn where_little_is_lost_nothing_is_suspected() {
    let mut call = Call::begin();
    call.pass(10, |n| n == 5);
    call.pass(600, |_| false);
    let newest = call.now;
    let asked = call.pass(3, |n| n < 2);
    assert!(asked[0].0 >= newest + 3 * PICTURE, "{asked:?}");
}

#[test]
fn one_who_stops_sending_is_asked_once() {
    let mut call = Call::begin();
    call.pass(60, |n| n % 10 == 4);
    call.next = u64::MAX;
    let end = call.now + 5_000;
    let mut asked = 0;
    while call.now < end {
        call.now += 1;
        asked += outputs(&mut call.assembler, at(&call.sender, call.now))
            .1
            .len();
    }
    assert_eq!(asked, 1);
}
