//! When to show a decoded picture: as soon as the voice that was captured with it is heard, and no sooner than repairs call
//! for.
//!
//! A picture usually takes a shorter way than a voice, which waits in a jitter buffer and in a sound card. People notice
//! lips that are 45 ms early (ITU-R BT.1359); so the picture waits. Where repairs are frequent all pictures wait, for as
//! long as [`super::hold`] says beyond the usual way, so that those which had to be repaired come in time; then the voice
//! waits for the picture, see [`PictureDelay`](crate::transport::clock::PictureDelay). A picture that comes later than all
//! that is shown at once.
//!
//! Pure; the receiver's media thread brings the time. Costs up to [`MOST_HELD`] of latency where the voice takes that long
//! or repairs do, and nothing where there is no voice and nothing is lost.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frame::Frame;
use super::transit::Transit;
use crate::transport::clock::{Micros, local_micros};

/// No picture waits for longer: a voice that late is a voice in trouble, and faces should go on.
const MOST_HELD: Duration = Duration::from_millis(200);

/// Pictures that may wait: what comes in that time at 30 a second, and some. The oldest is left out when there are more.
const MOST_FRAMES: usize = 8;

/// From here to the glass: a window scales, sends, draws and waits for its screen.
const TO_THE_GLASS: Micros = 25_000;

/// Waits shorter than this are not worth waking up for.
const AT_ONCE: Duration = Duration::from_millis(2);

/// A new offset counts an eighth.
const SMOOTHING: f64 = 8.0;

/// What a picture is shown by.
#[derive(Clone, Copy, Debug)]
pub struct Cue {
    /// When it was captured, on the sender's clock.
    pub captured: Micros,
    /// How much later than that, on our clock, a voice is heard; `None` while there is none.
    pub voice: Option<Micros>,
}

/// How much later than its capture a picture is shown at least, while pictures are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// From its capture, on the sender's clock, to the glass, on ours.
    pub delay: Micros,
    /// How much of that is waiting for repairs.
    pub hold: Micros,
}

/// The pictures that wait for their time.
#[derive(Default)]
pub struct Playout {
    waiting: VecDeque<Waiting>,
    transit: Transit,
    held: Option<Held>,
    offset: Option<f64>,
}

struct Waiting {
    due: Instant,
    cue: Option<Cue>,
    frame: Arc<Frame>,
}

impl Cue {
    /// When it was captured, and how much later it is heard.
    fn lips(self) -> Option<(Micros, Micros)> {
        self.voice.map(|voice| (self.captured, voice))
    }
}

impl Playout {
    /// A picture was decoded, and pictures are held for so long beyond the usual way. Without a cue it is shown at once,
    /// though not before those that came earlier.
    pub fn push(&mut self, frame: Arc<Frame>, cue: Option<Cue>, hold: Duration, now: Instant) {
        let hold = hold.as_micros() as Micros;
        self.held = None;
        let wait = cue.map_or(0, |cue| {
            let transit = local_micros(now) - cue.captured;
            let due = self.transit.note(transit, now) + hold;
            self.held = (hold > 0).then_some(Held {
                delay: due + TO_THE_GLASS,
                hold,
            });
            let heard = cue.voice.map_or(due, |voice| voice - TO_THE_GLASS);
            due.max(heard) - transit
        });
        let wait = Duration::from_micros(wait.max(0) as u64);
        let wait = if wait > AT_ONCE {
            wait.min(MOST_HELD)
        } else {
            Duration::ZERO
        };
        let due = now + wait;
        // A voice or a hold that takes less time from now on must not let pictures overtake each other.
        for earlier in &mut self.waiting {
            earlier.due = earlier.due.min(due);
        }
        if self.waiting.len() == MOST_FRAMES {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting { due, cue, frame });
    }

    /// The picture to show from now on, if there is another: the newest whose time has come.
    pub fn pop(&mut self, now: Instant) -> Option<Arc<Frame>> {
        let due = self
            .waiting
            .iter()
            .take_while(|waiting| waiting.due <= now)
            .count();
        let shown = self.waiting.drain(..due).next_back()?;
        if let Some((captured, voice)) = shown.cue.and_then(Cue::lips) {
            let offset = local_micros(now) + TO_THE_GLASS - captured - voice;
            let offset = offset as f64 / 1e3;
            let smoothed = self
                .offset
                .map_or(offset, |before| before + (offset - before) / SMOOTHING);
            self.offset = Some(smoothed);
        }
        Some(shown.frame)
    }

