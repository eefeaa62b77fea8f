//! What keeps our picture from reaching each of the others as they ask for it, and when that is worth a word. Pure.
//!
//! A connection that has only come up climbs, and an estimate wavers: what has not held for a while is not said.

use std::time::{Duration, Instant};

use visio_protocol::control::Limited;

use crate::transport::ladder::{Chosen, Offer, Want};

/// How long something must have held before it counts: longer than a good line takes to reach its picture, and than a dip
/// with the 1.5 s that the ladder waits for afterwards.
const HELD_FOR: Duration = Duration::from_millis(2500);

/// Less than this share of what would be of use is a picture that is visibly softer than it could be: some 2 dB at 720p
/// (between the rates measured for the ladder's ranges).
const SHORT: f64 = 0.6;

/// And from this share on it is not any more: between the two, what was so stays so.
const AMPLE: f64 = 0.75;

/// What the machine gives, and what it would give if it kept up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    /// What the camera gives.
    pub camera: Offer,
    /// What of it is encoded.
    pub encoded: Offer,
    /// Only every second frame is.
    pub half_rate: bool,
}

/// What holds one picture down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing.
    #[default]
    Not,
    /// The way to whom it is for.
    Way,
    /// This computer.
    Machine,
}

/// What has held one picture down for a while; follows one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hold {
    steady: Held,
    /// What it seems to be instead, and since when.
    other: Option<(Held, Instant)>,
}

impl Hold {
    /// Takes in what was decided just now; none for somebody who asks for no picture, or while there is none.
    pub fn observe<K>(
        &mut self,
        want: &Want<K>,
        chosen: &Chosen<K>,
        means: &Means,
        now: Instant,
    ) -> Option<Held> {
        let Some(rows) = want.rows else {
            *self = Self::default();
            return None;
        };
        let seems = self.seems(want, chosen, rows, means);
        self.other = match self.other {
            _ if seems == self.steady => None,
            Some((other, since)) if other == seems => Some((other, since)),
            _ => Some((seems, now)),
        };
        if let Some((other, since)) = self.other
            && now - since >= HELD_FOR
        {
            self.steady = other;
            self.other = None;
        }
        Some(self.steady)
    }

    fn seems<K>(&self, want: &Want<K>, chosen: &Chosen<K>, rows: u32, means: &Means) -> Held {
        let share = if self.steady == Held::Way {
            AMPLE
        } else {
            SHORT
        };
        let soft = |estimate| estimate < chosen.useful * share;
        let reached = means.encoded.for_rows(rows);
        if chosen.take.layer < reached
            || !chosen.take.every_frame
            || want.estimate.is_some_and(soft)
        {
            // What the machine leaves out would not get through either.
            Held::Way
        } else if reached < means.camera.for_rows(rows) || means.half_rate {
            Held::Machine
        } else {
            Held::Not
        }
    }
}

/// What each of them is to be told, in the same order, by what holds each one's picture down; none where none is asked for.
pub(super) fn words(held: &[Option<Held>]) -> impl Iterator<Item = Limited> + '_ {
    let every = every_way(held);
    held.iter().map(move |held| match held {
        None | Some(Held::Not) => Limited::Nothing,
        Some(Held::Machine) => Limited::Machine,
        Some(Held::Way) if every => Limited::Uplink,
        Some(Held::Way) => Limited::Path,
    })
}

/// What keeps the others from seeing us better: our own line, or the way to the only one who looks. One way out of several
/// is nothing that we could do something about.
pub(super) fn ours(held: &[Option<Held>]) -> Limited {
    let mut asked = held.iter().flatten();
    match (asked.next(), asked.next()) {
        _ if every_way(held) => Limited::Uplink,
        (Some(Held::Way), None) => Limited::Path,
        _ => Limited::Nothing,
    }
}

