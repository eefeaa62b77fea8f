//! What was sent of late, so that a packet the other side misses can be sent once more.
//!
//! Bounded three ways, because answering every NACK is how a full link stays full: by count, by
//! age (a packet that old would come too late to be drawn) and by share (repair may take only a
//! part of what the stream itself sends).
//!
//! Pure; one per stream and link. Holds payloads by reference: they are shared with every other link.

use std::time::{Duration, Instant};

use bytes::Bytes;

/// Packets remembered: at 160 packets/s (720p at 1.5 Mbit/s) about 6 s, at a keyframe burst still
/// a whole one. A power of two, so that a sequence number maps to a slot across its wrap.
const CAPACITY: usize = 1024;

/// Older packets are not sent again: by then the receiver has asked for a keyframe instead.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Over which time the share of repair is measured.
const SHARE_WINDOW: Duration = Duration::from_secs(1);

/// Repair may take this share of the bytes sent in the window for the first time. A link that loses more is not helped by more
/// packets. It is more than such a link needs on average (a tenth lost and each repair sent three times: 0.3), because losses
/// come in company: a request that is refused costs everything up to the next keyframe.
const MAX_SHARE: f64 = 0.5;

/// Copies of repairs may be sent while all repair takes no more than this: what was asked for and not sent at all comes
/// first, and before a first repair's copies those of one that follows a lost one, for which there is no time to be lost again.
const COPY_SHARE: f64 = 0.24;
const URGENT_COPY_SHARE: f64 = 0.33;

/// Bytes of repair that are always allowed per window, so that a stream that sends little (a still
/// picture, its first second) can be repaired at all: about twenty full packets.
const SHARE_FLOOR_BYTES: usize = 24 * 1024;

/// And of copies: less than the pacer always lets pass ([`REPAIR_FLOOR`](super::pacer)), or the copies of a small
/// picture's repairs would keep the next repairs waiting until they are too old.
const COPY_FLOOR_BYTES: usize = 8 * 1024;

/// While no more packets than this were sent (half a second of a small picture), what was asked for again tells how many are
/// lost; afterwards the path's reports do, and better.
const EARLY: u32 = 64;

/// A packet as it was first sent; to be sent again it keeps every field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentPacket {
    /// Its place in the stream, wraps at 65,536.
    pub sequence: u16,
    /// Sampling time in the stream's own ticks.
    pub timestamp: u32,
    /// The last packet of its frame.
    pub marker: bool,
    /// Shared with the other links, never copied.
    pub payload: Bytes,
}

/// A packet that is to be sent once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// As it was sent before.
    pub packet: SentPacket,
    /// It was repeated before, which was lost as well.
    pub again: bool,
}

#[derive(Debug)]
struct Entry {
    packet: SentPacket,
    sent: Instant,
    repeated: Option<Instant>,
}

/// The packets of one stream that can still be asked for.
#[derive(Debug)]
pub struct History {
    slots: Vec<Option<Entry>>,
    media: Window,
    repair: Window,
    /// Packets that were sent, and those among them that were asked for again; as long as it is early.
    sent: u32,
    missed: u32,
}

impl Default for History {
    fn default() -> Self {
        Self {
            slots: std::iter::repeat_with(|| None).take(CAPACITY).collect(),
            media: Window::default(),
            repair: Window::default(),
            sent: 0,
            missed: 0,
        }
    }
}

impl History {
    /// Remembers a packet that is being sent for the first time, in place of the one `CAPACITY` earlier.
    pub fn record(&mut self, packet: SentPacket, now: Instant) {
        self.media.add(packet.payload.len(), now);
        self.sent = self.sent.saturating_add(1);
        let slot = usize::from(packet.sequence) % CAPACITY;
        self.slots[slot] = Some(Entry {
            packet,
            sent: now,
            repeated: None,
        });
    }

    /// The packet with this number, if it is known, young enough, not repeated within `interval` (two
    /// requests in one round trip are one request), and the share of repair is not used up. Counts as
    /// repeated from then on.
    pub fn repeat(&mut self, sequence: u16, interval: Duration, now: Instant) -> Option<Repeated> {
        let entry = self.slots[usize::from(sequence) % CAPACITY].as_mut()?;
        let known = entry.packet.sequence == sequence;
        let young = now.saturating_duration_since(entry.sent) <= MAX_AGE;
        let just_repeated = entry
            .repeated
            .is_some_and(|then| now.saturating_duration_since(then) < interval);
        if !known || !young || just_repeated {
            return None;
        }
        let packet = entry.packet.clone();
        if !self.spend(packet.payload.len(), MAX_SHARE, SHARE_FLOOR_BYTES, now) {
            return None;
        }
        let entry = self.slots[usize::from(sequence) % CAPACITY].as_mut()?;
        let again = entry.repeated.replace(now).is_some();
        self.missed = self.missed.saturating_add(u32::from(!again));
        Some(Repeated { packet, again })
    }

    /// The share of packets that are lost, 0 to 1, as far as requests tell; 0 once reports tell it better.
    pub fn early_loss(&self) -> f32 {
        if self.sent > EARLY {
            return 0.0;
        }
        self.missed as f32 / self.sent.max(1) as f32
    }

