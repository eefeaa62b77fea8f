//! A cable between two hosts: an Ethernet interface in each, and threads that carry the frames from one to the other.
//!
//! Four threads of this process: for each way one that reads and one that delivers. They ask for more of the processor
//! than the programs under test (`renice`), because a cable that waits for its turn would measure the machine; how late
//! it was all the same is told by [`Cable::lateness`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::garble::garble;
use super::lane::{Counters, Fate, Lane};
use super::{Impairment, Namespace, system};
use crate::Result;
use crate::trouble::During;

/// The largest frame there can be: 64 KiB, as the kernel's interface is defined.
const MAX_FRAME: usize = 65_536;

/// How often a thread looks whether the cable is being taken away.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Frames under way on one lane, at most; more are lost. A second of a gigabit: never reached by a call.
const MAX_UNDER_WAY: usize = 100_000;

/// The threads' priority: above everything that has not asked for as much, below the kernel's own.
const NICENESS: &str = "-15";

/// The two ways of a cable, seen from the host at its near end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the host into the network.
    Up,
    /// From the network to the host.
    Down,
}

/// What one way of a cable is like at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// What has happened so far.
    pub counters: Counters,
    /// How long a frame that is sent now will wait for its turn.
    pub standing: Duration,
}

/// A cable in use. Dropping it unplugs both ends, and their interfaces are gone.
pub struct Cable {
    up: Arc<Line>,
    down: Arc<Line>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// One way.
struct Line {
    traffic: Mutex<Traffic>,
    changed: Condvar,
    lateness_us: AtomicU64,
}

struct Traffic {
    lane: Lane,
    /// By the time of arrival, then in the order of sending.
    under_way: BinaryHeap<Reverse<(Instant, u64, Vec<u8>)>>,
    number: u64,
}

impl Cable {
    /// Plugs a cable into two hosts, each time as an interface that does not exist yet. Everything that chance decides
    /// follows from `seed`.
    pub fn plug(
        near: (&Namespace, &str),
        far: (&Namespace, &str),
        impairment: Impairment,
        seed: u64,
    ) -> Result<Self> {
        let tap = |(namespace, name): (&Namespace, &str)| {
            namespace
                .inside(|| system::open_tap(name))?
                .during(format_args!("making {name} in {}", namespace.name()))
        };
        let (near, far) = (tap(near)?, tap(far)?);
        let mut cable = Self {
            up: Arc::new(Line::new(Lane::new(impairment, 2 * seed))),
            down: Arc::new(Line::new(Lane::new(impairment, 2 * seed + 1))),
            stop: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
        };
        let ways = [
            (&cable.up, near.try_clone()?, far.try_clone()?),
            (&cable.down, far, near),
        ];
        for (line, from, to) in ways {
            let (reading, stop) = (Arc::clone(line), Arc::clone(&cable.stop));
            let reader = std::thread::spawn(move || reading.read(&from, &stop));
            let (delivering, stop) = (Arc::clone(line), Arc::clone(&cable.stop));
            let deliverer = std::thread::spawn(move || delivering.deliver(&to, &stop));
            cable.threads.extend([reader, deliverer]);
        }
        Ok(cable)
    }

    /// From now on both ways are like this.
    pub fn set(&self, impairment: Impairment) {
        self.set_way(Way::Up, impairment);
        self.set_way(Way::Down, impairment);
    }

    /// From now on this way is like this.
    pub fn set_way(&self, way: Way, impairment: Impairment) {
        self.line(way).traffic().lane.set(impairment);
    }

    /// What this way is like now.
    pub fn impairment(&self, way: Way) -> Impairment {
        self.line(way).traffic().lane.impairment()
    }

    /// What happened on this way so far.
    pub fn counters(&self, way: Way) -> Counters {
        self.line(way).traffic().lane.counters()
    }

