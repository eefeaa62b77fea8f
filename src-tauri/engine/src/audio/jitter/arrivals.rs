//! How long packets take, and so how long to wait for them.
//!
//! A packet's *transit* is its arrival minus its timestamp, both in microseconds: meaningless alone, but the differences
//! between transits are the jitter. The fastest of the last seconds is the base; the target covers almost all others.
//!
//! Packets that were held up together come together. They are one event and count once, as late as the first of them:
//! otherwise one stall of half a second would make everybody half a second late for the next ten.
//!
//! Beyond what the network calls for, a voice waits for its picture where that is held back.

use std::collections::VecDeque;

/// Time in microseconds, differences included.
pub(super) type Micros = i64;

/// How far back arrivals are remembered: 500 packets, 10 s of speech. A burst is forgotten after that.
const REMEMBERED: usize = 500;

/// The share of packets that should be there in time. The rest comes late and costs 20 ms of concealment each.
const IN_TIME: f64 = 0.98;

/// Waited beyond that: what threads and device callbacks vary by on a busy machine.
const MARGIN: Micros = 8_000;

/// The least to wait.
const LEAST_TARGET: Micros = 10_000;

/// The most to wait: beyond half a second people interrupt each other.
const MOST_TARGET: Micros = 500_000;

/// The target until something is known: what a thin line's queue takes while everybody finds out what it carries.
const FIRST_TARGET: Micros = 130_000;

/// So many packets make something known: one second.
const KNOWN_AFTER: usize = 50;

/// And so many where they came unevenly in that second, by this: what makes them do so has not settled before, 5 s.
const SETTLED_AFTER: usize = 250;
const UNEVEN: Micros = 20_000;

/// A transit that differs from the last by more than this is another clock, not jitter.
const JUMP: Micros = 2_000_000;

/// Recovery by FEC, or by the copy in the next packet, comes a frame late; by the copy in the one after that, two. That is
/// worth a longer delay only where packets are being lost: so many within [`LOSS_REMEMBERED`].
const LOSSES_WORTH_A_FRAME: usize = 3;

/// Frames to wait for copies, at most.
const MOST_BEHIND: u16 = 2;

/// How long a loss counts.
const LOSS_REMEMBERED: Micros = 10_000_000;

/// One frame, 20 ms.
const FRAME: Micros = 20_000;

/// Waited for a picture at most: what pictures are held for at most, see `video::hold`.
const MOST_FOR_PICTURE: Micros = 150_000;

/// A packet that comes so soon after the last one was held up with it, behind the same obstacle.
const TOGETHER: Micros = 5_000;

/// Whether a transit fits what is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Fits,
    Jump,
}

impl Fit {
    pub(super) fn is_jump(&self) -> bool {
        *self == Fit::Jump
    }
}

#[derive(Debug)]
pub(super) struct Arrivals {
    /// Of each packet its transit, and whether it was only held up with the one before it.
    transits: VecDeque<(Micros, bool)>,
    latest: Micros,
    base: Micros,
    jitter: Micros,
    /// The latest losses, and how many frames later each could be made good for.
    losses: VecDeque<(Micros, u16)>,
    /// The transit at which the picture is shown, as far as the voice is to wait for it, and the most to wait for that.
    picture: Option<(Micros, Micros)>,
}

impl Arrivals {
    pub(super) fn new() -> Self {
        Self {
            transits: VecDeque::new(),
            latest: 0,
            base: 0,
            jitter: 0,
            losses: VecDeque::new(),
            picture: None,
        }
    }

    /// Takes in when a packet arrived and what its timestamp means, unless that is a jump.
    pub(super) fn note(&mut self, arrived: Micros, sent: Micros) -> Fit {
        let transit = arrived - sent;
        let (last, together) = match self.transits.back() {
            Some((last, _)) => (*last, transit < *last && arrived - self.latest < TOGETHER),
            None => (transit, false),
        };
        if (transit - last).abs() > JUMP {
            return Fit::Jump;
        }
        self.latest = arrived;
        if self.transits.len() == REMEMBERED {
            self.transits.pop_front();
        }
        self.transits.push_back((transit, together));
        self.base = self
            .transits
            .iter()
            .map(|(transit, _)| *transit)
            .min()
            .unwrap_or(transit);
        let late =
            |(transit, together): &(Micros, bool)| if *together { 0 } else { transit - self.base };
        let mut lateness: Vec<Micros> = self.transits.iter().map(late).collect();
        let in_time = ((lateness.len() as f64 * IN_TIME) as usize).min(lateness.len() - 1);
        self.jitter = *lateness.select_nth_unstable(in_time).1;
        Fit::Fits
    }

    /// Remembers that packets were lost for good.
    pub(super) fn note_lost(&mut self, now: Micros, packets: u64) {
        for _ in 0..packets.min(LOSSES_WORTH_A_FRAME as u64) {
            self.note_recovered(now, 1);
        }
    }

    /// Remembers that a packet was lost, and made good for by one that came so many frames later.
    pub(super) fn note_recovered(&mut self, now: Micros, behind: u16) {
        if self.losses.len() == REMEMBERED {
            self.losses.pop_front();
        }
        self.losses.push_back((now, behind.min(MOST_BEHIND)));
    }

    /// So many frames after a lost packet what makes good for it is there, where that is often needed.
    fn frames_behind(&self) -> u16 {
        let needed = |behind| {
            let losses = self.losses.iter().filter(|(_, of)| *of >= behind);
            losses.count() >= LOSSES_WORTH_A_FRAME
        };
        (1..=MOST_BEHIND)
            .rev()
            .find(|behind| needed(*behind))
            .unwrap_or(0)
    }