/// Whether there are several ways and all of them are narrow: then it is what they share.
fn every_way(held: &[Option<Held>]) -> bool {
    let asked = || held.iter().flatten();
    asked().count() > 1 && asked().all(|held| *held == Held::Way)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::bitrate::Bitrate;
    use crate::transport::ladder::Ladder;
    use crate::transport::layer::Layer;

    const TICK: Duration = Duration::from_millis(100);

    /// One line, and how it is judged.
    struct Stage {
        ladder: Ladder<u8>,
        hold: Hold,
        means: Means,
        want: Want<u8>,
        now: Instant,
    }

    impl Stage {
        fn new(kbps: u64) -> Self {
            let camera = Offer::of(Some((1280, 720)), Layer::Full);
            Self {
                ladder: Ladder::default(),
                hold: Hold::default(),
                means: Means {
                    camera,
                    encoded: camera,
                    half_rate: false,
                },
                want: Want {
                    peer: 1,
                    estimate: Some(Bitrate::from_kbps(kbps)),
                    reserved: Bitrate::from_kbps(58),
                    rows: Some(720),
                },
                now: Instant::now(),
            }
        }

        /// What was said in that time, each once in a row.
        fn run(&mut self, seconds: f64) -> Vec<Option<Held>> {
            let mut said = Vec::new();
            for _ in 0..(seconds * 10.0) as u32 {
                let plan = self.ladder.plan(&[self.want], self.means.encoded, self.now);
                let chosen = &plan.chosen[0];
                said.push(self.hold.observe(&self.want, chosen, &self.means, self.now));
                self.now += TICK;
            }
            said.dedup();
            said
        }

        fn line(&mut self, kbps: u64) -> &mut Self {
            self.want.estimate = Some(Bitrate::from_kbps(kbps));
            self
        }
    }

    #[test]
    fn a_good_line_that_climbs_is_never_called_narrow() {
        let mut stage = Stage::new(300);
        assert_eq!(stage.run(1.0), [Some(Held::Not)]);
        assert_eq!(stage.line(2_500).run(20.0), [Some(Held::Not)]);
    }

    #[test]
    fn a_narrow_line_is_called_so_after_a_while_and_for_a_while() {
        let mut stage = Stage::new(2_500);
        stage.run(5.0);
        assert_eq!(stage.line(600).run(2.4), [Some(Held::Not)]);
        assert_eq!(stage.run(1.0), [Some(Held::Not), Some(Held::Way)]);
        assert_eq!(stage.line(2_500).run(2.4), [Some(Held::Way)]);
        assert_eq!(stage.run(5.0).last(), Some(&Some(Held::Not)));
    }

    #[test]
    fn a_dip_is_not_worth_a_word() {
        let mut stage = Stage::new(2_500);
        stage.run(5.0);
        for _ in 0..20 {
            assert_eq!(stage.line(500).run(0.5), [Some(Held::Not)]);
            assert_eq!(stage.line(2_500).run(8.0), [Some(Held::Not)]);
        }
    }

    #[test]
    fn an_estimate_that_wavers_around_enough_does_not_flap() {
        let mut stage = Stage::new(1_000);
        assert_eq!(stage.run(5.0).last(), Some(&Some(Held::Way)));
        for _ in 0..20 {
            assert_eq!(stage.line(1_250).run(3.0), [Some(Held::Way)]);
            assert_eq!(stage.line(1_400).run(3.0), [Some(Held::Way)]);
        }
    }

    #[test]
    fn a_line_that_carries_what_a_small_tile_asks_for_is_not_narrow() {
        let mut stage = Stage::new(600);
        stage.want.rows = Some(180);
        assert_eq!(stage.run(10.0), [Some(Held::Not)]);
        stage.want.rows = Some(720);
        assert_eq!(stage.run(10.0), [Some(Held::Not), Some(Held::Way)]);
        stage.want.rows = None;
        assert_eq!(stage.run(1.0), [None]);
        stage.want.rows = Some(180);
        assert_eq!(stage.run(10.0), [Some(Held::Not)]);
    }

    #[test]
    fn a_picture_that_pauses_is_held_by_the_way() {
        assert_eq!(Stage::new(80).run(5.0).last(), Some(&Some(Held::Way)));
    }

    #[test]
    fn a_machine_that_leaves_layers_or_frames_out_is_named_unless_the_line_is_narrower_still() {
        let mut stage = Stage::new(2_500);
        stage.run(5.0);
        stage.means.encoded = Offer::of(Some((1280, 720)), Layer::Middle);
        assert_eq!(stage.run(5.0), [Some(Held::Not), Some(Held::Machine)]);
        stage.line(300);
        assert_eq!(stage.run(5.0), [Some(Held::Machine), Some(Held::Way)]);
        stage.line(2_500).want.rows = Some(360);
        assert_eq!(stage.run(5.0).last(), Some(&Some(Held::Not)));
        stage.means.half_rate = true;
        assert_eq!(stage.run(5.0).last(), Some(&Some(Held::Machine)));
    }

    #[test]
    fn when_all_who_look_get_less_it_is_our_own_line() {
        use Held::{Machine, Not, Way};
        let told = |held: &[Option<Held>]| words(held).collect::<Vec<_>>();
        let narrow = [Some(Way), None, Some(Way)];
        assert_eq!(
            told(&narrow),
            [Limited::Uplink, Limited::Nothing, Limited::Uplink]
        );
        assert_eq!(ours(&narrow), Limited::Uplink);
        let one = [Some(Way), Some(Not)];
        assert_eq!(told(&one), [Limited::Path, Limited::Nothing]);
        assert_eq!(ours(&one), Limited::Nothing);
        let only = [Some(Way), None];
        assert_eq!(told(&only), [Limited::Path, Limited::Nothing]);
        assert_eq!(ours(&only), Limited::Path);
        let busy = [Some(Machine), Some(Way)];
        assert_eq!(told(&busy), [Limited::Machine, Limited::Path]);
        assert_eq!((told(&[]), ours(&[])), (vec![], Limited::Nothing));
    }
}