    /// What reads both ways, up first, for as long as somebody keeps it.
    pub(super) fn reader(&self) -> impl Fn() -> (Reading, Reading) + Send + 'static {
        let (up, down) = (Arc::clone(&self.up), Arc::clone(&self.down));
        move || (up.reading(), down.reading())
    }

    /// By how much the cable itself was late at most since this was last asked: what the machine, not the link, added.
    pub fn lateness(&self) -> Duration {
        let worst = |line: &Line| line.lateness_us.swap(0, Ordering::Relaxed);
        Duration::from_micros(worst(&self.up).max(worst(&self.down)))
    }

    fn line(&self, way: Way) -> &Line {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.up.changed.notify_all();
        self.down.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Line {
    fn new(lane: Lane) -> Self {
        Self {
            traffic: Mutex::new(Traffic {
                lane,
                under_way: BinaryHeap::new(),
                number: 0,
            }),
            changed: Condvar::new(),
            lateness_us: AtomicU64::new(0),
        }
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> Reading {
        let traffic = self.traffic();
        Reading {
            counters: traffic.lane.counters(),
            standing: traffic.lane.standing(Instant::now()),
        }
    }

    /// Takes frames in and decides what becomes of each.
    fn read(&self, mut from: &File, stop: &AtomicBool) {
        hurry();
        let mut frame = vec![0; MAX_FRAME];
        while !stop.load(Ordering::Relaxed) {
            // Both fail while the interface is down, as it is until it has an address, and when it is gone.
            let bytes = match system::is_readable(from, LOOK_UP) {
                Ok(true) => from.read(&mut frame),
                Ok(false) => continue,
                Err(error) => Err(error),
            };
            let Ok(bytes) = bytes else {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            };
            let now = Instant::now();
            let mut traffic = self.traffic();
            let frame = &frame[..bytes];
            if let Fate::Arrives {
                at,
                copies,
                garbage,
            } = traffic.lane.carry(bytes, now)
            {
                for _ in 0..copies {
                    traffic.add(at, frame.to_vec());
                }
                if garbage && let Some(garbled) = garble(frame, || traffic.lane.random_byte()) {
                    traffic.add(at, garbled);
                }
                self.changed.notify_one();
            }
        }
    }

    /// Hands each frame over when its time has come.
    fn deliver(&self, mut to: &File, stop: &AtomicBool) {
        hurry();
        let mut traffic = self.traffic();
        while !stop.load(Ordering::Relaxed) {
            let now = Instant::now();
            let next = traffic.under_way.peek().map(|Reverse((at, ..))| *at);
            if next.is_some_and(|at| at <= now) {
                let Some(Reverse((at, _, frame))) = traffic.under_way.pop() else {
                    continue;
                };
                drop(traffic);
                let late = (now - at).as_micros() as u64;
                self.lateness_us.fetch_max(late, Ordering::Relaxed);
                // Fails when the interface is down: the frame is lost, as on a cable that leads nowhere.
                let _ = to.write(&frame);
                traffic = self.traffic();
            } else {
                let wait = next.map_or(LOOK_UP, |at| at - now).min(LOOK_UP);
                let waited = self.changed.wait_timeout(traffic, wait);
                traffic = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

impl Traffic {
    fn add(&mut self, at: Instant, frame: Vec<u8>) {
        if self.under_way.len() < MAX_UNDER_WAY {
            self.number += 1;
            let entry = (at, self.number, frame);
            self.under_way.push(Reverse(entry));
        }
    }
}

/// Gives the calling thread, and no other, more of the processor.
fn hurry() {
    // "/proc/thread-self" points to "PROCESS/task/THREAD".
    let myself = std::fs::read_link("/proc/thread-self").unwrap_or_default();
    if let Some(thread) = myself.file_name() {
        // Without permission the cable works as well, only less exactly on a busy machine.
        let _ = Command::new("renice")
            .args(["-n", NICENESS, "-p"])
            .arg(thread)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}
