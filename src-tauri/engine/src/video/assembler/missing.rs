//! The packets that have not come, and when to ask for them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// A packet overtaken by this many others is lost rather than late, where none was seen to be late.
const REORDER_PACKETS: u64 = 3;

/// A packet overtaken for this long is lost rather than late: networks reorder within a burst. Where
/// packets are seen to come later than that by themselves, it is half as long again as they take.
const REORDER: Range<Duration> = Duration::from_millis(8)..Duration::from_millis(40);

/// On a path that has not been seen to reorder for this long, whatever was overtaken is lost, and is
/// asked for at once (after RFC 8985, section 6.2, step 4).
const ORDERLY_AFTER: Duration = Duration::from_secs(10);

/// Until a retransmission has shown how long one takes, ask again after this.
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// Bounds on asking again: not within one burst, and several times within the patience for a gap.
const RETRY: Range<Duration> = Duration::from_millis(20)..Duration::from_millis(150);

/// Beyond what a retransmission usually takes: the pauses of both machines' timers.
const RETRY_MARGIN: Duration = Duration::from_millis(5);

/// A gap is waited for as long as this many retransmissions take: where a tenth of all packets is
/// lost, one in a thousand is still missing then, and a keyframe is the shorter way.
const ATTEMPTS: u32 = 3;

/// Bounds on the patience for a gap. Below, a pause of the sender's machine would cost a keyframe;
/// above, some three round trips across a continent, a keyframe would have been quicker.
const PATIENCE: Range<Duration> = Duration::from_millis(60)..Duration::from_millis(400);

/// Requests are lost like everything else. From these shares of losses on, each is made two and three
/// times: it costs 60 bytes, and waiting for the next a whole round trip.
const TWICE_FROM: f32 = 0.02;
const THRICE_FROM: f32 = 0.05;

/// From this share of losses on, the first repair of a packet is lost so often that it is to be expected.
const OFTEN: f32 = 0.09;

/// Between two copies of a request: losses come in bursts.
const COPY_AFTER: Duration = Duration::from_millis(6);

/// Over how many packets the share of losses is smoothed: about a second of video. At first over fewer, so that a path
/// that loses much is known for it within half a second of a small picture; then one loss alone is asked for three times.
const LOSS_SMOOTHING: Range<f32> = 16.0..128.0;

/// Most attempts to get one packet.
const MAX_ATTEMPTS: u32 = 8;

/// Most numbers in one request: 17 of RFC 4585's generic NACK items hold at least this many.
const MAX_BATCH: usize = 64;

struct Missing {
    since: Instant,
    /// When it was asked for, by the first attempt and by the latest.
    first_asked: Option<Instant>,
    asked: Option<Instant>,
    attempts: u32,
    /// How often that attempt has been made, and when last.
    copies: u32,
    copied: Instant,
}

/// How long a retransmission takes, after RFC 6298.
#[derive(Clone, Copy)]
struct Recovery {
    smoothed: Duration,
    deviation: Duration,
}

/// The share of packets that had to be asked for.
#[derive(Default)]
struct Loss {
    share: f32,
    /// Over how many packets it is smoothed.
    over: f32,
}

impl Loss {
    /// A packet came, asked for or not.
    fn came(&mut self) {
        self.over = (self.over + 1.0).clamp(LOSS_SMOOTHING.start, LOSS_SMOOTHING.end);
        self.share -= self.share / self.over;
    }

    /// One had to be asked for.
    fn asked(&mut self) {
        self.share += (1.0 - self.share) / self.over;
    }
}

/// The list of missing packets; bounded by the largest step between two packets and by the time that
/// a gap is waited for.
#[derive(Default)]
pub struct MissingPackets {
    packets: BTreeMap<u64, Missing>,
    recovery: Option<Recovery>,
    loss: Loss,
    /// When a packet was last seen to come late by itself.
    reordered: Option<Instant>,
    /// How late such packets come, at most, of late.
    lateness: Duration,
    /// A packet that was asked for before it was known to be missing, and when.
    ahead: Option<(u64, Instant)>,
    /// When the first packet was missed.
    watching_since: Option<Instant>,
}

