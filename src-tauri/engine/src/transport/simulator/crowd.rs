//! Several people who send to one over one line, in steps of a millisecond.
//!
//! All that they send shares the line's queue, and what is reported back shares the queue of the way there. Each of them has
//! an [`Estimator`](crate::transport::estimator::Estimator) of their own and knows nothing of the others.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use super::encoder::FRAME_TIME;
use super::path::{Conditions, Path};
use super::person::{Packet, Person};
use super::{AUDIO_TIME, REPORT_TIME, TICK};
use crate::transport::bitrate::Bitrate;
use crate::transport::lateness::Lateness;
use crate::transport::pacer::Kind;

const STEP: Duration = Duration::from_millis(1);

/// Ticks of a voice's timestamps in a millisecond.
const VOICE_TICKS: u128 = 48;

/// One of those who send, with the ears that hear them.
#[derive(Debug)]
struct Sender {
    mouth: Person,
    ears: Person,
    lateness: Lateness,
    /// When something is next to be said, shown, thought of and reported.
    due: [Duration; 4],
    /// What arrived of voice and pictures, in bytes, and pictures' first packets.
    arrived: u64,
    pictures: u64,
    shown: Option<Duration>,
}

/// All of them.
#[derive(Debug)]
pub struct Crowd {
    epoch: Instant,
    now: Duration,
    senders: Vec<Sender>,
    /// To the one, and from them.
    paths: [Path; 2],
    on_the_way: BinaryHeap<Reverse<(Duration, u64)>>,
    packets: HashMap<u64, (usize, Packet)>,
    count: u64,
}

impl Crowd {
    /// So many send over a line that is the same both ways; each camera makes at most `ceiling`.
    pub fn new(number: usize, conditions: Conditions, ceiling: Bitrate, seed: u64) -> Self {
        let epoch = Instant::now() + Duration::from_secs(3600);
        let person = |n: usize| Person::new(epoch, ceiling, seed * 10 + n as u64);
        let senders = (0..number).map(|n| Sender {
            mouth: person(2 * n),
            ears: person(2 * n + 1),
            lateness: Lateness::new(48_000),
            // They come one after the other, as people do.
            due: [Duration::from_millis(7 + 300 * n as u64); 4],
            arrived: 0,
            pictures: 0,
            shown: None,
        });
        Self {
            epoch,
            now: Duration::ZERO,
            senders: senders.collect(),
            paths: [3, 4].map(|n| Path::new(conditions, seed * 10 + n)),
            on_the_way: BinaryHeap::new(),
            packets: HashMap::new(),
            count: 0,
        }
    }

    /// The time, as an instant.
    pub fn now(&self) -> Instant {
        self.epoch + self.now
    }

    /// This one should send no more than that, as they have just heard.
    pub fn bound(&mut self, who: usize, most: Option<Bitrate>) {
        self.senders[who].mouth.bound = most;
    }

    /// How long this one's voice waits in queues, as the receiver sees it.
    pub fn lateness(&self, who: usize) -> Option<Duration> {
        self.senders[who].lateness.queue(self.now())
    }

    /// Bytes and pictures of this one that have arrived.
    pub fn arrived(&self, who: usize) -> (u64, u64) {
        (self.senders[who].arrived, self.senders[who].pictures)
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            self.deliver();
            for who in 0..self.senders.len() {
                self.live(who);
            }
        }
    }

    fn live(&mut self, who: usize) {
        let now = self.now;
        let sender = &mut self.senders[who];
        let mut is_due = |index: usize, every: Duration| {
            let due = sender.due[index] <= now;
            if due {
                sender.due[index] += every;
            }
            due
        };
        let [speaks, shows, thinks, reports] = [
            is_due(0, AUDIO_TIME),
            is_due(1, FRAME_TIME),
            is_due(2, TICK),
            is_due(3, REPORT_TIME),
        ];
        if speaks {
            sender.mouth.speak(now);
        }
        if shows {
            sender.mouth.show(now);
        }
        if thinks {
            sender.mouth.tick(now);
        }
        let mut packets = Vec::new();
        sender.mouth.pump(now, &mut packets);
        let report = reports.then(|| sender.ears.report()).flatten();
        for packet in packets {
            self.send(0, who, packet);
        }
        if let Some(report) = report {
            self.send(1, who, Packet::Report(report));
        }
    }

    fn send(&mut self, path: usize, who: usize, packet: Packet) {
        if let Some(arrival) = self.paths[path].send(packet.bytes(), self.now) {
            self.count += 1;
            self.packets.insert(self.count, (who, packet));
            self.on_the_way.push(Reverse((arrival, self.count)));
        }
    }

    fn deliver(&mut self) {
        while let Some(Reverse((at, number))) = self.on_the_way.peek().copied()
            && at <= self.now
        {
            self.on_the_way.pop();
            if let Some((who, packet)) = self.packets.remove(&number) {
                self.arrive(who, packet, at);
            }
        }
    }

    fn arrive(&mut self, who: usize, packet: Packet, at: Duration) {
        let arrived = self.epoch + at;
        let sender = &mut self.senders[who];
        match packet {
            Packet::Media {
                number,
                kind,
                bytes,
                queued,
            } => {
                sender.ears.hear(number, kind, bytes, queued, at);
                match kind {
                    Kind::Audio => {
                        let timestamp = (queued.as_millis() * VOICE_TICKS) as u32;
                        sender.lateness.note(timestamp, arrived);
                    }
                    Kind::Video if sender.shown != Some(queued) => {
                        sender.shown = Some(queued);
                        sender.pictures += 1;
                    }
                    _ => {}
                }
                if kind != Kind::Padding {
                    sender.arrived += bytes as u64;
                }
            }
            Packet::Report(report) => sender.mouth.learn(&report, self.now),
            Packet::Segment(_) | Packet::Ack(_) => {}
        }
    }
}
