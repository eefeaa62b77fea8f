//! When to probe, how fast, and what came of it.
//!
//! A probe asks for twice what is believed; when that comes through, twice as much again, at once.
//! So a new path is known within a second, and one that became better within a few, even while the
//! encoders send little. libwebrtc's probes ask three and six times the start at once; one after
//! the other they never put more than a blink's worth into a thin line's queue.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::probe::{Probe, ProbeId};
use crate::transport::bitrate::Bitrate;
use crate::transport::pacer::PADDING;

/// How much more than the estimate a probe asks for (libwebrtc: further probes double).
const STEP: f64 = 2.0;
/// Never slower than this: below, a probe of the least size would take all day.
const LEAST_RATE: f64 = 200_000.0;
/// Asking for less than this much more is not worth a probe.
const LEAST_STEP: f64 = 1.15;

/// A probe lasts so long on a steady path (libwebrtc has 15 ms; more tells better what a fast line does),
/// as many times the jitter on a restless one, but never so long that its queue is heard.
const LENGTH: Duration = Duration::from_millis(25);
const LENGTH_JITTERS: f64 = 12.0;
const MAX_LENGTH: Duration = Duration::from_millis(200);

/// The jitter that a picture's packets make among themselves, as a share of the time that one takes at the estimate.
const OWN_JITTER: f64 = 0.25;
const PACKET_BITS: f64 = 1200.0 * 8.0;

/// The least packets of a probe (libwebrtc), and what it must hold in bytes to be made of them.
const LEAST_PACKETS: usize = 5;
const LEAST_BYTES: usize = LEAST_PACKETS * PADDING;

/// What must have arrived of it to tell anything (libwebrtc: 80 %), beyond the share that this path always loses.
const ARRIVED: f64 = 0.75;

/// It succeeded when this much of its rate came through (libwebrtc: 0.85 to 0.9).
const SUCCESS: f64 = 0.85;

/// And less on a path that jitters, by at most this: a success that is none costs a short queue.
const MAX_NOISE: f64 = 0.25;

/// What is kept of a measured rate: a short burst sees a little more than lasts.
const KEPT: f64 = 0.9;

/// No answer after this long is an answer.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// The next try after one that failed, and the most that waiting grows to by [`BACK_OFF`] each: a
/// path that became better is known three seconds later.
const INTERVAL: Duration = Duration::from_millis(600);
const MAX_INTERVAL: Duration = Duration::from_secs(3);
const BACK_OFF: f64 = 1.5;

/// A queue that builds up so soon after a success says that the path let a burst pass and nothing more
/// (a bucket of tokens). Then the next tries wait twice as long each, up to this.
const REGRET: Duration = Duration::from_millis(1500);
const MAX_DISTRUST: Duration = Duration::from_secs(30);

/// Quiet needed after a cut.
const AFTER_CUT: Duration = Duration::from_millis(1000);

#[derive(Clone, Copy, Debug)]
struct Arrival {
    sent: i64,
    arrived: i64,
    bytes: usize,
}

#[derive(Debug)]
struct Running {
    probe: Probe,
    began: Instant,
    sent_packets: usize,
    sent_bytes: usize,
    arrivals: VecDeque<Arrival>,
}

/// Plans probes and reads their results.
#[derive(Debug)]
pub(super) struct Prober {
    next_id: u32,
    running: Option<Running>,
    next: Instant,
    interval: Duration,
    raised: Option<Instant>,
    distrust: Duration,
}

/// What there is to know before a probe is planned. Rates in bits per second, jitter in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    pub now: Instant,
    /// No queue, nobody else in it, reports come.
    pub free: bool,
    pub target: f64,
    /// No more is worth asking for.
    pub ceiling: f64,
    pub jitter: f64,
    pub cut: Option<Instant>,
}

impl Prober {
    /// Ready to probe as soon as the path answers.
    pub fn new(now: Instant) -> Self {
        Self {
            next_id: 0,
            running: None,
            next: now,
            interval: INTERVAL,
            raised: None,
            distrust: Duration::ZERO,
        }
    }

