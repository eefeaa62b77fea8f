//! What is fuzzed here: the estimator and the pacer, with whatever packets, reports and times. `fuzz/` drives
//! [`estimator`] with libFuzzer; the tests below drive it with the same seeds and many changes of each.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::bitrate::Bitrate;
use super::estimator::{Estimator, ProbeId};
use super::pacer::{MAX_WAIT, Pacer, Step, Waiting};
use super::transport_report::TransportReport;

/// Bytes of one step of the input: what happens, and three numbers that say how.
pub const STEP: usize = 4;

/// How long a clean path is driven at the end of every input, and what must come of it: whatever
/// happened before, nobody stays stuck.
const RECOVERY: Duration = Duration::from_secs(60);
const RECOVERED: Bitrate = Bitrate::from_kbps(1200);

/// What a link and a network would do, from bytes.
struct Driver {
    now: Instant,
    estimator: Estimator,
    pacer: Pacer,
    number: u16,
    sent: VecDeque<(u16, Duration)>,
    began: Instant,
    probe: Option<ProbeId>,
    /// By how much the other clock differs.
    offset: Duration,
    last_report: TransportReport,
}

impl Driver {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            estimator: Estimator::new(now),
            pacer: Pacer::new(now),
            number: 0,
            sent: VecDeque::new(),
            began: now,
            probe: None,
            offset: Duration::from_secs(100),
            last_report: TransportReport::default(),
        }
    }

    fn step(&mut self, [what, a, b, c]: [u8; STEP]) {
        match what % 9 {
            0 => self.send(u16::from(a), usize::from(b) * 8, c & 1 == 1),
            1 => self.wait(u32::from(a) << 8 | u32::from(b), c),
            2 => self.report(usize::from(a), u64::from(b), usize::from(c)),
            3 => {
                let arrival = (c != u8::MAX).then(|| Duration::from_micros(1 << (c % 64)));
                self.feed(TransportReport {
                    packets: vec![(u16::from_be_bytes([a, b]), arrival)],
                });
            }
            4 => {
                let wanted = (u64::from(a) * u64::from(b)) << (c % 40);
                self.estimator.set_wanted(Bitrate::from_bps(wanted));
            }
            5 => self.estimator.path_changed(self.now),
            6 => self.feed(self.last_report.clone()),
            7 => self.offset = Duration::from_micros(u64::from(a) << (b % 48)),
            _ => self.pace(a, usize::from(b) * 16),
        }
        self.check();
    }

    fn send(&mut self, ahead: u16, bytes: usize, for_probe: bool) {
        self.number = self.number.wrapping_add(ahead);
        let probe = self.probe.filter(|_| for_probe);
        self.estimator.sent(self.number, bytes, probe, self.now);
        if self.sent.len() == 256 {
            self.sent.pop_front();
        }
        self.sent.push_back((self.number, self.now - self.began));
    }

    fn wait(&mut self, time: u32, scale: u8) {
        let unit = if scale > 240 { 100_000 } else { 100 };
        // Clocks of one machine do not run backwards, but two tasks may report out of turn.
        let back = scale == 240 && self.now >= self.began + Duration::from_secs(8);
        let time = Duration::from_micros(u64::from(time) * unit);
        self.now = if back {
            self.now - time
        } else {
            self.now + time
        };
        if let Some(probe) = self.estimator.probe(self.now) {
            self.probe = Some(probe.id);
            self.pacer.probe(probe, self.now);
        }
        self.pacer.set_tight(self.estimator.is_tight());
        self.pacer.set_rate(self.estimator.pacing());
    }

    /// The last `count` packets after a delay, each so many-th of them missing.
    fn report(&mut self, count: usize, delay_ms: u64, missing: usize) {
        let delay = self.offset + Duration::from_millis(delay_ms);
        let packets = self.sent.iter().rev().take(count).enumerate();
        let mut packets: Vec<_> = packets
            .map(|(index, (number, at))| {
                let lost = missing > 0 && index.is_multiple_of(missing);
                (*number, (!lost).then_some(*at + delay))
            })
            .collect();
        packets.reverse();
        self.feed(TransportReport { packets });
    }

    fn feed(&mut self, report: TransportReport) {
        self.estimator.feedback(&report, self.now);
        self.last_report = report;
    }

    fn pace(&mut self, waiting: u8, bytes: usize) {
        let size = |bit: u8| (waiting & bit != 0).then_some(bytes);
        let waiting = Waiting {
            audio: size(1),
            repair: size(2),
            video: size(4),
        };
        match self.pacer.next(waiting, self.now) {
            Step::Send(kind, probe) => self.pacer.sent(kind, bytes, probe, self.now),
            Step::Wait(until) => {
                assert!(until > self.now, "a pump must not spin");
                // What left at once is waited for twice at most, and clocks were turned back by seven seconds.
                assert!(until <= self.now + 2 * MAX_WAIT + Duration::from_secs(70));
            }
            Step::Idle => {}
        }
    }

    fn check(&self) {
        let estimate = self.estimator.estimate();
        assert!((Bitrate::from_kbps(40)..=Bitrate::from_kbps(12_000)).contains(&estimate));
        assert!(self.estimator.pacing() >= estimate);
        assert!((0.0..=1.0).contains(&self.estimator.loss()));
        let _ = (
            self.estimator.limited_by(),
            self.estimator.acknowledged(),
            self.estimator.queue_delay(),
            self.estimator.round_trip(),
        );
    }

    /// From now on all that is sent arrives after 20 ms and is reported every 50.
    fn recover(&mut self) {
        self.estimator.set_wanted(Bitrate::from_kbps(1500));
        self.offset = Duration::from_secs(100);
        self.sent.clear();
        let end = self.now + RECOVERY;
        let (mut owed, mut ticks) = (0.0, 0);
        while self.now < end {
            self.wait(100, 0);
            let rate = match self.probe.take() {
                Some(probe) => {
                    // A probe of ten packets, 2 ms apart.
                    for _ in 0..10 {
                        self.probe = Some(probe);
                        self.send(1, 1000, true);
                        self.wait(20, 0);
                    }
                    self.probe = None;
                    continue;
                }
                None => self.estimator.estimate(),
            };
            owed += rate.bytes_in(Duration::from_millis(10)) as f64;
            while owed > 0.0 {
                owed -= 1000.0;
                self.send(1, 1000, false);
            }
            ticks += 1;
            if ticks % 5 == 0 {
                self.report(256, 20, 0);
                self.sent.clear();
            }
        }
        let estimate = self.estimator.estimate();
        assert!(
            estimate >= RECOVERED,
            "stuck at {estimate}: {:?}",
            self.estimator.limited_by()
        );
    }
}

