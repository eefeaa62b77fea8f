//! How much may be sent to one person: a send-side estimate from transport-wide feedback.
//!
//! `BANDWIDTH.md` tells how it works and names every constant. Pure: the link brings packets as
//! they leave, the other side's reports as they come, and the time. Lives behind the link's lock; a
//! packet costs well under a microsecond, a report some tens.
//!
//! How a link drives it: [`sent`](Estimator::sent) for every packet with a transport-wide number,
//! [`feedback`](Estimator::feedback) for every report, [`probe`](Estimator::probe) every 10 to 50 ms;
//! then [`estimate`](Estimator::estimate) and [`pacing`](Estimator::pacing) hold.

mod acknowledged;
mod in_flight;
mod limit;
mod probe;

pub use limit::Limit;
pub use probe::{Probe, ProbeId};

use std::time::{Duration, Instant};

use acknowledged::{Acknowledged, Passage};
use in_flight::{Fate, InFlight};

use crate::transport::bitrate::Bitrate;
use crate::transport::transport_report::TransportReport;

/// Where a new path begins: a picture of 180 to 360 rows with voice, which nearly every line carries.
const START: Bitrate = Bitrate::from_kbps(400);

/// Never less: voice with its headers at its lowest rate.
const MIN: Bitrate = Bitrate::from_kbps(40);

/// Never more, whatever is wanted: twice what 1080p takes.
const MAX: Bitrate = Bitrate::from_kbps(12_000);

/// A path on which nothing is answered for this long may be away.
const SILENCE: Duration = Duration::from_millis(500);

/// The estimate of one path.
#[derive(Debug)]
pub struct Estimator {
    epoch: Instant,
    flight: InFlight,
    acknowledged: Acknowledged,
    base: Option<i64>,
    queue: Duration,
    target: Bitrate,
    wanted: Bitrate,
    loss: f32,
    changed: Instant,
    round_trip: Option<Duration>,
    silent: bool,
}

impl Estimator {
    /// For a path that nothing is known of.
    pub fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            flight: InFlight::default(),
            acknowledged: Acknowledged::default(),
            base: None,
            queue: Duration::ZERO,
            target: START,
            wanted: MAX,
            loss: 0.0,
            changed: now,
            round_trip: None,
            silent: false,
        }
    }

    /// A packet leaves: its transport-wide number, its size on the wire (headers included, so that
    /// small packets count for what they cost), and the probe it is sent for.
    pub fn sent(&mut self, number: u16, bytes: usize, probe: Option<ProbeId>, now: Instant) {
        self.flight.sent(number, bytes, probe, now);
    }

    /// The other side reports.
    pub fn feedback(&mut self, report: &TransportReport, now: Instant) {
        for (number, arrival) in &report.packets {
            let sent = self.flight.report(*number, arrival.is_some());
            if let (Some(sent), Some(arrival)) = (sent, arrival) {
                let sent_at = sent.at.saturating_duration_since(self.epoch).as_micros() as i64;
                let arrived = arrival.as_micros() as i64;
                self.acknowledged.push(Passage {
                    sent: sent_at,
                    arrived,
                    bytes: sent.bytes,
                });
                let delay = arrived - sent_at;
                let base = self.base.map_or(delay, |base| base.min(delay));
                self.base = Some(base);
                self.queue = Duration::from_micros((delay - base) as u64);
            }
        }
        self.round_trip = self
            .flight
            .acknowledged()
            .map(|at| now.saturating_duration_since(at));
        while let Some(packet) = self.flight.settle() {
            if packet.fate != Fate::Unknown {
                let lost = f32::from(u8::from(packet.fate == Fate::Missing));
                self.loss += (lost - self.loss) / 64.0;
            }
        }
        let passed = now
            .saturating_duration_since(self.changed)
            .min(Duration::from_secs(1));
        if self.queue < Duration::from_millis(50) {
            self.target = self.target * 1.08f64.powf(passed.as_secs_f64());
            self.changed = now;
        } else if passed > Duration::from_millis(200)
            && let Some(rate) = self.acknowledged.rate(Duration::from_millis(150), 10)
        {
            self.target = self.target.min(Bitrate::from_bps((rate.out * 0.85) as u64));
            self.changed = now;
        }
        self.target = self.target.clamp(MIN, MAX);
    }

    /// Moves the time on, and asks whether a probe is to be sent now. To be called every 10 to 50 ms.
    pub fn probe(&mut self, now: Instant) -> Option<Probe> {
        self.silent = self
            .flight
            .unanswered_since()
            .is_some_and(|since| now.saturating_duration_since(since) > SILENCE);
        None
    }

    /// What may be sent to this person now, everything together.
    pub fn estimate(&self) -> Bitrate {
        self.target.min(self.wanted * 1.25)
    }

    /// How fast packets may leave one after another: more than the estimate, so that a picture is
    /// not spread over the whole time until the next.
    pub fn pacing(&self) -> Bitrate {
        self.estimate() * 2.0
    }

    /// How fast our packets arrive, over the last half second of arrivals.
    pub fn acknowledged(&self) -> Option<Bitrate> {
        self.acknowledged
            .rate(Duration::from_millis(500), 10)
            .map(|rate| Bitrate::from_bps(rate.out as u64))
    }

    /// The share of packets lost of late, 0 to 1.
    pub fn loss(&self) -> f32 {
        self.loss
    }

    /// From a packet's leaving to the report that names it, the wait for the report included.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// How long packets wait in queues on the way.
    pub fn queue_delay(&self) -> Duration {
        self.queue
    }

    /// What holds the estimate where it is.
    pub fn limited_by(&self) -> Limit {
        if self.silent {
            Limit::Silence
        } else if self.target >= self.wanted {
            Limit::Nothing
        } else {
            Limit::Exploring
        }
    }

    /// The most that could be sent now if the path gave it: every stream at the best rate somebody
    /// takes. The estimate grows a little beyond it and no further; below it, probing is worthwhile.
    pub fn set_wanted(&mut self, wanted: Bitrate) {
        self.wanted = wanted;
    }

    /// The packets take another way from now on: what was learnt of delays no longer holds.
    pub fn path_changed(&mut self, now: Instant) {
        self.flight.clear();
        self.acknowledged.clear();
        self.base = None;
        self.queue = Duration::ZERO;
        self.changed = now;
    }
}