    /// The transit of the fastest remembered packet.
    pub(super) fn base(&self) -> Micros {
        self.base
    }

    /// Wait up to `most` longer than the network calls for, so as not to play packets sooner than at this transit.
    pub(super) fn wait_for_picture(&mut self, picture: Option<(Micros, Micros)>) {
        self.picture = picture;
    }

    /// How long after the fastest packet's way a packet should be played.
    pub(super) fn target(&mut self, now: Micros) -> Micros {
        let network = self.network_target(now);
        let picture = self.picture.map_or(0, |(transit, most)| {
            let most = most.clamp(0, MOST_FOR_PICTURE);
            (transit - self.base - network).clamp(0, most)
        });
        network + picture
    }

    fn network_target(&mut self, now: Micros) -> Micros {
        self.losses.retain(|(lost, _)| now - lost < LOSS_REMEMBERED);
        let known = (self.jitter + MARGIN).max(LEAST_TARGET);
        let known_after = if self.jitter > UNEVEN {
            SETTLED_AFTER
        } else {
            KNOWN_AFTER
        };
        let early = self.transits.len() < known_after;
        let network = if early {
            known.max(FIRST_TARGET)
        } else {
            known
        };
        (network + FRAME * Micros::from(self.frames_behind())).min(MOST_TARGET)
    }

    pub(super) fn clear(&mut self) {
        self.transits.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many packets with this transit after those before.
    fn note(
        arrivals: &mut Arrivals,
        sent: &mut Micros,
        packets: usize,
        transit: impl Fn(usize) -> Micros,
    ) {
        for n in 0..packets {
            assert!(!arrivals.note(*sent + transit(n), *sent).is_jump());
            *sent += FRAME;
        }
    }

    #[test]
    fn a_still_network_needs_the_least_delay() {
        let (mut arrivals, mut sent) = (Arrivals::new(), 0);
        note(&mut arrivals, &mut sent, 100, |_| 5_000_000);
        assert_eq!(arrivals.target(0), LEAST_TARGET);
    }

    #[test]
    fn the_target_covers_the_jitter_and_forgets_it_after_ten_seconds() {
        let (mut arrivals, mut sent) = (Arrivals::new(), 0);
        note(&mut arrivals, &mut sent, 500, |n| {
            if n % 10 == 0 { 15_000 } else { 0 }
        });
        assert_eq!(arrivals.target(0), 15_000 + MARGIN);
        note(&mut arrivals, &mut sent, 500, |_| 0);
        assert_eq!(arrivals.target(0), LEAST_TARGET);
    }

    #[test]
    fn packets_held_up_together_count_once() {
        let (mut arrivals, mut sent) = (Arrivals::new(), 0);
        note(&mut arrivals, &mut sent, 100, |_| 0);
        note(&mut arrivals, &mut sent, 25, |n| FRAME * (25 - n as Micros));
        note(&mut arrivals, &mut sent, 100, |_| 0);
        assert_eq!(
            arrivals.target(0),
            LEAST_TARGET,
            "one stall is not the rule"
        );
        for _ in 0..100 {
            note(&mut arrivals, &mut sent, 5, |n| FRAME * (4 - n as Micros));
        }
        assert_eq!(
            arrivals.target(0),
            4 * FRAME + MARGIN,
            "packets in clumps of five are"
        );
    }

    #[test]
    fn a_lossy_network_is_given_a_frame_more_for_the_fec() {
        let (mut arrivals, mut sent) = (Arrivals::new(), 0);
        note(&mut arrivals, &mut sent, 100, |_| 0);
        arrivals.note_lost(1_000, 3);
        assert_eq!(arrivals.target(2_000), LEAST_TARGET + FRAME);
        assert_eq!(arrivals.target(11_000_000), LEAST_TARGET);
    }

    #[test]
    fn copies_are_waited_for_as_long_as_they_usually_take() {
        let (mut arrivals, mut sent) = (Arrivals::new(), 0);
        note(&mut arrivals, &mut sent, 100, |_| 0);
        (0..20).for_each(|_| arrivals.note_recovered(1_000, 1));
        arrivals.note_recovered(1_000, 2);
        assert_eq!(arrivals.target(2_000), LEAST_TARGET + FRAME);
        (0..3).for_each(|_| arrivals.note_recovered(1_000, 9));
        assert_eq!(arrivals.target(2_000), LEAST_TARGET + 2 * FRAME);
        assert_eq!(arrivals.target(11_000_000), LEAST_TARGET);
    }

    #[test]
    fn another_clock_is_told_from_jitter() {
        let mut arrivals = Arrivals::new();
        arrivals.note(0, 0);
        assert!(!arrivals.note(1_500_000, 0).is_jump());
        assert!(arrivals.note(4_000_000, 0).is_jump());
    }

    #[test]
    fn a_picture_is_waited_for_but_not_for_longer_than_it_is_held() {
        let (mut arrivals, mut sent) = (Arrivals::new(), 0);
        note(&mut arrivals, &mut sent, 100, |_| 5_000_000);
        for (transit, most, target) in [
            (5_000_000, 80_000, LEAST_TARGET),
            (5_060_000, 80_000, 60_000),
            (5_060_000, 20_000, LEAST_TARGET + 20_000),
            (9_000_000, 900_000, LEAST_TARGET + MOST_FOR_PICTURE),
            (-9_000_000, -900_000, LEAST_TARGET),
        ] {
            arrivals.wait_for_picture(Some((transit, most)));
            assert_eq!(arrivals.target(0), target);
        }
        arrivals.wait_for_picture(None);
        assert_eq!(arrivals.target(0), LEAST_TARGET);
    }
}
