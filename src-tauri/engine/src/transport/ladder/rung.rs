//! Where one person stands on the ladder: what their line carries, without flapping. Pure.
//!
//! Down at once, up only when the line has carried more for a while. An ascent that fails makes the next one wait longer.

use std::time::{Duration, Instant};

use super::range::Offer;
use crate::transport::bitrate::Bitrate;
use crate::transport::layer::Layer;

/// A higher layer is taken when its least fits this many times into what there is: an estimate wavers by a tenth.
const MARGIN: f64 = 1.15;

/// For how long a line must carry a higher layer before it is taken: longer than a probe's overestimate lasts.
const PATIENCE: Duration = Duration::from_millis(1500);

/// In a connection's first moments the estimate only grows, and everybody waits for a sharp picture.
const FIRST_PATIENCE: Duration = Duration::from_millis(300);

/// How long those first moments last.
const FIRST_MOMENTS: Duration = Duration::from_secs(5);

/// An ascent that did not last this long failed: the line does not carry it, whatever the estimate said.
const FAILED_WITHIN: Duration = Duration::from_secs(5);

/// After failed ascents the wait doubles up to this; a person should not have to wait longer for a line that did get better.
const MOST_PATIENCE: Duration = Duration::from_secs(12);

/// But a face is tried again after this, however often the line failed: a small picture now and then is better than none.
const FACE_PATIENCE: Duration = Duration::from_millis(1000);

/// A face is given up only when the line has not carried it for so long: it comes back with a keyframe, whose own queue on a thin
/// line takes as long to drain and would end it again. The pacer keeps what is sent meanwhile to the estimate.
const FACE_LASTS: Duration = Duration::from_millis(1500);

/// What half of the frames cost, as a share of all: those that are left out are smaller, 0.36 to 0.39 of the bits (measured
/// with the pattern, as the ranges).
pub(super) const HALF_COST: f64 = 0.65;

/// Half of the frames are sent while what there is is not below this share of a layer's least: with less, the layer below looks
/// better with all of its frames. Below the smallest layer there is nothing, so there it may be all that half of the frames
/// cost.
const JUST_UNDER: f64 = 0.8;

/// A gap that lasts longer is no dip: then the layer below with all its frames looks better.
const HALF_AT_MOST: Duration = Duration::from_secs(3);

/// What there is for a picture: if every frame is sent, and if every second one is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub whole: Bitrate,
    pub half: Bitrate,
}

/// What each layer asks of who takes it: its own least, or more where others take it already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floors {
    pub offer: Offer,
    /// Below this one would pull the others down.
    pub company: [Bitrate; 4],
}

impl Floors {
    fn floor(&self, layer: Layer) -> Option<Bitrate> {
        let range = self.offer.range(layer)?;
        Some(range.least.max(self.company[layer.index()]))
    }

    fn carried(&self, layer: Layer, share: Share) -> bool {
        self.floor(layer).is_some_and(|floor| share.whole >= floor)
    }

    fn carried_with_margin(&self, layer: Layer, share: Share) -> bool {
        self.floor(layer)
            .is_some_and(|floor| share.whole >= floor * MARGIN)
    }

    /// Whether half of the frames would do: just under the layer's least, and without pulling others down.
    fn half_carried(&self, layer: Layer, share: Share) -> bool {
        let just_under = match layer {
            Layer::Low => HALF_COST,
            _ => JUST_UNDER,
        };
        self.offer.range(layer).is_some_and(|range| {
            share.whole < range.least
                && share.half >= range.least * just_under
                && share.half * (1.0 / HALF_COST) >= self.company[layer.index()]
        })
    }
}

/// One person's place.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    layer: Option<Layer>,
    every_frame: bool,
    since: Instant,
    /// Since when each layer has been carried with a margin.
    carried: [Option<Instant>; 4],
    /// Since when not even half of the smallest layer's frames have been carried.
    starved: Option<Instant>,
    /// Since when only half of the frames have been sent.
    halved: Option<Instant>,
    whole_since: Option<Instant>,
    patience: Duration,
    ascended: Option<Instant>,
}

impl Rung {
    /// Begins on the highest rung that is carried now.
    pub fn new(floors: &Floors, share: Share, now: Instant) -> Self {
        let layer = floors
            .offer
            .layers()
            .rfind(|layer| floors.carried(*layer, share));
        Self {
            layer,
            every_frame: true,
            since: now,
            carried: [None; 4],
            starved: None,
            halved: None,
            whole_since: None,
            patience: PATIENCE,
            ascended: None,
        }
    }

