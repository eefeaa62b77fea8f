//! Who is sent which layer of our picture, how many bits each layer gets, and which layers need not be encoded at all.
//!
//! Each person gets the best layer that their line carries and that they ask for. Those who share a layer share its bits,
//! which are the least that any of them has left; whoever would pull the others down too far goes a layer down alone. Below
//! the smallest layer the picture pauses and the voice goes on.
//!
//! Pure: no clock, no thread. [`Ladder::plan`] is called some ten times a second and costs microseconds.

mod range;
mod rung;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use range::{HEADER_BYTES, Offer, Range};
use range::{on_the_line, payload};
use rung::{Floors, HALF_COST, Rung, Share};

use super::bitrate::Bitrate;
use super::layer::Layer;
use super::take::Take;

/// Assumed of a line that has only come up: what the estimator begins with.
const NEW: Bitrate = super::estimator::START;

/// And of one of which nothing is known after that: there are people whose programs do not report what arrives.
const UNKNOWN: Bitrate = Bitrate::from_kbps(500);

/// Of a line that has only come up, this share of what it is thought to carry is used: the thought is a guess, and a guess that is
/// too high costs a narrow line its first words. A line that is wide is found to be so by then.
const CAUTION: f64 = 0.6;

/// For how long. Probes answer within a few round trips.
const CAUTIOUS_FOR: Duration = Duration::from_millis(1500);

/// A line that is thought to carry this much is no guess any more: all lines begin far lower.
const BEYOND_GUESSING: Bitrate = Bitrate::from_kbps(800);

/// Whoever has less than this share of what the best-off on the same layer has, would blur the picture for all: they
/// take the layer below, whose most is more than they lose.
const COMPANY: f64 = 0.6;

/// A layer that nobody takes any more is encoded for so long still: until the link's change to the next one, which waits
/// for a keyframe, is through, and so that nobody who comes back at once has to wait for one.
const LINGER: Duration = Duration::from_secs(1);

/// What one person's connection carries, and what they ask for.
#[derive(Clone, Copy, Debug)]
pub struct Want<K> {
    /// Who.
    pub peer: K,
    /// What may be sent to them in all; none before anything is known.
    pub estimate: Option<Bitrate>,
    /// What of it goes to voice and to repair, headers included.
    pub reserved: Bitrate,
    /// How tall they show us, in rows; none when they don't.
    pub rows: Option<u32>,
}

/// What one person is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen<K> {
    /// Who.
    pub peer: K,
    /// What they take.
    pub take: Take,
    /// They ask for a picture, and their line carries none.
    pub paused: bool,
    /// What their line would carry at best, voice and headers included: there is no use in finding out more.
    pub useful: Bitrate,
}

/// What is to be encoded, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<K> {
    /// One entry for each of those who were asked about, in the same order.
    pub chosen: Vec<Chosen<K>>,
    /// For each layer what it may cost, payload; none: it is not encoded.
    pub rates: [Option<Bitrate>; 4],
}

/// Everybody's place on the ladder. `K` tells people apart.
#[derive(Clone, Debug)]
pub struct Ladder<K> {
    people: Vec<(K, Rung)>,
    /// When each layer was last taken, and what it was given.
    taken: [Option<(Instant, Bitrate)>; 4],
}

impl<K> Default for Ladder<K> {
    fn default() -> Self {
        Self {
            people: Vec::new(),
            taken: [None; 4],
        }
    }
}

