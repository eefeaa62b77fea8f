//! RTP packets into access units: order, gaps, and what to ask the sender for.
//!
//! Pure, driven by `push(packet, now)` and `poll(now)`; it runs on the receiver's media thread. A packet
//! that comes in order passes at once. Only a gap waits, as long as a few retransmissions take on this path
//! (60 to 400 ms): then everything up to the next keyframe is given up, because it refers to what is missing;
//! or only what is missing, and sooner, where nothing refers to it.

mod access_unit;
mod cadence;
mod missing;
mod references;
mod sequence;

#[cfg(test)]
mod references_tests;
#[cfg(test)]
mod suspicion_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::transport::packet::RtpPacket;
pub use access_unit::AccessUnit;
use access_unit::{AccessUnitBuilder, Beginning, beginning};
use cadence::Cadence;
use missing::MissingPackets;
use references::References;
use sequence::{Placed, SequenceUnwrapper};

/// When a packet should have come and has not for this long, it is asked for: the loss of a picture's last packet, or of a
/// small picture, would otherwise show only with the next picture. Who has not sent it yet passes over the request.
const TAIL_TIME: Duration = Duration::from_millis(10);

/// Packets held behind a gap; 2.4 MB at most. Beyond it the gap is given up (drop policy: oldest).
const MAX_HELD: usize = 2048;

/// Waits that nobody has asked for yet; the oldest is forgotten.
const MAX_WAITS: usize = 64;

/// What the assembler wants done.
#[derive(Debug)]
pub enum Output {
    /// Decode this. They come in order, and the first is a keyframe.
    AccessUnit(AccessUnit),
    /// Ask the sender for these sequence numbers again.
    Nack(Vec<u16>),
}

/// What has passed, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssemblerStats {
    /// Packets that arrived, each sequence number once.
    pub packets_received: u64,
    /// Packets that were sent, going by their numbers, and have not arrived in time.
    pub packets_lost: u64,
    /// Packets that came twice, or after they had been given up.
    pub packets_discarded: u64,
    /// Packets that arrived after they had been asked for.
    pub packets_retransmitted: u64,
    /// Packets whose payload breaks RFC 6184.
    pub packets_malformed: u64,
    /// Requests for retransmission.
    pub nacks: u64,
    /// Access units that were complete.
    pub frames_received: u64,
    /// Access units that were incomplete, or referred to one that was.
    pub frames_dropped: u64,
}

/// Puts one stream together.
pub struct Assembler {
    sequence: SequenceUnwrapper,
    /// The number that must come next.
    next: u64,
    held: BTreeMap<u64, RtpPacket>,
    missing: MissingPackets,
    building: AccessUnitBuilder,
    references: References,
    cadence: Cadence,
    /// When to ask for what follows the newest packet.
    tail_due: Option<Instant>,
    /// Nothing is decodable until a keyframe comes.
    awaiting_keyframe: bool,
    ready: VecDeque<AccessUnit>,
    /// Since when what must come next is missing.
    blocked: Option<Instant>,
    waits: VecDeque<Duration>,
    stats: AssemblerStats,
}

impl Default for Assembler {
    fn default() -> Self {
        Self {
            sequence: SequenceUnwrapper::default(),
            next: 0,
            held: BTreeMap::new(),
            missing: MissingPackets::default(),
            building: AccessUnitBuilder::default(),
            references: References::default(),
            cadence: Cadence::default(),
            tail_due: None,
            awaiting_keyframe: true,
            ready: VecDeque::new(),
            blocked: None,
            waits: VecDeque::new(),
            stats: AssemblerStats::default(),
        }
    }
}

impl Assembler {
    /// One that waits for the first packet, and for a keyframe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a packet, in whatever order it comes.
    pub fn push(&mut self, packet: RtpPacket, now: Instant) {
        let number = match self.sequence.place(packet.sequence) {
            Placed::Ignored => {
                self.stats.packets_discarded += 1;
                return;
            }
            Placed::First(number) => {
                self.start_at(number);
                number
            }
            Placed::Ahead { number, skipped } => {
                self.missing.add(skipped, now);
                number
            }
            Placed::Behind(number) => number,
        };
        if number < self.next || self.held.contains_key(&number) {
            self.stats.packets_discarded += 1;
            return;
        }
        self.stats.packets_received += 1;
        if number == self.sequence.highest() {
            self.tail_due = self.next_expected(&packet).map(|after| now + after);
        }
        if self.missing.arrived(number, now) {
            self.stats.packets_retransmitted += 1;
        }
        if number == self.next {
            self.take_in_order(packet);
            self.take_held();
        } else {
            let ends_picture = packet.marker;
            self.held.insert(number, packet);
            if ends_picture {
                self.jump_to_complete_keyframe(number);
            }
            if self.held.len() > MAX_HELD {
                self.give_up_gap();
            }
        }
        self.watch_gap(now);
    }

