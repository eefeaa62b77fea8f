//! What leaves when, on one link.
//!
//! Voice leaves at once and is never paced. Then come repairs, as long as they keep to their share,
//! then new video, then padding for a probe; those three leave one after another at the pacing rate.
//! The queues are the caller's; this type is told what waits and says what may go.
//!
//! Pure: the link's pump drives it. Costs video at most the time its packets take at the pacing
//! rate; what would wait longer than [`MAX_WAIT`] is [too old](Pacer::too_old).
//!
//! How a pump drives it: ask [`next`](Pacer::next), do what it says, call [`sent`](Pacer::sent)
//! with what left, ask again; on [`Step::Wait`] sleep until then or until something is queued.

use std::time::{Duration, Instant};

use super::bitrate::Bitrate;
use super::estimator::{Probe, ProbeId};

/// Nothing waits longer in the sender: what is older is dropped, pictures whole, with all that
/// build on them. The issue's own bound.
pub const MAX_WAIT: Duration = Duration::from_millis(200);

/// What was not sent in time may be made up for, up to this much: timers wake some milliseconds
/// late, and a burst of 5 ms is what the receiver counts as one (draft-ietf-rmcat-gcc-02, section 5.2).
const MAX_BURST: Duration = Duration::from_millis(5);

/// Repairs may take this share of what leaves, over [`SHARE_TIME`]; a path that loses more is not
/// helped by more packets. They take it from new pictures: all together leave no faster than the path carries.
const REPAIR_SHARE: f64 = 0.4;

/// And this where the path is full: there packets are lost because of those that were sent too much.
const REPAIR_SHARE_TIGHT: f64 = 0.25;

/// Over which time the share of repairs is measured.
const SHARE_TIME: Duration = Duration::from_secs(1);

/// Repairs that may always go: a still picture must be repairable too. About ten full packets.
const REPAIR_FLOOR: f64 = 12_000.0;

/// Bytes of one packet of padding: what the padding count of an RTP packet can say (RFC 3550, section 5.1).
pub const PADDING: usize = 255;

/// A probe that can't be sent within this many times its length, at most so long, is given up: the machine stalled.
const PROBE_PATIENCE: u32 = 8;

const MAX_PATIENCE: Duration = Duration::from_secs(2);

/// What waits to be sent: the size of the first packet of each kind, if there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Voice, or anything as urgent.
    pub audio: Option<usize>,
    /// A packet that is sent once more.
    pub repair: Option<usize>,
    /// A packet of a new picture.
    pub video: Option<usize>,
}

/// The kinds of packets, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Never paced.
    Audio,
    /// A retransmission.
    Repair,
    /// New video.
    Video,
    /// Nothing but bytes, for a probe.
    Padding,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the first waiting packet of this kind (for [`Kind::Padding`]: up to [`PADDING`] bytes of
    /// nothing), and tell the estimator which probe it belongs to.
    Send(Kind, Option<ProbeId>),
    /// Nothing may leave before then.
    Wait(Instant),
    /// Nothing waits.
    Idle,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    probe: Probe,
    bytes_left: usize,
    packets_left: usize,
    give_up: Instant,
}

/// The pacer of one link.
#[derive(Debug)]
pub struct Pacer {
    rate: Bitrate,
    repair_share: f64,
    /// When the next paced packet may leave.
    free: Instant,
    probe: Option<Running>,
    /// Bytes of all kinds and of repairs, decaying over [`SHARE_TIME`].
    all: f64,
    repairs: f64,
    decayed: Instant,
}

impl Pacer {
    /// A pacer with nothing to wait for.
    pub fn new(now: Instant) -> Self {
        Self {
            rate: Bitrate::from_kbps(800),
            repair_share: REPAIR_SHARE,
            free: now,
            probe: None,
            all: 0.0,
            repairs: 0.0,
            decayed: now,
        }
    }

    /// How fast paced packets leave from now on: [`Estimator::pacing`](super::estimator::Estimator::pacing).
    pub fn set_rate(&mut self, rate: Bitrate) {
        self.rate = rate;
    }

    /// Whether the path is full: [`Estimator::is_tight`](super::estimator::Estimator::is_tight).
    pub fn set_tight(&mut self, tight: bool) {
        self.repair_share = if tight {
            REPAIR_SHARE_TIGHT
        } else {
            REPAIR_SHARE
        };
    }

