//! A network in virtual time: two people and the line between them, seeded, an hour in seconds.
//!
//! Both send voice and video to each other through an [`Estimator`](super::estimator::Estimator)
//! and a [`Pacer`](super::pacer::Pacer), and what they report travels, waits and is lost on the same
//! line as the media. A download can share it, or others who send to the same person ([`Crowd`]). Only tests use this room.

mod crowd;
mod encoder;
mod figures;
mod path;
mod person;
mod random;
mod tcp;

pub use crowd::Crowd;
pub use path::{Conditions, Loss, Path};
pub use person::{AUDIO_RATE, Person};
pub use random::Random;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use encoder::FRAME_TIME;
use person::{Heard, Packet};
use tcp::Tcp;

use super::bitrate::Bitrate;

/// Voice packets are this long.
const AUDIO_TIME: Duration = Duration::from_millis(20);
/// How often what arrived is reported; half as often while there is little to tell.
const REPORT_TIME: Duration = Duration::from_millis(50);
/// How often the estimators are asked for probes.
const TICK: Duration = Duration::from_millis(20);
/// How often it is noted how things are.
const MOMENT: Duration = Duration::from_millis(100);

#[derive(Debug, PartialEq)]
enum Event {
    Speak(usize),
    Show(usize),
    Tick(usize),
    Pump(usize),
    Report(usize),
    Arrive(usize, Packet),
    Download,
    Note,
}

/// How things were in the tenth of a second before a time, from the first person to the second.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Its end.
    pub at: Duration,
    /// What the first one may send.
    pub estimate: Bitrate,
    /// What arrived at the second.
    pub heard: Heard,
    /// How long a packet waits in the line's queue.
    pub queue: Duration,
    /// The longest wait in the sender's own queues.
    pub waited: Duration,
    /// Packets of the download that arrived.
    pub download: u64,
}

/// Two people and the line between them.
#[derive(Debug)]
pub struct Call {
    epoch: Instant,
    now: Duration,
    events: BinaryHeap<Reverse<(Duration, u64, usize)>>,
    slots: Vec<Option<Event>>,
    free: Vec<usize>,
    count: u64,
    /// Whether a pump is already to come, and when.
    pumps: [Option<Duration>; 2],
    /// The first and the second person.
    pub people: [Person; 2],
    /// From the first to the second, and back.
    pub paths: [Path; 2],
    download: Option<Tcp>,
    /// All that was noted.
    pub moments: Vec<Moment>,
}

impl Call {
    /// Both join over a line that is the same in both directions; each camera makes at most `ceiling`.
    pub fn new(conditions: Conditions, ceiling: Bitrate, seed: u64) -> Self {
        let epoch = Instant::now() + Duration::from_secs(3600);
        let mut call = Self {
            epoch,
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            count: 0,
            pumps: [None; 2],
            people: [1, 2].map(|n| Person::new(epoch, ceiling, seed * 2 + n)),
            paths: [3, 4].map(|n| Path::new(conditions, seed * 10 + n)),
            download: None,
            moments: Vec::new(),
        };
        for who in 0..2 {
            let apart = Duration::from_millis(7 * who as u64);
            call.at(apart, Event::Speak(who));
            call.at(apart, Event::Show(who));
            call.at(apart, Event::Tick(who));
            call.at(apart + REPORT_TIME, Event::Report(who));
        }
        call.at(MOMENT, Event::Note);
        call
    }

    /// The line is another from now on.
    pub fn change(&mut self, conditions: Conditions) {
        for path in &mut self.paths {
            path.conditions = conditions;
        }
    }

    /// A download from the first person's side to the second's begins.
    pub fn begin_download(&mut self) {
        self.download = Some(Tcp::new(self.now));
        self.at(self.now, Event::Download);
    }

    /// The download is over.
    pub fn end_download(&mut self) {
        self.download = None;
    }

    /// Both learn that their packets take another way.
    pub fn path_changed(&mut self) {
        for person in &mut self.people {
            person.estimator.path_changed(self.epoch + self.now);
        }
    }

    /// The time since both joined.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(Reverse((at, _, slot))) = self.events.peek().copied()
            && at <= end
        {
            self.events.pop();
            self.now = at;
            self.free.push(slot);
            if let Some(event) = self.slots[slot].take() {
                self.happen(event);
            }
        }
        self.now = end;
    }

    fn at(&mut self, at: Duration, event: Event) {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(event);
        self.count += 1;
        self.events.push(Reverse((at, self.count, slot)));
    }

    fn happen(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Speak(who) => {
                self.people[who].speak(now);
                self.pump(who);
                self.at(now + AUDIO_TIME, Event::Speak(who));
            }
            Event::Show(who) => {
                self.people[who].show(now);
                self.pump(who);
                self.at(now + FRAME_TIME, Event::Show(who));
            }
            Event::Tick(who) => {
                self.people[who].tick(now);
                self.pump(who);
                self.at(now + TICK, Event::Tick(who));
            }
            Event::Pump(who) => {
                if self.pumps[who] == Some(now) {
                    self.pumps[who] = None;
                    self.pump(who);
                }
            }
            Event::Report(who) => {
                if let Some(report) = self.people[who].report() {
                    self.send(who, Packet::Report(report));
                }
                self.at(now + REPORT_TIME, Event::Report(who));
            }
            Event::Arrive(who, packet) => self.arrive(who, packet),
            Event::Download => {
                self.download();
                if self.download.is_some() {
                    self.at(now + TICK, Event::Download);
                }
            }
            Event::Note => {
                self.note();
                self.at(now + MOMENT, Event::Note);
            }
        }
    }

    fn pump(&mut self, who: usize) {
        let mut packets = Vec::new();
        let again = self.people[who].pump(self.now, &mut packets);
        for packet in packets {
            self.send(who, packet);
        }
        self.pumps[who] = again.map(|at| at.max(self.now + Duration::from_micros(100)));
        if let Some(at) = self.pumps[who] {
            self.at(at, Event::Pump(who));
        }
    }

    fn send(&mut self, from: usize, packet: Packet) {
        if let Some(arrival) = self.paths[from].send(packet.bytes(), self.now) {
            self.at(arrival, Event::Arrive(1 - from, packet));
        }
    }

    fn arrive(&mut self, who: usize, packet: Packet) {
        let now = self.now;
        match packet {
            Packet::Media {
                number,
                kind,
                bytes,
                queued,
            } => self.people[who].hear(number, kind, bytes, queued, now),
            Packet::Report(report) => {
                self.people[who].learn(&report, now);
                self.pump(who);
            }
            Packet::Segment(number) => self.send(who, Packet::Ack(number)),
            Packet::Ack(number) => {
                if let Some(tcp) = &mut self.download {
                    tcp.acknowledged(number, now);
                }
                self.download();
            }
        }
    }

    fn download(&mut self) {
        while let Some(number) = self.download.as_mut().and_then(|tcp| tcp.poll(self.now)) {
            self.send(0, Packet::Segment(number));
        }
    }

    fn note(&mut self) {
        self.moments.push(Moment {
            at: self.now,
            estimate: self.people[0].estimator.estimate(),
            heard: std::mem::take(&mut self.people[1].heard),
            queue: self.paths[0].queue(self.now),
            waited: std::mem::take(&mut self.people[0].waited),
            download: self.download.as_ref().map_or(0, |tcp| tcp.delivered),
        });
        self.people[0].heard = Heard::default();
        self.people[1].waited = Duration::ZERO;
    }
}
