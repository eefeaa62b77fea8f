//! The jitter buffer of one person's voice: when to play which packet.
//!
//! Pure: packets carry their arrival time, [`JitterBuffer::take`] is given the time of playing, and nothing here reads a
//! clock or decodes. Sequence numbers tell what was lost; timestamps tell what was never sent. [`arrivals`] decides how
//! long to wait, this module what to do about each frame:
//!
//! - the next packet is there, or a copy of it that came with a later one: play it, a little shorter or longer if the delay
//!   is off its target;
//! - it is missing and the one after it is there: recover it from that one's in-band FEC, or else conceal it;
//! - nothing is there: conceal and wait. A packet that comes later is still played, so one late packet costs no sound, and
//!   the delay that the wait has added is shrunk away afterwards;
//! - the sender rests, for nobody speaks: comfort noise, until there is something again;
//! - far too much is there, after a stall: throw the oldest away.
//!
//! Latency: the target, from 10 ms on a still network.

mod arrivals;
mod sequence;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::arrivals::{Arrivals, Micros};
use self::sequence::{Sequence, Unwrapped};
use super::FRAME_SAMPLES;
use super::pace::Haste;
use crate::transport::packet::RtpPacket;

/// Two seconds of frames. A peer that sends more is ahead of itself: the oldest is dropped.
const MOST_PACKETS: usize = 100;

/// While nothing is there, so much is invented at a time: half a frame, what a device takes at once. A packet that is a
/// little late costs no more.
const WAIT_SAMPLES: usize = FRAME_SAMPLES / 2;

/// After so many waits (120 ms) nothing is invented any more, but silence played: Opus' concealment has faded by then.
const MOST_CONCEALED_IN_A_ROW: u32 = 12;

/// A packet of so few bytes is Opus' way to say that it rests: frames that follow it and are not sent are no loss.
const REST_BYTES: usize = 2;

/// Delay above its target that is not even noticed by shrinking, only dropped.
const DROPPED_EXCESS: Micros = 200_000;

/// The delay may be above its target by so much without being corrected: corrections are not free.
const TOLERATED_ABOVE: Micros = 10_000;

/// And below it only by so much, because there sound is about to be missing.
const TOLERATED_BELOW: Micros = 4_000;

/// An excess above this is corrected as fast as goes unheard, and in noises too.
const LARGE_EXCESS: Micros = 50_000;

/// Samples by which a frame of 960 may be made shorter or longer on average, when the delay is far off: 15 %.
const MOST_PER_FRAME: u64 = 144;

/// And when it is only a little off: 5 %.
const FEW_PER_FRAME: u64 = 48;

/// So many frames in a row (1 s) that could not be changed unheard: the next is changed as well as it can be.
const PATIENCE_FRAMES: u32 = 50;

/// A new delay counts an eighth: single frames are taken early or late by what the device's callbacks vary.
const SMOOTHING: Micros = 8;

/// A packet, waiting to be played.
#[derive(Debug)]
struct Waiting {
    timestamp: i64,
    samples: usize,
    payload: Bytes,
    arrived: Instant,
    /// It came as a copy, along with a later packet.
    copy: bool,
}

/// Whether a frame is to take exactly its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    AsIs,
    /// The delay is above its target: leave a pitch period out.
    Shrink(Haste),
    /// The delay is below its target: repeat a pitch period.
    Stretch(Haste),
}

/// What to play next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A packet, decoded.
    Packet {
        payload: Bytes,
        samples: usize,
        waited: Duration,
        pace: Pace,
    },
    /// A lost frame, from the packet that follows it.
    Recovered { following: Bytes, samples: usize },
    /// A frame that is not there. The last before silence is to be faded out.
    Concealed { samples: usize, last: bool },
    /// Nothing was sent, because nobody spoke.
    Rest { samples: usize },
    /// Nothing has come yet, or nothing has come for long.
    Silence { samples: usize },
}