    /// A probe, if it is time for one.
    pub fn plan(&mut self, outlook: &Outlook) -> Option<Probe> {
        let now = outlook.now;
        if self
            .raised
            .take_if(|then| now.saturating_duration_since(*then) >= REGRET)
            .is_some()
        {
            self.distrust = Duration::ZERO;
        }
        if let Some(running) = &self.running {
            if now.saturating_duration_since(running.began) <= ANSWER_TIME {
                return None;
            }
            self.running = None;
            self.failed(now);
        }
        let rate = (outlook.target * STEP).max(LEAST_RATE).min(outlook.ceiling);
        let worthwhile = rate >= outlook.target * LEAST_STEP;
        let quiet = outlook
            .cut
            .is_none_or(|cut| now.saturating_duration_since(cut) > AFTER_CUT);
        if !(outlook.free && quiet && worthwhile && now >= self.next) {
            return None;
        }
        // A thin line makes its packets wait for one another: that is no jitter of the path.
        let own = OWN_JITTER * PACKET_BITS / outlook.target.max(1.0) * 1e6;
        let jitter = (outlook.jitter - own).max(0.0);
        let jitters = Duration::from_micros((jitter * LENGTH_JITTERS) as u64);
        let length = jitters.clamp(LENGTH, MAX_LENGTH);
        let rate = Bitrate::from_bps(rate as u64);
        let probe = Probe {
            id: ProbeId(self.next_id),
            rate,
            bytes: (rate.bytes_in(length) as usize).max(LEAST_BYTES),
            packets: LEAST_PACKETS,
        };
        self.next_id = self.next_id.wrapping_add(1);
        self.running = Some(Running {
            probe,
            began: now,
            sent_packets: 0,
            sent_bytes: 0,
            arrivals: VecDeque::new(),
        });
        Some(probe)
    }

    /// A packet of a probe leaves.
    pub fn sent(&mut self, id: ProbeId, bytes: usize) {
        if let Some(running) = &mut self.running
            && running.probe.id == id
        {
            running.sent_packets += 1;
            running.sent_bytes += bytes;
        }
    }

    /// A packet of a probe arrived.
    pub fn arrived(&mut self, id: ProbeId, sent: i64, arrived: i64, bytes: usize) {
        if let Some(running) = &mut self.running
            && running.probe.id == id
            && running.arrivals.len() < running.sent_packets
        {
            running.arrivals.push_back(Arrival {
                sent,
                arrived,
                bytes,
            });
        }
    }

    /// What the probe found, once enough of it has arrived: the rate that the path was seen to carry.
    /// `answered`: the other side spoke of a packet that left after the probe.
    /// `known_loss`: the share that is lost of everything.
    pub fn result(
        &mut self,
        answered_after: impl Fn(i64) -> bool,
        known_loss: f64,
        jitter: f64,
        now: Instant,
    ) -> Option<f64> {
        let running = self.running.as_ref()?;
        let probe = running.probe;
        let complete = running.sent_packets >= probe.packets && running.sent_bytes >= probe.bytes;
        let due = running.sent_packets as f64 * ARRIVED * (1.0 - known_loss);
        let enough = running.arrivals.len() as f64 >= due;
        let last = running.arrivals.iter().map(|a| a.sent).max()?;
        let all = running.arrivals.len() == running.sent_packets;
        if !complete || !(all || answered_after(last)) {
            return None;
        }
        let found = enough.then(|| rate(&running.arrivals)).flatten();
        let complete_share = running.arrivals.len() as f64 / running.sent_packets as f64;
        self.running = None;
        let Some((into, out)) = found else {
            self.failed(now);
            return None;
        };
        let asked = probe.rate.bps() as f64;
        let into = (into / complete_share).min(asked * 1.1);
        let out = out / complete_share;
        let chance = running_noise(&probe, jitter);
        if out >= into * (SUCCESS - chance) {
            self.interval = INTERVAL;
            self.raised = Some(now);
            self.next = now + self.distrust;
        } else {
            self.failed(now);
        }
        Some(into.min(out) * KEPT)
    }

    /// A queue built up.
    pub fn congested(&mut self, now: Instant) {
        if let Some(raised) = self.raised.take()
            && now.saturating_duration_since(raised) < REGRET
        {
            self.distrust = (self.distrust * 2).clamp(INTERVAL, MAX_DISTRUST);
        }
        self.next = self.next.max(now + self.interval.max(self.distrust) / 2);
    }

    /// The queue was others', and so was the regret.
    pub fn trust(&mut self) {
        self.distrust = Duration::ZERO;
        self.raised = None;
    }

    fn failed(&mut self, now: Instant) {
        self.next = now + self.interval.max(self.distrust);
        self.interval = self.interval.mul_f64(BACK_OFF).min(MAX_INTERVAL);
    }
}

/// By how much jitter alone may draw the burst out, as a share.
fn running_noise(probe: &Probe, jitter: f64) -> f64 {
    let length = probe.duration().as_micros().max(1) as f64;
    (2.0 * jitter / length).min(MAX_NOISE)
}

/// By how much the burst was drawn out: least squares through the delays of its packets, which a
/// single late one does not spoil.
fn stretch(arrivals: &VecDeque<Arrival>) -> f64 {
    let count = arrivals.len().max(1) as f64;
    let origin = arrivals.front().map_or((0, 0), |a| (a.sent, a.arrived));
    let points = arrivals.iter().map(|a| {
        let sent = (a.sent - origin.0) as f64;
        (sent, (a.arrived - origin.1) as f64 - sent)
    });
    let (x, y) = points
        .clone()
        .fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    let (x, y) = (x / count, y / count);
    let (above, below) = points.fold((0.0, 0.0), |sum, point| {
        (
            sum.0 + (point.0 - x) * (point.1 - y),
            sum.1 + (point.0 - x).powi(2),
        )
    });
    if below > 0.0 { above / below } else { 0.0 }
}