impl<K: Copy + PartialEq> Ladder<K> {
    /// Decides for everybody who is connected now; whoever is not among them is forgotten.
    pub fn plan(&mut self, wants: &[Want<K>], offer: Offer, now: Instant) -> Plan<K> {
        self.people
            .retain(|(peer, _)| wants.iter().any(|want| want.peer == *peer));
        let mut places = vec![None; wants.len()];
        let mut company = [Bitrate::ZERO; 4];
        // The best-off first: they say what the others have to keep up with.
        let shares: Vec<_> = wants.iter().map(|want| self.share(want, now)).collect();
        for index in by_share(&shares) {
            let (want, share) = (&wants[index], shares[index]);
            let floors = Floors { offer, company };
            let rung = self.place(want.peer, &floors, share, now);
            let take = taken(rung, want.rows, &offer);
            places[index] = Some((take, share, rung.layer().is_none()));
            let shared = take.layer.filter(|layer| *layer != Layer::Low);
            // On the smallest layer nobody has to keep up: there is none below to go to.
            if let Some((layer, range)) = shared.and_then(|it| Some((it, offer.range(it)?))) {
                let kept = range.nearest(affordable(take, share)) * COMPANY;
                let floor = &mut company[layer.index()];
                *floor = kept.max(*floor);
            }
        }
        let chosen = wants.iter().zip(&places).map(|(want, place)| Chosen {
            peer: want.peer,
            useful: useful(want, &offer),
            take: place.map_or(Take::NOTHING, |(take, ..)| take),
            paused: want.rows.is_some() && place.is_none_or(|(.., paused)| paused),
        });
        Plan {
            chosen: chosen.collect(),
            rates: self.rates(places.into_iter().flatten(), &offer, now),
        }
    }

    fn place(&mut self, peer: K, floors: &Floors, share: Share, now: Instant) -> &Rung {
        let known = self.people.iter().position(|(other, _)| *other == peer);
        let index = known.unwrap_or_else(|| {
            self.people.push((peer, Rung::new(floors, share, now)));
            self.people.len() - 1
        });
        let rung = &mut self.people[index].1;
        rung.update(floors, share, now);
        rung
    }

    /// What is left for a picture.
    fn share(&self, want: &Want<K>, now: Instant) -> Share {
        let known = self.people.iter().find(|(peer, _)| *peer == want.peer);
        let young = known.is_none_or(|(_, rung)| rung.age(now) < CAUTIOUS_FOR);
        let unknown = if young { NEW } else { UNKNOWN };
        let estimate = want.estimate.unwrap_or(unknown);
        let left = estimate.saturating_sub(want.reserved);
        let left = if young && estimate < BEYOND_GUESSING {
            left * CAUTION
        } else {
            left
        };
        Share {
            whole: payload(left, true),
            half: payload(left, false),
        }
    }

    /// What each layer may cost: the least that anybody who takes it has.
    fn rates(
        &mut self,
        places: impl Iterator<Item = (Take, Share, bool)>,
        offer: &Offer,
        now: Instant,
    ) -> [Option<Bitrate>; 4] {
        let mut least: [Option<Bitrate>; 4] = [None; 4];
        for (take, share, _) in places {
            let Some(layer) = take.layer else { continue };
            let rate = affordable(take, share);
            let least = &mut least[layer.index()];
            *least = Some(least.map_or(rate, |least| least.min(rate)));
        }
        let mut rates = [None; 4];
        for layer in offer.layers() {
            let index = layer.index();
            if let (Some(rate), Some(range)) = (least[index], offer.range(layer)) {
                self.taken[index] = Some((now, range.nearest(rate)));
            }
            rates[index] = self.taken[index]
                .filter(|(at, _)| now - *at < LINGER)
                .map(|(_, rate)| rate);
        }
        rates
    }
}

/// The order of those who have most.
fn by_share(shares: &[Share]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(shares[*index].whole));
    order
}

/// All that could be sent to them: what they ask for, at its most.
fn useful<K>(want: &Want<K>, offer: &Offer) -> Bitrate {
    let wished = want.rows.and_then(|rows| offer.for_rows(rows));
    let range = wished.and_then(|layer| offer.range(layer));
    let picture = range.map_or(Bitrate::ZERO, |range| on_the_line(range.most));
    picture + want.reserved
}

/// The best that their line carries, but no larger than they ask for.
fn taken(rung: &Rung, rows: Option<u32>, offer: &Offer) -> Take {
    let wished = rows.and_then(|rows| offer.for_rows(rows));
    let (Some(carried), Some(wished)) = (rung.layer(), wished) else {
        return Take::NOTHING;
    };
    Take {
        layer: Some(carried.min(wished)),
        every_frame: rung.every_frame() || wished < carried,
    }
}

/// What the layer may cost as far as this person goes.
fn affordable(take: Take, share: Share) -> Bitrate {
    if take.every_frame {
        share.whole
    } else {
        share.half * (1.0 / HALF_COST)
    }
}