    /// Begins a probe: media that waits is sped up to its rate, padding fills what is missing.
    pub fn probe(&mut self, probe: Probe, now: Instant) {
        self.free = self.free.min(now);
        self.probe = Some(Running {
            probe,
            bytes_left: probe.bytes,
            packets_left: probe.packets,
            give_up: now + (probe.duration() * PROBE_PATIENCE).min(MAX_PATIENCE) + MAX_WAIT,
        });
    }

    /// What may leave now.
    pub fn next(&mut self, waiting: Waiting, now: Instant) -> Step {
        self.decay(now);
        self.probe = self.probe.take_if(|probe| now < probe.give_up);
        let probe = self.probe.map(|running| running.probe.id);
        if waiting.audio.is_some() {
            return Step::Send(Kind::Audio, None);
        }
        let repair = waiting.repair.filter(|size| self.may_repair(*size));
        let kind = match (repair, waiting.video, probe) {
            (Some(_), _, _) => Kind::Repair,
            (None, Some(_), _) => Kind::Video,
            (None, None, Some(_)) => Kind::Padding,
            // A repair beyond its share waits for the share to grow, not for ever: see `may_repair`.
            (None, None, None) if waiting.repair.is_some() => {
                return Step::Wait(now + MAX_BURST);
            }
            (None, None, None) => return Step::Idle,
        };
        if self.free > now {
            return Step::Wait(self.free);
        }
        Step::Send(kind, probe)
    }

    /// A packet left. `probe`: the one that the estimator was told it belongs to. What no report will speak of
    /// (a packet without a transport-wide number) belongs to none, or the probe would end before it is told enough.
    pub fn sent(&mut self, kind: Kind, bytes: usize, probe: Option<ProbeId>, now: Instant) {
        self.decay(now);
        self.all += bytes as f64;
        if kind == Kind::Repair {
            self.repairs += bytes as f64;
        }
        // Audio waits for nobody, but what follows waits for it.
        let rate = self.probe.map_or(self.rate, |running| running.probe.rate);
        let earliest = now.checked_sub(MAX_BURST).unwrap_or(now);
        let time = rate.time_for(bytes as u64).min(MAX_WAIT);
        self.free = self.free.max(earliest).min(now + MAX_WAIT) + time;
        if let Some(running) = &mut self.probe
            && probe == Some(running.probe.id)
        {
            running.bytes_left = running.bytes_left.saturating_sub(bytes);
            running.packets_left = running.packets_left.saturating_sub(1);
            if running.bytes_left == 0 && running.packets_left == 0 {
                self.probe = None;
            }
        }
    }

    /// How long the last of `bytes` that wait will wait, at this rate.
    pub fn drain_time(&self, bytes: usize) -> Duration {
        self.rate.time_for(bytes as u64)
    }

    /// Whether what was queued then has waited longer than anything may.
    pub fn too_old(&self, queued: Instant, now: Instant) -> bool {
        now.saturating_duration_since(queued) > MAX_WAIT
    }

    fn may_repair(&self, size: usize) -> bool {
        self.repairs + size as f64 <= REPAIR_FLOOR.max(self.all * self.repair_share)
    }

    fn decay(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.decayed);
        let keep = (-passed.as_secs_f64() / SHARE_TIME.as_secs_f64()).exp();
        self.all *= keep;
        self.repairs *= keep;
        self.decayed = self.decayed.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// One megabit a second: a packet of 1,250 bytes takes 10 ms.
    fn pacer() -> (Pacer, Instant) {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        pacer.set_rate(Bitrate::from_kbps(1000));
        (pacer, now)
    }

    const VIDEO: Waiting = Waiting {
        audio: None,
        repair: None,
        video: Some(1250),
    };

    const PROBE: Probe = Probe {
        id: ProbeId(3),
        rate: Bitrate::from_kbps(4000),
        bytes: 5000,
        packets: 5,
    };

    #[test]
    fn video_leaves_at_the_pacing_rate() {
        let (mut pacer, start) = pacer();
        let (mut now, mut left) = (start, 0);
        while now < start + 1000 * MS {
            match pacer.next(VIDEO, now) {
                Step::Send(Kind::Video, None) => {
                    pacer.sent(Kind::Video, 1250, None, now);
                    left += 1;
                }
                Step::Wait(until) => {
                    assert!(until > now);
                    now = until;
                }
                step => panic!("{step:?}"),
            }
        }
        assert!((100..=101).contains(&left), "{left} packets in a second");
    }