/// Steps of four bytes each, then a clean path.
pub fn estimator(input: &[u8]) {
    let mut driver = Driver::new();
    for step in input.as_chunks::<STEP>().0 {
        driver.step(*step);
    }
    driver.recover();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::simulator::Random;
    use std::path::{Path, PathBuf};

    /// Changed copies of each seed, and inputs made of chance alone; bounded so that a slow machine needs seconds.
    const CHANGES: usize = 60;
    const CHANCES: u64 = 60;

    fn corpus() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/transport_estimator")
    }

    #[test]
    fn no_packets_reports_or_times_make_the_estimator_panic_or_leave_it_stuck() {
        let mut seeds = 0;
        for entry in std::fs::read_dir(corpus()).unwrap() {
            let seed = std::fs::read(entry.unwrap().path()).unwrap();
            seeds += 1;
            estimator(&seed);
            let mut random = Random::new(seed.len() as u64);
            for _ in 0..CHANGES {
                let mut bytes = seed.clone();
                for _ in 0..1 + random.below(30) {
                    let at = random.below(bytes.len());
                    bytes[at] = random.bits() as u8;
                }
                estimator(&bytes);
            }
        }
        assert!(seeds > 0, "the corpus is empty");
    }

    #[test]
    fn nor_does_chance_alone() {
        for seed in 1..=CHANCES {
            let mut random = Random::new(seed);
            let input: Vec<u8> = (0..4000).map(|_| random.bits() as u8).collect();
            estimator(&input);
        }
    }

    /// How the seeds came to be: `cargo test -p visio-engine -- --ignored the_seeds_of_the_transport`.
    #[test]
    #[ignore = "writes the seed corpus of fuzz/"]
    fn the_seeds_of_the_transport_are_written() {
        let write = |name: &str, delay: fn(u32) -> u8, missing: u8, more: &[[u8; STEP]]| {
            let mut steps: Vec<[u8; STEP]> = vec![[4, 150, 100, 7]];
            for tick in 0..40 {
                for packet in 0..6 {
                    steps.push([0, 1, 130, u8::from(tick % 8 == 0 && packet < 5)]);
                    steps.push([1, 0, 80, 0]);
                }
                steps.push([8, 7, 75, 0]);
                steps.push([2, 6, delay(tick), missing]);
            }
            steps.extend_from_slice(more);
            std::fs::create_dir_all(corpus()).unwrap();
            std::fs::write(corpus().join(name), steps.concat()).unwrap();
        };
        write("clean", |_| 20, 0, &[]);
        write("lossy", |_| 40, 5, &[]);
        write("a-queue-that-grows", |tick| (20 + tick * 5) as u8, 0, &[]);
        write("jitter", |tick| (tick * 37 % 60) as u8, 0, &[]);
        let odd = [
            [6, 0, 0, 0],
            [7, 9, 30, 0],
            [2, 6, 20, 0],
            [1, 255, 255, 255],
            [5, 0, 0, 0],
            [3, 200, 7, 60],
            [3, 0, 3, 255],
            [1, 200, 0, 240],
        ];
        write("odd", |_| 20, 0, &odd);
    }
}