    /// What is to be done now; call until it gives nothing.
    pub fn poll(&mut self, now: Instant) -> Option<Output> {
        if self.missing.give_up_at().is_some_and(|at| at <= now) {
            self.missing.gave_up();
            self.give_up_gap();
        }
        if self.missing.skip_at().is_some_and(|at| at <= now) {
            self.skip_what_nothing_builds_on();
        }
        self.watch_gap(now);
        if let Some(unit) = self.ready.pop_front() {
            return Some(Output::AccessUnit(unit));
        }
        let highest = self.sequence.highest();
        let mut wanted = self.missing.due(highest, now);
        if self.missing.knows_path() && self.tail_due.is_some_and(|due| due <= now) {
            self.tail_due = None;
            wanted.push((highest + 1) as u16);
            self.missing.asked_ahead(highest + 1, now);
        }
        if wanted.is_empty() {
            return None;
        }
        self.stats.nacks += 1;
        Some(Output::Nack(wanted))
    }

    /// When `poll` has something to do though no packet comes.
    pub fn deadline(&self) -> Option<Instant> {
        let give_up = self.missing.give_up_at();
        let tail = self.tail_due.filter(|_| self.missing.knows_path());
        let moments = [self.missing.next_due(), give_up, tail];
        moments.into_iter().flatten().min()
    }

    /// For how long a gap held up what came after it, once for each gap after which decoding went on. A gap that cost
    /// everything up to the next keyframe is not among them: no patience would have helped.
    pub fn waited(&mut self) -> Option<Duration> {
        self.waits.pop_front()
    }

    /// Whether nothing can be decoded until a keyframe comes.
    pub fn awaits_keyframe(&self) -> bool {
        self.awaiting_keyframe
    }

    /// Whether a keyframe should be asked for: none is awaited in vain while one is on its way.
    pub fn wants_keyframe(&self) -> bool {
        self.awaiting_keyframe && !self.building.begins_keyframe()
    }

    /// Says that the decoder lost its footing: everything up to the next keyframe is dropped.
    pub fn await_keyframe(&mut self) {
        match self.ready.iter().position(|unit| unit.keyframe) {
            Some(keyframe) => {
                self.ready.drain(..keyframe);
            }
            None => {
                self.ready.clear();
                self.awaiting_keyframe = true;
            }
        }
    }

    /// Gives the memory of a decoded access unit back.
    pub fn recycle(&mut self, unit: AccessUnit) {
        self.building.recycle(unit.data);
    }

    /// Counts since the start.
    pub fn stats(&self) -> AssemblerStats {
        AssemblerStats {
            packets_lost: self
                .sequence
                .expected()
                .saturating_sub(self.stats.packets_received),
            ..self.stats
        }
    }

    /// The first packet, or the first of a sender that began anew.
    fn start_at(&mut self, number: u64) {
        self.next = number;
        self.held.clear();
        self.tail_due = None;
        self.blocked = None;
        self.missing.clear();
        self.building.discard();
        self.awaiting_keyframe = true;
    }

    /// How long a gap will hold up what came after it when its first repair is lost too, where that is to be expected.
    pub fn second_repair(&self) -> Option<Duration> {
        self.missing.second_repair()
    }

    /// Notes when a gap begins to hold up what came after it, and for how long it did.
    fn watch_gap(&mut self, now: Instant) {
        let blocked = self.missing.since(self.next);
        if blocked == self.blocked {
            return;
        }
        let ended = std::mem::replace(&mut self.blocked, blocked);
        if let Some(since) = ended.filter(|_| !self.awaiting_keyframe) {
            if self.waits.len() == MAX_WAITS {
                self.waits.pop_front();
            }
            self.waits.push_back(now.saturating_duration_since(since));
        }
    }