/// What became of the packets so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Packets that came, without duplicates.
    pub(crate) received: u64,
    /// Packets thrown away: too late, too many, or of no known sequence.
    pub(crate) discarded: u64,
    /// Packets that came a second time by themselves.
    pub(crate) duplicates: u64,
    /// Lost packets that were played from a copy in a later one.
    pub(crate) recovered: u64,
    /// Samples played, from packets or in place of them.
    pub(crate) total_samples: u64,
    /// Samples played in place of packets that were lost or late.
    pub(crate) concealed_samples: u64,
}

/// See the module. One per person, on the playout thread.
#[derive(Debug)]
pub(crate) struct JitterBuffer {
    epoch: Option<Instant>,
    sequence: Sequence,
    arrivals: Arrivals,
    waiting: BTreeMap<u64, Waiting>,
    /// Sequence number and timestamp of what is played next, once playing has begun.
    next: Option<(u64, i64)>,
    /// Frames concealed in a row while nothing was there.
    waits: u32,
    /// Samples of those: known to be a loss only when the next packet says so.
    waited_samples: u64,
    /// When frames are being played, minus their timestamps, smoothed.
    playing: Option<Micros>,
    /// Frames to leave as they are after one was changed.
    left_alone: u32,
    /// Frames in a row that were to be changed and could not be.
    unchanged: u32,
    /// The delay is far off its target.
    far_off: bool,
    /// The sender said that it rests.
    resting: bool,
    counts: Counts,
}

impl JitterBuffer {
    pub(crate) fn new() -> Self {
        Self {
            epoch: None,
            sequence: Sequence::new(),
            arrivals: Arrivals::new(),
            waiting: BTreeMap::new(),
            next: None,
            waits: 0,
            waited_samples: 0,
            playing: None,
            left_alone: 0,
            unchanged: 0,
            far_off: false,
            resting: false,
            counts: Counts::default(),
        }
    }

    /// Takes in a packet of `samples` at 48 kHz, whatever its order.
    pub(crate) fn insert(&mut self, packet: RtpPacket, samples: usize) {
        let (number, timestamp) = match self.sequence.unwrap(packet.sequence, packet.timestamp) {
            Unwrapped::Known { number, timestamp } => (number, timestamp),
            Unwrapped::Restarted { number, timestamp } => {
                self.start_over();
                (number, timestamp)
            }
            Unwrapped::Suspicious => {
                self.counts.discarded += 1;
                return;
            }
        };
        if self.waiting.contains_key(&number) {
            self.counts.duplicates += 1;
            return;
        }
        self.counts.received += 1;
        let arrived = self.micros(packet.arrived);
        if self.arrivals.note(arrived, micros_of(timestamp)).is_jump() {
            self.start_over();
            self.arrivals.note(arrived, micros_of(timestamp));
        }
        if self.next.is_some_and(|(next, _)| number < next) {
            self.counts.discarded += 1;
            return;
        }
        self.keep(number, timestamp, packet, samples, false);
    }

    /// Takes in a copy that came along with the packet `behind` numbers later, which has been inserted before.
    pub(crate) fn insert_copy(&mut self, copy: RtpPacket, samples: usize, behind: u16) {
        let Some((number, timestamp)) = self.sequence.place(copy.sequence, copy.timestamp) else {
            return;
        };
        let over = self.next.is_none_or(|(next, _)| number < next);
        if over || self.waiting.contains_key(&number) {
            return;
        }
        let arrived = self.micros(copy.arrived);
        self.arrivals.note_recovered(arrived, behind);
        self.keep(number, timestamp, copy, samples, true);
    }

    fn keep(&mut self, number: u64, timestamp: i64, packet: RtpPacket, samples: usize, copy: bool) {
        let waiting = Waiting {
            timestamp,
            samples,
            payload: packet.payload,
            arrived: packet.arrived,
            copy,
        };
        self.waiting.insert(number, waiting);
        if self.waiting.len() > MOST_PACKETS {
            self.drop_oldest();
        }
    }