impl MissingPackets {
    /// These were skipped.
    pub fn add(&mut self, numbers: Range<u64>, now: Instant) {
        if !numbers.is_empty() {
            self.watching_since.get_or_insert(now);
        }
        for number in numbers {
            let ahead = self.ahead.filter(|(ahead, _)| *ahead == number);
            let asked = ahead.map(|(_, asked)| asked);
            if asked.is_some() {
                self.loss.asked();
            }
            let missing = Missing {
                since: now,
                first_asked: asked,
                asked,
                attempts: u32::from(asked.is_some()),
                copies: u32::from(asked.is_some()),
                copied: asked.unwrap_or(now),
            };
            self.packets.insert(number, missing);
        }
    }

    /// This one came. True when it had been asked for.
    pub fn arrived(&mut self, number: u64, now: Instant) -> bool {
        self.loss.came();
        let Some(missing) = self.packets.remove(&number) else {
            return self.answers_what_was_asked_ahead(number, now);
        };
        let late = now.saturating_duration_since(missing.since);
        let Some(asked) = missing.asked else {
            self.was_late(late, now);
            return false;
        };
        let took = now.saturating_duration_since(asked);
        let quick = self.recovery.is_some_and(|usual| took < usual.smoothed / 2);
        match missing.first_asked {
            // Which of several attempts was answered is unknown (Karn's rule), but it was none of which the
            // answer would have been that quick.
            Some(first) if first < asked => {
                if quick {
                    self.learn(now.saturating_duration_since(first));
                }
            }
            // No repair is that quick: it was on its way.
            _ if quick => self.was_late(late, now),
            // It may have been.
            _ if late <= self.lateness => {}
            _ => self.learn(took),
        }
        true
    }

    /// Whether this packet, which nothing overtook, is the answer to a request on suspicion: as late as answers are.
    fn answers_what_was_asked_ahead(&mut self, number: u64, now: Instant) -> bool {
        let (Some((ahead, asked)), Some(usual)) = (self.ahead, self.recovery) else {
            return false;
        };
        let took = now.saturating_duration_since(asked);
        let (least, most) = (usual.smoothed * 3 / 4, self.retry_interval());
        let answers = ahead == number && (least..=most).contains(&took);
        if answers {
            self.loss.asked();
        }
        answers
    }

    /// The oldest was given up: perhaps because retransmissions take longer than they did (RFC 6298,
    /// section 5.5).
    pub fn gave_up(&mut self) {
        if let Some(recovery) = &mut self.recovery {
            recovery.smoothed = (recovery.smoothed * 2).min(RETRY.end);
        }
    }

    /// The packet after the newest was asked for on suspicion.
    pub fn asked_ahead(&mut self, number: u64, now: Instant) {
        self.ahead = Some((number, now));
    }

    fn was_late(&mut self, late: Duration, now: Instant) {
        if self.is_settled(now) {
            self.lateness = Duration::ZERO;
        }
        self.reordered = Some(now);
        if late > self.lateness {
            self.lateness = late;
            // What was learnt may have been such packets.
            self.recovery = None;
        }
    }

    fn learn(&mut self, sample: Duration) {
        self.recovery = Some(match self.recovery {
            None => Recovery {
                smoothed: sample,
                deviation: sample / 4,
            },
            Some(Recovery {
                smoothed,
                deviation,
            }) => Recovery {
                smoothed: (smoothed * 7 + sample) / 8,
                deviation: (deviation * 3 + smoothed.abs_diff(sample)) / 4,
            },
        });
    }

    /// Those to ask for now, marked as asked for.
    pub fn due(&mut self, highest: u64, now: Instant) -> Vec<u16> {
        let (retry, copies) = (self.retry_interval(), self.copies());
        let orderly = self.recovery.is_some() && self.is_settled(now);
        let reorder = self.reorder_time();
        let mut due = Vec::new();
        for (&number, missing) in &mut self.packets {
            if due.len() == MAX_BATCH {
                break;
            }
            let overtaken =
                self.reordered.is_none() && highest - number.min(highest) >= REORDER_PACKETS;
            let is_due = missing
                .next_due(reorder, retry, copies)
                .is_some_and(|at| at <= now);
            let first = missing.asked.is_none();
            if !is_due && !(first && (overtaken || orderly)) {
                continue;
            }
            if first {
                self.loss.asked();
            }
            missing.ask(retry, now);
            due.push(number as u16);
        }
        due
    }