    #[test]
    fn voice_never_waits_behind_video_and_repairs_go_before_new_video() {
        let (mut pacer, now) = pacer();
        pacer.sent(Kind::Video, 1250, None, now);
        let waiting = Waiting {
            audio: Some(100),
            repair: Some(1250),
            video: Some(1250),
        };
        assert_eq!(pacer.next(waiting, now), Step::Send(Kind::Audio, None));
        pacer.sent(Kind::Audio, 100, None, now);
        let waiting = Waiting {
            audio: None,
            ..waiting
        };
        let Step::Wait(until) = pacer.next(waiting, now) else {
            panic!("a packet has just left");
        };
        assert_eq!(pacer.next(waiting, until), Step::Send(Kind::Repair, None));
    }

    #[test]
    fn repairs_keep_to_their_share_which_is_smaller_where_the_path_is_full() {
        for (tight, expected) in [(false, 0.35..0.42), (true, 0.2..0.3)] {
            let (mut pacer, start) = pacer();
            pacer.set_tight(tight);
            let waiting = Waiting {
                repair: Some(1250),
                ..VIDEO
            };
            let (mut now, mut repairs, mut video) = (start, 0, 0);
            while now < start + 5000 * MS {
                match pacer.next(waiting, now) {
                    Step::Send(kind, _) => {
                        pacer.sent(kind, 1250, None, now);
                        repairs += usize::from(kind == Kind::Repair);
                        video += usize::from(kind == Kind::Video);
                    }
                    Step::Wait(until) => now = until,
                    Step::Idle => panic!("something waits"),
                }
            }
            let share = repairs as f64 / (repairs + video) as f64;
            assert!(expected.contains(&share), "{share}");
        }
    }

    #[test]
    fn a_probe_takes_the_media_that_waits_and_fills_up_with_padding() {
        let (mut pacer, start) = pacer();
        pacer.probe(PROBE, start);
        let (mut now, mut sizes) = (start, Vec::new());
        loop {
            let waiting = if sizes.is_empty() {
                VIDEO
            } else {
                Waiting::default()
            };
            match pacer.next(waiting, now) {
                Step::Send(kind, id) => {
                    assert_eq!(id, Some(ProbeId(3)));
                    let bytes = if kind == Kind::Video { 1250 } else { PADDING };
                    pacer.sent(kind, bytes, id, now);
                    sizes.push(bytes);
                }
                Step::Wait(until) => now = until,
                Step::Idle => break,
            }
        }
        assert!((5000..5400).contains(&sizes.iter().sum::<usize>()));
        let took = now - start;
        assert!((4 * MS..12 * MS).contains(&took), "{took:?} at 4 Mbit/s");
    }

    /// Copies of repairs carry no transport-wide number: counted, they ended each probe of a lossy path too early.
    #[test]
    fn what_no_report_will_speak_of_is_paced_and_is_no_part_of_a_probe() {
        let (mut pacer, start) = pacer();
        pacer.probe(PROBE, start);
        let copy = Waiting {
            repair: Some(1250),
            ..Waiting::default()
        };
        let (mut now, mut copies, mut reported) = (start, 4, 0);
        loop {
            let waiting = if copies > 0 { copy } else { Waiting::default() };
            match pacer.next(waiting, now) {
                Step::Send(Kind::Repair, Some(_)) => {
                    pacer.sent(Kind::Repair, 1250, None, now);
                    copies -= 1;
                }
                Step::Send(Kind::Padding, id) => {
                    pacer.sent(Kind::Padding, PADDING, id, now);
                    reported += PADDING;
                }
                Step::Wait(until) => now = until,
                step => {
                    assert_eq!(step, Step::Idle);
                    break;
                }
            }
        }
        assert!((5000..5000 + PADDING).contains(&reported), "{reported}");
        // All of it at the probe's rate.
        assert!(now - start >= 14 * MS, "{:?}", now - start);
    }

    #[test]
    fn no_clock_stalls_it_for_longer_than_anything_may_wait() {
        let (mut pacer, start) = pacer();
        pacer.set_rate(Bitrate::ZERO);
        for _ in 0..1000 {
            pacer.sent(Kind::Video, usize::MAX / 4096, None, start);
        }
        let Step::Wait(until) = pacer.next(VIDEO, start) else {
            panic!("nothing may leave at no rate");
        };
        assert!(until <= start + 2 * MAX_WAIT);
        let earlier = start.checked_sub(Duration::from_secs(1)).unwrap_or(start);
        pacer.sent(Kind::Repair, 100, None, earlier);
        assert!(matches!(
            pacer.next(VIDEO, until + 2 * MAX_WAIT),
            Step::Send(..)
        ));
    }
}