    /// What to play from `now` on, where `now` is when its first sample will be heard, give or take a constant.
    pub(crate) fn take(&mut self, now: Instant) -> Frame {
        let now = self.micros(now);
        let Some(mut head) = self.head() else {
            return self.wait();
        };
        let Some((next, next_timestamp)) = self.next else {
            return self.begin(now, head);
        };

        let target = self.arrivals.target(now);
        while self.waiting.len() > 1 && self.delay_of(head.1, now) > target + DROPPED_EXCESS {
            self.drop_oldest();
            self.playing = None;
            let Some(newer) = self.head() else {
                return self.wait();
            };
            head = newer;
        }
        let (next, next_timestamp) = self.next.unwrap_or((next, next_timestamp));
        let (number, timestamp) = head;
        let due = self.delay_of(timestamp, now) >= target - TOLERATED_ABOVE;
        if number == next && timestamp <= next_timestamp {
            return self.play(now, target);
        }
        if number == next {
            // The sender was silent: its next words are played once they have waited as long as any packet should.
            self.waited_samples = 0;
            return if due {
                self.play(now, target)
            } else {
                self.rest()
            };
        }
        if due {
            // The wait for the missing frames has been filled with concealment already.
            self.arrivals.note_lost(now, number - next);
            return self.play(now, target);
        }
        self.fill_gap(now, next, next_timestamp, number, timestamp)
    }

    /// Tells that a frame was made longer by so many samples (shorter, if negative).
    pub(crate) fn stretched(&mut self, samples: i64) {
        if let Some(playing) = &mut self.playing {
            *playing += micros_of(samples);
        }
        if samples == 0 {
            self.unchanged += 1;
            return;
        }
        let per_frame = if self.far_off {
            MOST_PER_FRAME
        } else {
            FEW_PER_FRAME
        };
        self.unchanged = 0;
        self.left_alone = (samples.unsigned_abs() / per_frame) as u32;
    }

    /// When the sample of this timestamp is played, at the delay of this moment; `None` while nothing is.
    pub(crate) fn played_at(&self, timestamp: u32) -> Option<Instant> {
        let (epoch, playing) = self.epoch.zip(self.playing)?;
        let micros = playing + micros_of(self.sequence.near(timestamp)?);
        let offset = Duration::from_micros(micros.unsigned_abs());
        if micros < 0 {
            epoch.checked_sub(offset)
        } else {
            epoch.checked_add(offset)
        }
    }

    /// Waits up to `most` longer than the network calls for, so that what has this timestamp is played no sooner than `at`.
    pub(crate) fn wait_for_picture(&mut self, picture: Option<(u32, Instant, Duration)>) {
        let picture = picture.and_then(|(timestamp, at, most)| {
            let sent = micros_of(self.sequence.near(timestamp)?);
            Some((self.micros(at) - sent, most.as_micros() as Micros))
        });
        self.arrivals.wait_for_picture(picture);
    }

    /// What became of the packets so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Packets that were sent and have not come, by the gaps in their numbers.
    pub(crate) fn lost(&self) -> u64 {
        self.sequence
            .expected()
            .saturating_sub(self.counts.received)
    }

    fn begin(&mut self, now: Micros, (number, timestamp): (u64, i64)) -> Frame {
        let target = self.arrivals.target(now);
        let early = target - self.delay_of(timestamp, now);
        if early > 0 {
            let samples = (early as usize * 48 / 1_000).clamp(1, FRAME_SAMPLES);
            return Frame::Silence { samples };
        }
        self.next = Some((number, timestamp));
        self.play(now, target)
    }

    fn play(&mut self, now: Micros, target: Micros) -> Frame {
        let Some((number, packet)) = self.waiting.pop_first() else {
            return self.wait();
        };
        let playing = now - micros_of(packet.timestamp);
        let smoothed = self
            .playing
            .map_or(playing, |before| before + (playing - before) / SMOOTHING);
        self.playing = Some(if self.waits > 0 { playing } else { smoothed });
        self.end_wait();
        self.next = Some((number + 1, packet.timestamp + packet.samples as i64));
        self.resting = packet.payload.len() <= REST_BYTES;
        if self.resting {
            let samples = packet.samples;
            return Frame::Rest { samples };
        }
        self.counts.total_samples += packet.samples as u64;
        self.counts.recovered += u64::from(packet.copy);
        let arrived = self.micros(packet.arrived);
        Frame::Packet {
            payload: packet.payload,
            samples: packet.samples,
            waited: Duration::from_micros((now - arrived).max(0) as u64),
            pace: self.pace(target),
        }
    }

