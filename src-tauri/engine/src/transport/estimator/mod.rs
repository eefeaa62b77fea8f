//! How much may be sent to one person: a send-side estimate from transport-wide feedback.
//!
//! `BANDWIDTH.md` tells how it works and names every constant. Pure: the link brings packets as
//! they leave, the other side's reports as they come, and the time. Lives behind the link's lock; a
//! packet costs well under a microsecond, a report some tens.
//!
//! How a link drives it: [`sent`](Estimator::sent) for every packet with a transport-wide number,
//! [`feedback`](Estimator::feedback) for every report, [`probe`](Estimator::probe) every 10 to 50 ms;
//! then [`estimate`](Estimator::estimate) and [`pacing`](Estimator::pacing) hold.
//!
//! - `in_flight`, `acknowledged`: what left, and how fast it came through
//! - `delay`, `trend`: how long the queue is, and whether it grows
//! - `rate`, `rivalry`: the rate that follows from it, and whose queue it is
//! - `loss`: the bound that losses set
//! - `prober`: bursts that find out whether there is more

mod acknowledged;
mod delay;
mod in_flight;
mod limit;
mod loss;
mod probe;
mod prober;
mod rate;
mod rivalry;
mod trend;

#[cfg(test)]
mod page;

pub use limit::Limit;
pub use probe::{Probe, ProbeId};

use std::time::{Duration, Instant};

use acknowledged::{Acknowledged, Passage};
use delay::QueueDelay;
use in_flight::{Fate, InFlight, Sent};
use loss::LossBound;
use prober::{Outlook, Prober};
use rate::{Ease, Observed, Rate};
use trend::Trend;

use crate::transport::bitrate::Bitrate;
use crate::transport::transport_report::TransportReport;

/// Where a new path begins: voice and a small picture, which nearly every line carries (libwebrtc begins there too).
pub const START: Bitrate = Bitrate::from_kbps(300);

/// Never less: voice at its lowest rate, with its headers.
const MIN: Bitrate = Bitrate::from_kbps(40);

/// Never more, whatever is wanted: twice what 1080p takes.
const MAX: Bitrate = Bitrate::from_kbps(12_000);

/// The estimate grows this much beyond what is wanted, so that what is wanted fits with room to
/// spare, and no further: what is never sent is never proven.
const HEADROOM: f64 = 1.25;

/// Rates are measured over this time for a cut, over twice [`Acknowledged::rate`]'s patience for
/// show, each over at least so many packets; with jitter, over so many times the jitter.
const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_millis(500);
const RATE_PACKETS: usize = 10;
const SHORT_JITTERS: f64 = 60.0;
/// By so many jitters may the ends of such a stretch be off by chance.
const NOISE_JITTERS: f64 = 3.0;
/// While a queue stands, only what found it counts, and so many packets will do.
const SHORT_PACKETS: usize = 6;

/// Packets leave at this many times the estimate, one after another: a picture takes less than half
/// of the time until the next (libwebrtc's pacing factor).
const PACING: f64 = 2.5;
/// And at this many while a queue drains: bursts would only lengthen it.
const PACING_TIGHT: f64 = 1.5;

/// An answer may take this much longer than the quickest of late and the time between reports, before
/// less is sent: it may be our own packets that stand in the way, of which no report tells yet.
const ANSWER_SLACK: Duration = Duration::from_millis(70);
/// And so many times the jitter: reports are held up as packets are.
const ANSWER_JITTERS: f64 = 4.0;
/// The time between reports is followed by this part, and never counts as longer.
const REPORT_GAIN: f64 = 1.0 / 8.0;
const MAX_REPORT_TIME: Duration = Duration::from_millis(150);
/// What is sent at least while no answer comes, as a share. The estimate itself is kept.
const UNANSWERED: f64 = 0.4;
/// No answer for this long means that the path may be away, and nothing is concluded from the queue.
const SILENCE: Duration = Duration::from_millis(1000);

/// The quickest answer is sought among this many reports: twenty seconds of them.
const ANSWERS: u32 = 400;

/// The delay's estimate runs no further than this ahead of a bound that losses set.
const BOUND_SLACK: f64 = 1.1;

/// On another path at most this share of what the last one carried is sent at first; probes do the rest.
const NEW_PATH: f64 = 0.5;

/// The estimate of one path.
#[derive(Debug)]
pub struct Estimator {
    epoch: Instant,
    flight: InFlight,
    acknowledged: Acknowledged,
    delay: QueueDelay,
    trend: Trend,
    rate: Rate,
    loss: LossBound,
    prober: Prober,
    wanted: Bitrate,
    /// The most that losses allow, renewed with every report.
    bound: f64,
    /// The share that is sent while a loss is put to the test.
    tested_share: f64,
    round_trip: Option<Duration>,
    quickest: Option<(Duration, u32)>,
    /// When the last report came, and how far apart they come.
    reported: Option<Instant>,
    report_time: Duration,
    /// How long the oldest packet without an answer has waited.
    unanswered: Duration,
}