    /// Whether there is room to send a copy of a repair of this size; `urgent` if the repair follows one that was lost. Counts
    /// as sent from then on.
    pub fn copy(&mut self, size: usize, urgent: bool, now: Instant) -> bool {
        let share = if urgent {
            URGENT_COPY_SHARE
        } else {
            COPY_SHARE
        };
        self.spend(size, share, COPY_FLOOR_BYTES, now)
    }

    fn spend(&mut self, size: usize, share: f64, floor: usize, now: Instant) -> bool {
        let allowed = floor.max((self.media.bytes(now) as f64 * share) as usize);
        let fits = self.repair.bytes(now) + size <= allowed;
        if fits {
            self.repair.add(size, now);
        }
        fits
    }
}

/// Bytes of the last [`SHARE_WINDOW`], in tenths of it.
#[derive(Debug, Default)]
struct Window {
    buckets: [usize; Self::BUCKETS],
    /// The newest bucket and when it began.
    newest: Option<(usize, Instant)>,
}

impl Window {
    const BUCKETS: usize = 10;

    fn add(&mut self, bytes: usize, now: Instant) {
        let bucket = self.advance(now);
        self.buckets[bucket] += bytes;
    }

    fn bytes(&mut self, now: Instant) -> usize {
        self.advance(now);
        self.buckets.iter().sum()
    }

    fn advance(&mut self, now: Instant) -> usize {
        let width = SHARE_WINDOW / Self::BUCKETS as u32;
        let (mut bucket, mut began) = self.newest.unwrap_or((0, now));
        if now.saturating_duration_since(began) >= SHARE_WINDOW * 2 {
            self.buckets = [0; Self::BUCKETS];
            began = now;
        }
        while now.saturating_duration_since(began) >= width {
            bucket = (bucket + 1) % Self::BUCKETS;
            self.buckets[bucket] = 0;
            began += width;
        }
        self.newest = Some((bucket, began));
        bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const MIN_REPEAT: Duration = Duration::from_millis(20);

    fn packet(sequence: u16) -> SentPacket {
        SentPacket {
            sequence,
            timestamp: u32::from(sequence) * 3000,
            marker: sequence.is_multiple_of(5),
            payload: Bytes::from(vec![sequence as u8; 1000]),
        }
    }

    #[test]
    fn a_packet_that_was_sent_can_be_repeated_as_it_was() {
        let (mut history, now) = (History::default(), Instant::now());
        for sequence in 65_530..=65_535u16 {
            history.record(packet(sequence), now);
        }
        history.record(packet(0), now);
        let repeated = |sequence| {
            let packet = packet(sequence);
            Some(Repeated {
                packet,
                again: false,
            })
        };
        assert_eq!(
            history.repeat(65_533, MIN_REPEAT, now + MS),
            repeated(65_533)
        );
        assert_eq!(history.repeat(0, MIN_REPEAT, now + MS), repeated(0));
        assert_eq!(history.repeat(1, MIN_REPEAT, now + MS), None, "never sent");
    }

    #[test]
    fn a_packet_that_was_displaced_is_gone() {
        let (mut history, now) = (History::default(), Instant::now());
        history.record(packet(7), now);
        history.record(packet(7 + CAPACITY as u16), now);
        assert_eq!(history.repeat(7, MIN_REPEAT, now), None);
    }

    #[test]
    fn an_old_packet_is_not_repeated() {
        let (mut history, now) = (History::default(), Instant::now());
        history.record(packet(1), now);
        assert!(history.repeat(1, MIN_REPEAT, now + MAX_AGE + MS).is_none());
    }

    #[test]
    fn two_requests_within_one_round_trip_are_answered_once() {
        let (mut history, now) = (History::default(), Instant::now());
        history.record(packet(1), now);
        assert!(history.repeat(1, MIN_REPEAT, now + 10 * MS).is_some());
        assert!(history.repeat(1, MIN_REPEAT, now + 11 * MS).is_none());
        assert!(
            history
                .repeat(1, MIN_REPEAT, now + 10 * MS + MIN_REPEAT)
                .is_some()
        );
    }

    #[test]
    fn copies_take_less_than_repairs_and_those_of_a_repair_that_was_lost_more_than_others() {
        let share = |urgent| {
            let (mut history, mut now) = (History::default(), Instant::now());
            for sequence in 0..200 {
                history.record(packet(sequence), now);
                now += 4 * MS;
            }
            (0..200).filter(|_| history.copy(1000, urgent, now)).count()
        };
        assert!((45..=48).contains(&share(false)), "{}", share(false));
        assert!((62..=66).contains(&share(true)), "{}", share(true));
    }

    #[test]
    fn repair_takes_no_more_than_its_share() {
        let (mut history, start) = (History::default(), Instant::now());
        let mut now = start;
        for sequence in 0..200 {
            history.record(packet(sequence), now);
            now += 4 * MS;
        }
        let answered = (0..200)
            .filter(|s| history.repeat(*s, MIN_REPEAT, now).is_some())
            .count();
        assert!((95..=100).contains(&answered), "{answered} of 200 packets");

        // A second later the window is empty again, and new packets can be repaired.
        now += SHARE_WINDOW * 2;
        history.record(packet(300), now);
        assert!(history.repeat(300, MIN_REPEAT, now).is_some());
    }
}