    /// How soon after the newest packet, which this is, another should have come: the next of its picture; or, where so much is
    /// lost that whole pictures are, the next picture, because with two small ones lost in a row it would be late to notice it
    /// by the third.
    fn next_expected(&mut self, packet: &RtpPacket) -> Option<Duration> {
        let wait = TAIL_TIME.max(self.missing.reorder_time());
        if packet.marker {
            self.cadence.picture(packet.timestamp);
            let usual = self.cadence.usual()?;
            return self.missing.loses_much().then_some(usual + wait);
        }
        (!packet.payload.is_empty()).then_some(wait)
    }

    fn take_held(&mut self) {
        while let Some(packet) = self.held.remove(&self.next) {
            self.take_in_order(packet);
        }
    }

    fn take_in_order(&mut self, packet: RtpPacket) {
        self.next += 1;
        if self.building.belongs_to_earlier(packet.timestamp) {
            self.finish_picture();
        }
        if !self.building.add(&packet) {
            self.stats.packets_malformed += 1;
        }
        if packet.marker {
            self.finish_picture();
        }
    }

    fn finish_picture(&mut self) {
        if self.building.is_empty() {
            return;
        }
        match self.building.finish() {
            Some(unit) if unit.keyframe || !self.awaiting_keyframe => {
                self.stats.frames_received += 1;
                self.awaiting_keyframe = false;
                self.references.decoded(&unit.data);
                self.ready.push_back(unit);
            }
            Some(unit) => {
                self.stats.frames_received += 1;
                self.stats.frames_dropped += 1;
                self.building.recycle(unit.data);
            }
            None => {
                self.stats.frames_dropped += 1;
                self.awaiting_keyframe = true;
            }
        }
    }

    /// Whether decoding can begin with this packet, which is held behind a gap. Slices without parameter sets of their own are
    /// read by earlier ones; where the packet before them is missing, it may hold theirs, and by those of another size they
    /// are no picture.
    fn begins_keyframe(&self, number: u64, packet: &RtpPacket) -> bool {
        match beginning(&packet.payload) {
            Some(Beginning::ParameterSets) => true,
            Some(Beginning::Slice) => number
                .checked_sub(1)
                .and_then(|before| self.held.get(&before))
                .is_some_and(|before| before.timestamp != packet.timestamp),
            None => false,
        }
    }

    /// A whole keyframe behind a gap makes the gap irrelevant.
    fn jump_to_complete_keyframe(&mut self, last: u64) {
        let Some(timestamp) = self.held.get(&last).map(|packet| packet.timestamp) else {
            return;
        };
        let mut first = None;
        let mut expected = last;
        for (&number, packet) in self.held.range(..=last).rev() {
            if number != expected || packet.timestamp != timestamp {
                break;
            }
            if self.begins_keyframe(number, packet) {
                first = Some(number);
            }
            expected = number.wrapping_sub(1);
        }
        if let Some(first) = first {
            self.jump_to(first);
            self.take_held();
        }
    }

    /// Leaves a gap behind if the picture after it does without; false if it does not.
    fn skip_what_nothing_builds_on(&mut self) -> bool {
        if self.awaiting_keyframe {
            return false;
        }
        let next = self
            .held
            .iter()
            .find(|(_, packet)| self.references.follows(&packet.payload))
            .map(|(&number, _)| number);
        if let Some(number) = next {
            self.jump_to(number);
            self.awaiting_keyframe = false;
            self.take_held();
        }
        next.is_some()
    }

    /// Nothing before the next keyframe can be decoded; without one in sight nothing that is held can.
    fn give_up_gap(&mut self) {
        if self.skip_what_nothing_builds_on() {
            return;
        }
        let keyframe = self
            .held
            .iter()
            .find(|&(&number, packet)| self.begins_keyframe(number, packet))
            .map(|(&number, _)| number);
        self.jump_to(keyframe.unwrap_or(self.sequence.highest() + 1));
        self.take_held();
    }

    fn jump_to(&mut self, number: u64) {
        let kept = self.held.split_off(&number);
        let pictures = self.held.values().filter(|packet| packet.marker).count();
        self.held = kept;
        self.stats.frames_dropped += (pictures as u64).max(1);
        self.missing.give_up_before(number);
        self.building.discard();
        self.awaiting_keyframe = true;
        self.next = number;
    }
}