    /// For how long the person has been on the ladder.
    pub fn age(&self, now: Instant) -> Duration {
        now - self.since
    }

    /// The highest layer that the line carries.
    pub fn layer(&self) -> Option<Layer> {
        self.layer
    }

    /// Whether it carries that layer with every frame.
    pub fn every_frame(&self) -> bool {
        self.every_frame
    }

    /// Time passed, or something changed.
    pub fn update(&mut self, floors: &Floors, share: Share, now: Instant) {
        for layer in Layer::ALL {
            // A face with half of the frames is better than none.
            let face = self.layer.is_none() && layer == Layer::Low;
            let carried = &mut self.carried[layer.index()];
            if floors.carried_with_margin(layer, share) || face && floors.half_carried(layer, share)
            {
                carried.get_or_insert(now);
            } else {
                *carried = None;
            }
        }
        if let Some(higher) = self.ascent(floors, now) {
            self.climb(higher, now);
            return self.share_frames(floors, share, now);
        }
        let before = self.layer;
        while let Some(layer) = self.layer {
            if floors.carried(layer, share) {
                self.starved = None;
                break;
            }
            let dip = self
                .halved
                .is_none_or(|since| layer == Layer::Low || now - since < HALF_AT_MOST);
            if floors.half_carried(layer, share) && dip {
                self.starved = None;
                break;
            }
            if layer == Layer::Low && now - *self.starved.get_or_insert(now) < FACE_LASTS {
                break;
            }
            self.layer = below(layer, &floors.offer);
            self.halved = None;
        }
        let offered = before.is_some_and(|layer| floors.offer.range(layer).is_some());
        if self.layer != before && offered {
            self.fell(now);
        }
        self.share_frames(floors, share, now);
    }

    /// The highest layer above this one that has been carried for long enough.
    fn ascent(&self, floors: &Floors, now: Instant) -> Option<Layer> {
        let unspoilt = self.patience == PATIENCE && self.age(now) < FIRST_MOMENTS;
        let patience = if unspoilt {
            FIRST_PATIENCE
        } else {
            self.patience
        };
        let carried_for = |layer: &Layer, time: Duration| {
            self.carried[layer.index()].is_some_and(|since| now - since >= time)
        };
        if self.layer.is_none() && carried_for(&Layer::Low, FACE_PATIENCE) {
            return Some(Layer::Low);
        }
        if self.ascended.is_some_and(|at| now - at < patience) {
            return None;
        }
        let long_enough = |layer: &Layer| carried_for(layer, patience);
        let above = |layer: &Layer| self.layer.is_none_or(|here| *layer > here);
        floors.offer.layers().rev().filter(above).find(long_enough)
    }

    fn climb(&mut self, layer: Layer, now: Instant) {
        let lasted = |at: Instant| now - at >= FAILED_WITHIN;
        if self.ascended.is_some_and(lasted) {
            self.patience = PATIENCE;
        }
        self.layer = Some(layer);
        self.starved = None;
        self.ascended = Some(now);
        self.every_frame = true;
        self.halved = None;
    }

    fn fell(&mut self, now: Instant) {
        // Whether a face can be shown is another question than whether a larger picture can.
        if self.layer.is_none() {
            return;
        }
        if self.ascended.is_some_and(|at| now - at < FAILED_WITHIN) {
            self.patience = (self.patience * 2).min(MOST_PATIENCE);
            // Two steps down are one failure.
            self.ascended = None;
        }
    }

    /// Half of the frames at once when they don't all fit, all of them when they have fitted for a while.
    fn share_frames(&mut self, floors: &Floors, share: Share, now: Instant) {
        let Some(layer) = self.layer else {
            self.every_frame = true;
            self.halved = None;
            return;
        };
        if !floors.carried(layer, share) {
            self.every_frame = false;
            self.halved.get_or_insert(now);
            self.whole_since = None;
        } else if !self.every_frame {
            let since = *self.whole_since.get_or_insert(now);
            if now - since >= FIRST_PATIENCE {
                self.every_frame = true;
                self.halved = None;
            }
        }
    }
}

/// The next smaller layer that can be made.
fn below(layer: Layer, offer: &Offer) -> Option<Layer> {
    offer.layers().rfind(|lower| *lower < layer)
}