    /// When `due` will next have something.
    pub fn next_due(&self) -> Option<Instant> {
        let (retry, copies) = (self.retry_interval(), self.copies());
        let reorder = self.reorder_time();
        let packets = self.packets.values();
        packets
            .filter_map(|missing| missing.next_due(reorder, retry, copies))
            .min()
    }

    /// When this one was missed, if it still is.
    pub fn since(&self, number: u64) -> Option<Instant> {
        self.packets.get(&number).map(|missing| missing.since)
    }

    /// Whether so much is lost that requests are made more than once.
    pub fn loses_much(&self) -> bool {
        self.loss.share >= TWICE_FROM
    }

    /// Whether a retransmission has been seen: the sender answers requests.
    pub fn knows_path(&self) -> bool {
        self.recovery.is_some()
    }

    /// How long a gap is waited for: as long as a few retransmissions take on this path.
    pub fn patience(&self) -> Duration {
        match self.recovery {
            None => PATIENCE.end,
            Some(_) => (self.reorder_time() + self.retry_interval() * ATTEMPTS)
                .clamp(PATIENCE.start, PATIENCE.end),
        }
    }

    /// How long a gap holds up what came after it when its first repair is lost too, where that is to be expected.
    pub fn second_repair(&self) -> Option<Duration> {
        let recovery = self.recovery.filter(|_| self.loss.share >= OFTEN)?;
        Some(self.reorder_time() + self.retry_interval() + recovery.smoothed)
    }

    /// When the oldest will have been waited for long enough.
    pub fn give_up_at(&self) -> Option<Instant> {
        let oldest = self.packets.values().next()?;
        Some(oldest.since + self.patience())
    }

    /// When a gap may be left behind if nothing builds on what is missing: one retransmission was waited for.
    pub fn skip_at(&self) -> Option<Instant> {
        let oldest = self.packets.values().next()?;
        Some(oldest.since + self.reorder_time() + self.retry_interval())
    }

    /// Nothing before this number is wanted any more.
    pub fn give_up_before(&mut self, number: u64) {
        self.packets = self.packets.split_off(&number);
    }

    /// Nothing is wanted any more.
    pub fn clear(&mut self) {
        self.packets.clear();
    }

    fn retry_interval(&self) -> Duration {
        let usual = self.recovery.map_or(FIRST_RETRY, |recovery| {
            recovery.smoothed + recovery.deviation * 2 + RETRY_MARGIN
        });
        usual.clamp(RETRY.start, RETRY.end)
    }

    /// Whether nothing has been late by itself for a while.
    fn is_settled(&self, now: Instant) -> bool {
        let seen = self.reordered.max(self.watching_since);
        seen.is_some_and(|seen| now.saturating_duration_since(seen) >= ORDERLY_AFTER)
    }

    /// How long a packet that was overtaken may still come by itself.
    pub fn reorder_time(&self) -> Duration {
        (self.lateness * 3 / 2).clamp(REORDER.start, REORDER.end)
    }

    fn copies(&self) -> u32 {
        let loss = self.loss.share;
        1 + u32::from(loss >= TWICE_FROM) + u32::from(loss >= THRICE_FROM)
    }
}

impl Missing {
    fn next_due(&self, reorder: Duration, retry: Duration, copies: u32) -> Option<Instant> {
        let Some(asked) = self.asked else {
            return Some(self.since + reorder);
        };
        let copy = (self.copies < copies).then_some(self.copied + COPY_AFTER);
        let again = (self.attempts < MAX_ATTEMPTS).then_some(asked + retry);
        copy.into_iter().chain(again).min()
    }

    fn ask(&mut self, retry: Duration, now: Instant) {
        match self.asked {
            Some(asked) if now < asked + retry || self.attempts == MAX_ATTEMPTS => {
                self.copies += 1;
            }
            _ => {
                self.first_asked.get_or_insert(now);
                self.asked = Some(now);
                self.attempts += 1;
                self.copies = 1;
            }
        }
        self.copied = now;
    }
}