    /// How much later than its capture a picture is shown; `None` while none is held back.
    pub fn held(&self) -> Option<Held> {
        self.held
    }

    /// When the next picture is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|waiting| waiting.due)
    }

    /// By how many milliseconds a picture is later than its voice, lately; negative when it is earlier.
    pub fn offset_ms(&self) -> Option<f64> {
        self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A picture that tells its number by its width.
    fn frame(n: u32, now: Instant) -> Arc<Frame> {
        Arc::new(Frame::new(2 * (n + 1), 2, now))
    }

    /// What is captured at `captured` is heard so much later; the sender's clock is ours.
    fn cue(captured: Instant, voice: Duration) -> Option<Cue> {
        Some(Cue {
            captured: local_micros(captured),
            voice: Some(voice.as_micros() as Micros),
        })
    }

    #[test]
    fn without_a_voice_a_picture_is_shown_at_once() {
        let (mut playout, now) = (Playout::default(), Instant::now());
        playout.push(frame(0, now), None, Duration::ZERO, now);
        assert!(playout.pop(now).is_some());
        assert!(playout.pop(now).is_none() && playout.deadline().is_none());
        assert_eq!(playout.offset_ms(), None);
    }

    #[test]
    fn pictures_that_are_quicker_than_the_voice_wait_for_it_in_order() {
        let (mut playout, start) = (Playout::default(), Instant::now());
        let mut shown = Vec::new();
        for tick in 0..400u64 {
            let now = start + ms(10) * tick as u32;
            // A picture every 30 ms takes 40 ms and some; a voice takes 130.
            if tick % 3 == 0 {
                let captured = now - ms(40 + tick % 7);
                playout.push(
                    frame(tick as u32, now),
                    cue(captured, ms(130)),
                    Duration::ZERO,
                    now,
                );
            }
            if let Some(frame) = playout.pop(now) {
                shown.push(frame.width);
            }
        }
        assert!(shown.is_sorted() && shown.len() > 125, "{}", shown.len());
        let offset = playout.offset_ms().unwrap();
        assert!((0.0..15.0).contains(&offset), "{offset} ms");
    }

    #[test]
    fn a_picture_that_is_later_than_its_voice_is_shown_at_once_and_that_is_told() {
        let (mut playout, now) = (Playout::default(), Instant::now());
        playout.push(
            frame(0, now),
            cue(now - ms(150), ms(100)),
            Duration::ZERO,
            now,
        );
        assert!(playout.pop(now).is_some());
        let offset = playout.offset_ms().unwrap();
        assert!((offset - 75.0).abs() < 0.1, "{offset}");
    }

    #[test]
    fn no_voice_holds_a_picture_for_long_and_no_flood_is_kept() {
        let (mut playout, now) = (Playout::default(), Instant::now());
        playout.push(frame(0, now), cue(now, ms(5_000)), Duration::ZERO, now);
        assert!(playout.pop(now + ms(199)).is_none());
        assert_eq!(playout.deadline(), Some(now + ms(200)));
        assert!(playout.pop(now + ms(200)).is_some());
        for n in 0..1_000 {
            playout.push(
                frame(n % 100, now),
                cue(now, ms(5_000)),
                Duration::ZERO,
                now,
            );
            assert!(playout.waiting.len() <= MOST_FRAMES);
        }
    }

    #[test]
    fn clocks_from_a_dice_box_never_stall_it() {
        let (mut playout, mut now) = (Playout::default(), Instant::now());
        let mut seed = 3_u64;
        for n in 0..20_000u32 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            now += ms(seed % 40);
            let wild = Cue {
                captured: (seed as Micros) >> 24,
                voice: Some((seed.rotate_left(20) as Micros) >> 24).filter(|_| seed & 8 == 0),
            };
            let hold = ms(seed >> 50 & 127);
            playout.push(frame(n % 100, now), Some(wild), hold, now);
            let deadline = playout.deadline().expect("one waits");
            assert!(deadline <= now + MOST_HELD);
            if seed.is_multiple_of(3) {
                playout.pop(now);
            }
        }
        assert!(playout.pop(now + MOST_HELD).is_some());
    }

    /// A picture every 33 ms that takes `way(n)`, with a hold of 80 ms and no voice: which were shown, and how long after
    /// their capture.
    fn watch(pictures: u32, way: impl Fn(u32) -> Duration) -> Vec<(u32, Duration)> {
        let (mut playout, start) = (Playout::default(), Instant::now());
        let captured = |n: u32| start + ms(33) * n;
        let mut arrivals: Vec<(Instant, u32)> =
            (0..pictures).map(|n| (captured(n) + way(n), n)).collect();
        // A decoder waits for what is missing.
        for n in 1..arrivals.len() {
            arrivals[n].0 = arrivals[n].0.max(arrivals[n - 1].0);
        }
        let mut arrivals = arrivals.into_iter().peekable();
        let mut shown = Vec::new();
        let mut now = start;
        while now < captured(pictures) + ms(500) {
            let mut show = |playout: &mut Playout| {
                if let Some(frame) = playout.pop(now) {
                    let n = frame.width / 2 - 1;
                    shown.push((n, now - captured(n)));
                }
            };
            while let Some((_, n)) = arrivals.next_if(|(at, _)| *at <= now) {
                let cue = Cue {
                    captured: local_micros(captured(n)) + 7_000_000,
                    voice: None,
                };
                playout.push(frame(n, now), Some(cue), ms(80), now);
                show(&mut playout);
            }
            show(&mut playout);
            now += ms(1);
        }
        shown
    }

    #[test]
    fn while_pictures_are_held_repaired_ones_come_as_late_as_all_others() {
        let way = |n: u32| ms(40 + if n % 10 == 7 { 79 } else { u64::from(n % 4) });
        let shown = watch(300, way);
        let numbers: Vec<u32> = shown.iter().map(|(n, _)| *n).collect();
        assert_eq!(numbers, (0..300).collect::<Vec<_>>());
        for (n, after) in &shown[10..] {
            assert!((119..=123).contains(&after.as_millis()), "{n}: {after:?}");
        }
    }

    #[test]
    fn after_a_long_gap_what_came_meanwhile_is_shown_when_it_is_due() {
        let shown = watch(100, |n| ms(if n == 50 { 240 } else { 40 }));
        let after = |n: u32| shown.iter().find(|(shown, _)| *shown == n).unwrap().1;
        assert!(shown.is_sorted_by_key(|(n, _)| *n));
        assert_eq!(after(49), ms(120));
        assert_eq!(after(50), ms(240), "at once");
        // 51 to 53 should have been shown by then, and are as soon as they can be.
        assert_eq!(after(53), ms(141));
        assert!((54..99).all(|n| after(n) == ms(120)));
    }

    #[test]
    fn a_hold_without_a_clock_holds_nothing_and_one_that_is_gone_is_told() {
        let (mut playout, now) = (Playout::default(), Instant::now());
        playout.push(frame(0, now), None, ms(80), now);
        assert!(playout.pop(now).is_some() && playout.held().is_none());
        let cue = Cue {
            captured: local_micros(now) - 40_000,
            voice: None,
        };
        playout.push(frame(1, now), Some(cue), ms(80), now);
        let held = Held {
            delay: 120_000 + TO_THE_GLASS,
            hold: 80_000,
        };
        assert_eq!(playout.held(), Some(held));
        playout.push(frame(2, now), Some(cue), Duration::ZERO, now);
        assert_eq!(playout.held(), None);
    }

    #[test]
    fn a_picture_waits_for_whichever_is_later_of_hold_and_voice() {
        for (voice, due) in [(100, 80), (150, 85), (400, MOST_HELD.as_millis() as u64)] {
            let (mut playout, now) = (Playout::default(), Instant::now());
            playout.push(frame(0, now), cue(now - ms(40), ms(voice)), ms(80), now);
            assert_eq!(playout.deadline(), Some(now + ms(due)));
        }
    }
}