    fn pace(&mut self, target: Micros) -> Pace {
        let excess = self
            .playing
            .map_or(0, |playing| playing - self.arrivals.base() - target);
        self.far_off = excess.abs() > LARGE_EXCESS;
        if self.left_alone > 0 {
            self.left_alone -= 1;
            return Pace::AsIs;
        }
        if (-TOLERATED_BELOW..TOLERATED_ABOVE).contains(&excess) {
            self.unchanged = 0;
            return Pace::AsIs;
        }
        let haste = if self.far_off || self.unchanged >= PATIENCE_FRAMES {
            Haste::Some
        } else {
            Haste::None
        };
        if excess > 0 {
            Pace::Shrink(haste)
        } else {
            Pace::Stretch(haste)
        }
    }

    fn fill_gap(
        &mut self,
        now: Micros,
        next: u64,
        next_timestamp: i64,
        number: u64,
        timestamp: i64,
    ) -> Frame {
        let missing = (number - next) as i64;
        let samples =
            ((timestamp - next_timestamp) / missing).clamp(1, FRAME_SAMPLES as i64) as usize;
        self.end_wait();
        self.arrivals.note_lost(now, 1);
        self.counts.total_samples += samples as u64;
        self.next = Some((next + 1, next_timestamp + samples as i64));
        match self.waiting.get(&(next + 1)) {
            Some(following) => Frame::Recovered {
                following: following.payload.clone(),
                samples,
            },
            None => {
                self.counts.concealed_samples += samples as u64;
                Frame::Concealed {
                    samples,
                    last: false,
                }
            }
        }
    }

    /// Nothing is there: conceal for a while, without giving up on what should have been there.
    fn wait(&mut self) -> Frame {
        let samples = WAIT_SAMPLES;
        if self.next.is_none() {
            return Frame::Silence { samples };
        }
        if self.resting {
            return Frame::Rest { samples };
        }
        self.waits += 1;
        self.waited_samples += samples as u64;
        match self.waits {
            ..=MOST_CONCEALED_IN_A_ROW => Frame::Concealed {
                samples,
                last: self.waits == MOST_CONCEALED_IN_A_ROW,
            },
            _ => Frame::Silence { samples },
        }
    }

    /// What was concealed while waiting stood for something, as it turns out.
    fn end_wait(&mut self) {
        self.counts.concealed_samples += self.waited_samples;
        self.counts.total_samples += self.waited_samples;
        self.waited_samples = 0;
        self.waits = 0;
    }

    fn rest(&mut self) -> Frame {
        // Short, so that the words after a silence start when they should.
        Frame::Rest {
            samples: FRAME_SAMPLES / 4,
        }
    }

    fn head(&self) -> Option<(u64, i64)> {
        self.waiting
            .first_key_value()
            .map(|(number, packet)| (*number, packet.timestamp))
    }

    fn drop_oldest(&mut self) {
        if let Some((number, packet)) = self.waiting.pop_first() {
            self.counts.discarded += 1;
            if self.next.is_some() {
                self.next = Some((number + 1, packet.timestamp + packet.samples as i64));
            }
        }
    }

    /// The sender's numbers or clock jumped: what waits belongs to another time.
    fn start_over(&mut self) {
        self.counts.discarded += self.waiting.len() as u64;
        self.waiting.clear();
        self.arrivals.clear();
        self.next = None;
        self.waits = 0;
        self.waited_samples = 0;
        self.playing = None;
        self.resting = false;
    }

    /// How long after the fastest packet's way a sample of this timestamp would be played now.
    fn delay_of(&self, timestamp: i64, now: Micros) -> Micros {
        now - micros_of(timestamp) - self.arrivals.base()
    }

    fn micros(&mut self, at: Instant) -> Micros {
        let epoch = *self.epoch.get_or_insert(at);
        match at.checked_duration_since(epoch) {
            Some(since) => since.as_micros() as Micros,
            None => -((epoch - at).as_micros() as Micros),
        }
    }
}

fn micros_of(samples: i64) -> Micros {
    samples * 1_000 / 48
}

#[cfg(test)]
mod drift;
#[cfg(test)]
mod tests;