impl Estimator {
    /// For a path that nothing is known of.
    pub fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            flight: InFlight::default(),
            acknowledged: Acknowledged::default(),
            delay: QueueDelay::default(),
            trend: Trend::default(),
            rate: Rate::new(START.bps() as f64, now),
            loss: LossBound::default(),
            prober: Prober::new(now),
            wanted: MAX,
            bound: f64::INFINITY,
            tested_share: 1.0,
            round_trip: None,
            quickest: None,
            reported: None,
            report_time: MAX_REPORT_TIME,
            unanswered: Duration::ZERO,
        }
    }

    /// A packet leaves: its transport-wide number, its size on the wire (headers included, so that
    /// small packets count for what they cost), and the probe it is sent for.
    pub fn sent(&mut self, number: u16, bytes: usize, probe: Option<ProbeId>, now: Instant) {
        self.flight.sent(number, bytes, probe, now);
        if let Some(id) = probe {
            self.prober.sent(id, bytes);
        }
    }

    /// The other side reports.
    pub fn feedback(&mut self, report: &TransportReport, now: Instant) {
        let mut heard = false;
        for (number, arrival) in &report.packets {
            let sent = self.flight.report(*number, arrival.is_some());
            if let (Some(sent), Some(arrival)) = (sent, arrival) {
                self.arrived(&sent, *arrival);
                heard = true;
            }
        }
        let lost = self.settle();
        let Some(answered) = self.flight.acknowledged().filter(|_| heard) else {
            return;
        };
        self.note_answer(now.saturating_duration_since(answered), now);
        self.conclude(answered, lost, now);
    }

    fn arrived(&mut self, sent: &Sent, arrival: Duration) {
        let left = self.micros(sent.at);
        let arrived = i64::try_from(arrival.as_micros()).unwrap_or(i64::MAX / 4);
        let arrived = arrived.min(i64::MAX / 4);
        if self.delay.push(left, arrived - left) {
            self.trend.clear();
            self.acknowledged.clear();
        }
        self.trend.push(left, arrived);
        self.acknowledged.push(Passage {
            sent: left,
            arrived,
            bytes: sent.bytes + sent.unspoken,
        });
        if let Some(id) = sent.probe {
            self.prober.arrived(id, left, arrived, sent.bytes);
        }
    }

    /// Counts what can no longer change. Tells whether something was lost.
    fn settle(&mut self) -> bool {
        let mut any = false;
        let queued = self.delay.level() > self.delay.high();
        while let Some(packet) = self.flight.settle() {
            if packet.fate != Fate::Unknown {
                let lost = packet.fate == Fate::Missing;
                self.loss.settled(packet.at, packet.bytes, lost, queued);
                any |= lost;
            }
        }
        any
    }

    fn note_answer(&mut self, took: Duration, now: Instant) {
        if let Some(last) = self.reported.replace(now) {
            let apart = now.saturating_duration_since(last);
            let apart = apart.min(MAX_REPORT_TIME);
            self.report_time =
                self.report_time.mul_f64(1.0 - REPORT_GAIN) + apart.mul_f64(REPORT_GAIN);
        }
        self.round_trip = Some(took);
        self.unanswered = Duration::ZERO;
        self.quickest = match self.quickest {
            Some((quickest, age)) if quickest < took && age < ANSWERS => Some((quickest, age + 1)),
            _ => Some((took, 0)),
        };
    }

    fn conclude(&mut self, answered: Instant, lost: bool, now: Instant) {
        let jitters = Duration::from_micros((self.delay.jitter() * SHORT_JITTERS) as u64);
        let window = jitters.clamp(SHORT, LONG);
        let tested = self.rate.tested_since().filter(|began| answered >= *began);
        let tested = tested.map_or(i64::MIN, |began| self.micros(began));
        let since = self.delay.queued_since().max(tested);
        let seen = Observed {
            now,
            queue: self.delay.level(),
            low: self.delay.low(),
            high: self.delay.high(),
            standing: self.delay.standing(),
            stale: self.delay.stale(),
            growing: self.trend.growing(),
            throughput: self.acknowledged.rate(window, SHORT_PACKETS, since),
            noise: NOISE_JITTERS * self.delay.jitter() / window.as_micros() as f64,
            acknowledged: self
                .acknowledged
                .rate(LONG, RATE_PACKETS, i64::MIN)
                .map(|rate| rate.out),
            answered,
            round_trip: self.round_trip.unwrap_or_default(),
            loss: self.loss.share(),
            lost,
            ceiling: self.ceiling(),
        };
        let (cut, ease) = (self.rate.cut(), self.rate.ease());
        if self.rate.update(&seen) {
            self.delay.rebase();
            self.trend.clear();
        }
        if self.rate.cut() != cut {
            self.prober.congested(now);
        }
        if ease == Ease::Contested && self.rate.ease() != ease {
            self.prober.trust();
        }
        let answered = self.micros(answered);
        let known_loss = self.loss.share();
        let result =
            self.prober
                .result(|sent| sent < answered, known_loss, self.delay.jitter(), now);
        if let Some(found) = result
            && matches!(self.rate.ease(), Ease::Free | Ease::Draining)
            && found > self.rate.target()
        {
            self.rate.set(found.min(self.ceiling()));
        }
        self.bound = self.loss.bound(self.rate.target(), now);
        self.tested_share = self.loss.tested_share(now);
        self.rate.keep_below(self.bound * BOUND_SLACK);
    }

    /// Moves the time on, and asks whether a probe is to be sent now. To be called every 10 to 50 ms.
    pub fn probe(&mut self, now: Instant) -> Option<Probe> {
        self.unanswered = self
            .flight
            .unanswered_since()
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        // Nothing was ever answered: there is no path to probe yet.
        self.round_trip?;
        let outlook = Outlook {
            now,
            free: self.rate.ease() == Ease::Free
                && self.patience() >= self.unanswered
                && self.bound > self.rate.target(),
            target: self.rate.target(),
            ceiling: self.ceiling(),
            jitter: self.delay.jitter(),
            cut: self.rate.cut(),
        };
        self.prober.plan(&outlook)
    }

    /// What may be sent to this person now, everything together.
    pub fn estimate(&self) -> Bitrate {
        let late = self.unanswered.as_secs_f64() / self.patience().as_secs_f64().max(0.001);
        let answered = (1.0 / late.max(1.0)).max(UNANSWERED);
        let rate = self
            .rate
            .sending()
            .min(self.rate.target() * answered)
            .min(self.bound)
            .min(self.rate.target() * self.tested_share);
        Bitrate::from_bps(rate as u64).clamp(MIN, MAX)
    }

    /// How fast packets may leave one after another: more than the estimate, so that a picture is
    /// not spread over the whole time until the next.
    pub fn pacing(&self) -> Bitrate {
        let times = match self.is_tight() {
            true => PACING_TIGHT,
            false => PACING,
        };
        self.estimate() * times
    }

    /// Whether the path is full, or shared by several who were each told their part: then what is sent too much is lost.
    pub fn is_tight(&self) -> bool {
        matches!(self.rate.ease(), Ease::Draining | Ease::Congested) || self.bound < f64::INFINITY
    }

    /// How fast our packets arrive, over the last half second of arrivals.
    pub fn acknowledged(&self) -> Option<Bitrate> {
        self.acknowledged
            .rate(LONG, RATE_PACKETS, i64::MIN)
            .map(|rate| Bitrate::from_bps(rate.out as u64))
    }

    /// The share of packets lost of late, 0 to 1.
    pub fn loss(&self) -> f32 {
        self.loss.share() as f32
    }

    /// From a packet's leaving to the report that names it, the wait for the report included.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// How long packets wait in queues on the way.
    pub fn queue_delay(&self) -> Duration {
        self.delay.level_time()
    }

    /// What holds the estimate where it is.
    pub fn limited_by(&self) -> Limit {
        if self.unanswered > SILENCE.max(self.patience()) {
            Limit::Silence
        } else if self.estimate() >= self.wanted {
            Limit::Nothing
        } else if self.rate.ease() == Ease::Contested {
            Limit::Competition
        } else if self.bound < self.rate.sending() {
            Limit::Loss
        } else if self.rate.ease() != Ease::Free || self.rate.cut().is_some() {
            Limit::Delay
        } else {
            Limit::Exploring
        }
    }

    /// The most that could be sent now if the path gave it: every stream at the best rate somebody
    /// takes. The estimate grows a little beyond it and no further; below it, probing is worthwhile.
    pub fn set_wanted(&mut self, wanted: Bitrate) {
        self.wanted = wanted;
    }

    /// The packets take another way from now on: what was learnt of delays and losses no longer
    /// holds, and of the rate only a part is risked before it is probed.
    pub fn path_changed(&mut self, now: Instant) {
        let start = START.bps() as f64;
        let target = (self.rate.target() * NEW_PATH).max(start.min(self.rate.target()));
        self.flight.clear();
        self.acknowledged.clear();
        self.delay.clear();
        self.trend.clear();
        self.loss.clear();
        self.rate.restart(target, now);
        self.prober = Prober::new(now);
        self.bound = f64::INFINITY;
        self.tested_share = 1.0;
        self.round_trip = None;
        self.quickest = None;
        self.reported = None;
        self.unanswered = Duration::ZERO;
    }

    fn ceiling(&self) -> f64 {
        (self.wanted * HEADROOM).clamp(MIN, MAX).bps() as f64
    }

    /// How long an answer may take.
    fn patience(&self) -> Duration {
        let jitters = Duration::from_micros((self.delay.jitter() * ANSWER_JITTERS) as u64);
        // Whoever else fills the queue makes us wait, and is no reason to send less.
        let others = match self.rate.ease() {
            Ease::Contested => self.delay.level_time(),
            Ease::Free | Ease::Draining | Ease::Congested => Duration::ZERO,
        };
        let slack = self.report_time + ANSWER_SLACK + jitters + others;
        self.quickest
            .map_or(SILENCE, |(quickest, _)| quickest + slack)
    }

    fn micros(&self, at: Instant) -> i64 {
        at.saturating_duration_since(self.epoch).as_micros() as i64
    }
}
