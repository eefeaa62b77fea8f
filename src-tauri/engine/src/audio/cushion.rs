//! How many samples to keep ready for the speaker's callback.
//!
//! Too few and the callback runs dry, a click; too many is delay. The callback's own appetite is the least; every time it
//! runs dry the cushion grows, and while all is well it shrinks again. Pure, driven by the playout thread.

use std::time::{Duration, Instant};

/// Kept beyond the callback's appetite: what waking the playout thread takes.
const LEAST_EXTRA: Duration = Duration::from_micros(2_500);

/// The most to keep: beyond this a machine is too busy for a call.
const MOST_EXTRA: Duration = Duration::from_millis(60);

/// Grown by so much when the callback ran dry.
const STEP_UP: Duration = Duration::from_millis(5);

/// Shrunk by so much after each quiet spell.
const STEP_DOWN: Duration = Duration::from_micros(2_500);

/// A spell: the appetite is the largest request of this one and the last.
const SPELL: Duration = Duration::from_secs(5);

/// Sizes are in frames at the device's rate.
#[derive(Debug)]
pub(crate) struct Cushion {
    rate: u32,
    extra: Duration,
    appetite: usize,
    appetite_before: usize,
    spell_began: Option<Instant>,
    dry_in_spell: bool,
}

impl Cushion {
    /// For a device of `rate` Hz.
    pub(crate) fn new(rate: u32) -> Self {
        Self {
            rate,
            extra: LEAST_EXTRA,
            appetite: 0,
            appetite_before: 0,
            spell_began: None,
            dry_in_spell: false,
        }
    }

    /// Takes in what happened since the last call: the largest request, in frames, and whether one found too little.
    pub(crate) fn note(&mut self, now: Instant, largest_request: usize, ran_dry: bool) {
        self.appetite = self.appetite.max(largest_request);
        if ran_dry {
            self.extra = (self.extra + STEP_UP).min(MOST_EXTRA);
            self.dry_in_spell = true;
        }
        let began = *self.spell_began.get_or_insert(now);
        if now.duration_since(began) >= SPELL {
            self.spell_began = Some(now);
            self.appetite_before = std::mem::take(&mut self.appetite);
            if !std::mem::take(&mut self.dry_in_spell) {
                self.extra = self.extra.saturating_sub(STEP_DOWN).max(LEAST_EXTRA);
            }
        }
    }

    /// What the device takes at once, in frames.
    pub(crate) fn appetite(&self) -> usize {
        self.appetite.max(self.appetite_before)
    }

    /// Frames to keep ready.
    pub(crate) fn frames(&self) -> usize {
        let extra = self.extra.as_micros() as usize * self.rate as usize / 1_000_000;
        self.appetite() + extra
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_one_request_and_a_little_more() {
        let mut cushion = Cushion::new(48_000);
        let start = Instant::now();
        cushion.note(start, 480, false);
        assert_eq!(cushion.frames(), 480 + 120);
    }

    #[test]
    fn one_large_request_at_the_start_is_forgotten() {
        let mut cushion = Cushion::new(48_000);
        let start = Instant::now();
        cushion.note(start, 4_800, false);
        for second in 1..=12 {
            cushion.note(start + Duration::from_secs(second), 480, false);
        }
        assert_eq!(cushion.frames(), 600);
    }

    #[test]
    fn running_dry_makes_it_grow_up_to_a_bound_and_quiet_lets_it_shrink_back() {
        let mut cushion = Cushion::new(48_000);
        let start = Instant::now();
        cushion.note(start, 480, true);
        assert_eq!(cushion.frames(), 480 + 360);
        (0..100).for_each(|_| cushion.note(start, 480, true));
        assert_eq!(cushion.frames(), 480 + 2_880);
        for spell in 1..60 {
            cushion.note(start + SPELL * spell, 480, false);
        }
        assert_eq!(cushion.frames(), 600);
    }
}
