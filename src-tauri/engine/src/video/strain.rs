//! Whether this machine keeps up with encoding, and what to leave out when it does not. Pure.
//!
//! First the largest layer goes, then every second frame, then one layer after the other: a picture that is smaller or
//! moves less is better than a call that stutters. What went is tried again after a good while; if in vain, later and later.

use std::time::{Duration, Instant};

use crate::transport::layer::Layer;

/// What one encoder did in the last second or so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Frames a second that came and that the layer's rate lets through.
    pub wanted_fps: f64,
    /// Frames a second that were encoded, or left out by the rate control.
    pub made_fps: f64,
    /// Share of the time that its thread was at work.
    pub busy: f64,
}

/// An encoder that misses more than this share of its frames is too slow.
const MOST_MISSED: f64 = 0.15;

/// An encoder that works more than this share of the time is about to miss frames.
const MOST_BUSY: f64 = 0.9;

/// Something else may hold the machine up for a moment, a program that starts, say.
const STRAINED_FOR: Duration = Duration::from_millis(1500);

/// After a change, nothing is judged until measurements from before it are through.
const SETTLING: Duration = Duration::from_millis(2500);

/// How long all must have been well before something is tried again.
const CALM_FOR: Duration = Duration::from_secs(20);

/// An attempt that is undone this soon failed.
const FAILED_WITHIN: Duration = Duration::from_secs(10);

/// The wait for the next attempt doubles up to this.
const MOST_CALM: Duration = Duration::from_secs(160);

impl Effort {
    fn strained(&self) -> bool {
        self.made_fps < self.wanted_fps * (1.0 - MOST_MISSED) || self.busy > MOST_BUSY
    }
}

/// One thing left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relief {
    /// All layers above this one.
    Above(Layer),
    /// Every second frame.
    HalfRate,
}

/// Follows the encoders' efforts.
#[derive(Clone, Debug)]
pub struct Strain {
    /// In the order in which they were left out.
    reliefs: Vec<Relief>,
    strained: Option<Instant>,
    calm: Option<Instant>,
    changed: Option<Instant>,
    attempted: Option<Instant>,
    patience: Duration,
}

impl Default for Strain {
    fn default() -> Self {
        Self {
            reliefs: Vec::new(),
            strained: None,
            calm: None,
            changed: None,
            attempted: None,
            patience: CALM_FOR,
        }
    }
}

impl Strain {
    /// Takes in what each encoder that runs did lately.
    pub fn observe(&mut self, efforts: &[(Layer, Effort)], now: Instant) {
        if self.changed.is_some_and(|at| now - at < SETTLING) {
            return;
        }
        if efforts.iter().any(|(_, effort)| effort.strained()) {
            self.calm = None;
            let since = *self.strained.get_or_insert(now);
            if now - since >= STRAINED_FOR {
                let largest = efforts.iter().map(|(layer, _)| *layer).max();
                self.relieve(largest.unwrap_or(Layer::Low), now);
            }
        } else {
            self.strained = None;
            let since = *self.calm.get_or_insert(now);
            if now - since >= self.patience && self.reliefs.pop().is_some() {
                self.attempted = Some(now);
                self.note_change(now);
            }
        }
    }

    /// The largest layer that the machine is up to.
    pub fn top(&self) -> Layer {
        let tops = self.reliefs.iter().filter_map(|relief| match relief {
            Relief::Above(layer) => Some(*layer),
            Relief::HalfRate => None,
        });
        tops.min().unwrap_or(Layer::Full)
    }

    /// Whether only every second frame is to be encoded.
    pub fn half_rate(&self) -> bool {
        self.reliefs.contains(&Relief::HalfRate)
    }

    /// Whether anything is left out.
    pub fn slow(&self) -> bool {
        !self.reliefs.is_empty()
    }