/// The rates at which the packets left and arrived; the packet that closes the stretch of time is not part of it.
fn rate(arrivals: &VecDeque<Arrival>) -> Option<(f64, f64)> {
    let bytes: usize = arrivals.iter().map(|a| a.bytes).sum();
    let first_sent = arrivals.iter().min_by_key(|a| a.sent)?;
    let last_sent = arrivals.iter().max_by_key(|a| a.sent)?;
    let over = |bytes: usize, micros: i64| bytes as f64 * 8e6 / micros.max(500) as f64;
    let into = over(bytes - last_sent.bytes, last_sent.sent - first_sent.sent);
    Some((into, into / (1.0 + stretch(arrivals)).max(0.2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(target: f64, now: Instant) -> Outlook {
        Outlook {
            now,
            free: true,
            target,
            ceiling: 3e6,
            jitter: 0.0,
            cut: None,
        }
    }

    /// Sends a probe over a line of a rate that delays everything by 20 ms, and reads the result.
    fn run(prober: &mut Prober, probe: Probe, line: f64, now: Instant) -> Option<f64> {
        let size = 300;
        let (mut sent, mut free, mut left) = (0i64, 0i64, probe.bytes as i64);
        while left > 0 {
            prober.sent(probe.id, size);
            free = free.max(sent) + (size as f64 * 8e6 / line) as i64;
            prober.arrived(probe.id, sent, 20_000 + free, size);
            sent += (size as f64 * 8e6 / probe.rate.bps() as f64) as i64;
            left -= size as i64;
        }
        prober.result(|_| false, 0.0, 0.0, now)
    }

    #[test]
    fn a_probe_finds_what_the_line_carries_and_no_more_than_it_asked_for() {
        let now = Instant::now();
        let mut prober = Prober::new(now);
        let probe = prober.plan(&outlook(500e3, now)).expect("it is time");
        assert_eq!(probe.rate, Bitrate::from_kbps(1000));
        let found = run(&mut prober, probe, 700e3, now).expect("all of it arrived");
        assert!((550e3..700e3).contains(&found), "{found}");

        let later = now + MAX_INTERVAL;
        let probe = prober.plan(&outlook(500e3, later)).expect("it is time");
        let found = run(&mut prober, probe, 50e6, later).expect("all of it arrived");
        assert!((850e3..1000e3).contains(&found), "{found}");
    }

    #[test]
    fn after_a_success_the_next_is_sent_at_once_after_a_failure_in_a_while() {
        let now = Instant::now();
        let mut prober = Prober::new(now);
        let probe = prober.plan(&outlook(500e3, now)).expect("it is time");
        run(&mut prober, probe, 50e6, now);
        let probe = prober.plan(&outlook(900e3, now)).expect("at once");
        run(&mut prober, probe, 950e3, now);
        assert_eq!(prober.plan(&outlook(900e3, now)), None);
        assert!(prober.plan(&outlook(900e3, now + INTERVAL)).is_some());
    }

    #[test]
    fn a_success_that_is_regretted_makes_the_next_ones_rare() {
        let now = Instant::now();
        let mut prober = Prober::new(now);
        let probe = prober.plan(&outlook(500e3, now)).expect("it is time");
        run(&mut prober, probe, 50e6, now);
        prober.congested(now + Duration::from_millis(300));
        let probe = prober.plan(&outlook(500e3, now + INTERVAL)).expect("later");
        run(&mut prober, probe, 50e6, now + INTERVAL);
        assert_eq!(prober.plan(&outlook(900e3, now + INTERVAL)), None);
    }

    #[test]
    fn nothing_is_probed_when_all_that_is_wanted_fits_or_a_queue_stands() {
        let now = Instant::now();
        let mut prober = Prober::new(now);
        assert_eq!(prober.plan(&outlook(2.9e6, now)), None);
        let queued = Outlook {
            free: false,
            ..outlook(500e3, now)
        };
        assert_eq!(prober.plan(&queued), None);
    }

    #[test]
    fn a_probe_that_is_never_answered_is_given_up() {
        let now = Instant::now();
        let mut prober = Prober::new(now);
        let lost = prober.plan(&outlook(500e3, now)).expect("it is time");
        assert_eq!(prober.plan(&outlook(500e3, now + ANSWER_TIME)), None);
        let late = now + ANSWER_TIME + MAX_INTERVAL;
        prober.plan(&outlook(500e3, late));
        let next = prober.plan(&outlook(500e3, late + INTERVAL));
        assert!(next.is_some_and(|probe| probe.id != lost.id));
    }
}