    fn relieve(&mut self, largest: Layer, now: Instant) {
        let smaller = largest.below().map(Relief::Above);
        let relief = if self.slow() && !self.half_rate() {
            Some(Relief::HalfRate)
        } else {
            // A machine that is too slow for the smallest layer still has its frames to spare.
            smaller.or((!self.half_rate()).then_some(Relief::HalfRate))
        };
        if self.attempted.is_some_and(|at| now - at < FAILED_WITHIN) {
            self.patience = (self.patience * 2).min(MOST_CALM);
        } else if self.attempted.is_some() {
            self.patience = CALM_FOR;
        }
        self.attempted = None;
        self.reliefs.extend(relief);
        self.note_change(now);
    }

    fn note_change(&mut self, now: Instant) {
        self.changed = Some(now);
        self.strained = None;
        self.calm = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Effort = Effort {
        wanted_fps: 30.0,
        made_fps: 30.0,
        busy: 0.3,
    };
    const LATE: Effort = Effort {
        wanted_fps: 30.0,
        made_fps: 22.0,
        busy: 0.99,
    };

    struct Machine {
        strain: Strain,
        now: Instant,
    }

    impl Machine {
        fn new() -> Self {
            Self {
                strain: Strain::default(),
                now: Instant::now(),
            }
        }

        fn run(&mut self, efforts: &[(Layer, Effort)], seconds: f64) {
            for _ in 0..(seconds * 10.0) as u32 {
                self.strain.observe(efforts, self.now);
                self.now += Duration::from_millis(100);
            }
        }
    }

    #[test]
    fn a_machine_that_keeps_up_leaves_nothing_out() {
        let mut machine = Machine::new();
        machine.run(&[(Layer::High, WELL)], 100.0);
        machine.run(&[(Layer::High, LATE)], 1.0);
        machine.run(&[(Layer::High, WELL)], 1.0);
        assert!(!machine.strain.slow());
        assert_eq!(machine.strain.top(), Layer::Full);
    }

    #[test]
    fn the_largest_layer_goes_first_then_half_the_frames_then_the_next_layer() {
        let mut machine = Machine::new();
        machine.run(&[(Layer::Low, WELL), (Layer::High, LATE)], 2.0);
        assert!(machine.strain.slow() && !machine.strain.half_rate());
        assert_eq!(machine.strain.top(), Layer::Middle);
        machine.run(&[(Layer::Low, LATE), (Layer::Middle, LATE)], 5.0);
        assert!(machine.strain.half_rate());
        assert_eq!(machine.strain.top(), Layer::Middle);
        machine.run(&[(Layer::Low, LATE), (Layer::Middle, LATE)], 5.0);
        assert_eq!(machine.strain.top(), Layer::Low);
        machine.run(&[(Layer::Low, LATE)], 60.0);
        assert_eq!(machine.strain.reliefs.len(), 3, "there is nothing more");
    }

    #[test]
    fn what_was_left_out_comes_back_after_a_good_while() {
        let mut machine = Machine::new();
        machine.run(&[(Layer::High, LATE)], 2.0);
        machine.run(&[(Layer::Middle, WELL)], 15.0);
        assert!(machine.strain.slow());
        machine.run(&[(Layer::Middle, WELL)], 10.0);
        assert!(!machine.strain.slow());
    }

    #[test]
    fn attempts_in_vain_become_rare() {
        let mut machine = Machine::new();
        let mut attempts = 0;
        for _ in 0..600 {
            let was_slow = machine.strain.slow();
            let effort = if was_slow { WELL } else { LATE };
            machine.run(&[(Layer::High, effort)], 1.0);
            attempts += u32::from(was_slow && !machine.strain.slow());
        }
        assert!((3..=6).contains(&attempts), "{attempts} in ten minutes");
    }

    #[test]
    fn when_nothing_is_encoded_all_is_well() {
        let mut machine = Machine::new();
        machine.run(&[(Layer::Low, LATE)], 2.0);
        assert!(machine.strain.half_rate());
        machine.run(&[], 30.0);
        assert!(!machine.strain.slow());
    }
}
