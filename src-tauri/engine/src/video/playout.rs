//! When to show a decoded picture: as soon as the voice that was captured with it is heard.
//!
//! A picture usually takes a shorter way than a voice, which waits in a jitter buffer and in a sound card. People notice
//! lips that are 45 ms early (ITU-R BT.1359); so the picture waits, never the voice. A picture that comes later than its
//! voice is shown at once.
//!
//! Pure; the receiver's media thread brings the time. Costs up to [`MOST_HELD`] of latency where the voice takes that long,
//! and nothing where there is no voice.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frame::Frame;
use crate::transport::clock::{Micros, local_micros};

/// No picture waits for longer: a voice that late is a voice in trouble, and faces should go on.
const MOST_HELD: Duration = Duration::from_millis(200);

/// Pictures that may wait: what comes in that time at 30 a second, and some. The oldest is shown when there are more.
const MOST_FRAMES: usize = 8;

/// From here to the glass: a window scales, sends, draws and waits for its screen.
const TO_THE_GLASS: Micros = 25_000;

/// Waits shorter than this are not worth waking up for.
const AT_ONCE: Duration = Duration::from_millis(2);

/// A new offset counts an eighth.
const SMOOTHING: f64 = 8.0;

/// What a picture is shown by.
#[derive(Clone, Copy, Debug)]
pub struct Lips {
    /// When it was captured, on the sender's clock.
    pub captured: Micros,
    /// How much later than that, on our clock, a voice is heard.
    pub voice: Micros,
}

/// The pictures that wait for their voice.
#[derive(Default)]
pub struct Playout {
    waiting: VecDeque<Waiting>,
    offset: Option<f64>,
}

struct Waiting {
    due: Instant,
    lips: Option<Lips>,
    frame: Arc<Frame>,
}

impl Playout {
    /// A picture was decoded; without `lips` it is shown at once, though not before those that came earlier.
    pub fn push(&mut self, frame: Arc<Frame>, lips: Option<Lips>, now: Instant) {
        let wait = lips.map_or(0, |lips| {
            lips.captured + lips.voice - TO_THE_GLASS - local_micros(now)
        });
        let wait = Duration::from_micros(wait.max(0) as u64);
        let wait = if wait > AT_ONCE {
            wait.min(MOST_HELD)
        } else {
            Duration::ZERO
        };
        let due = now + wait;
        // A voice that takes less time from now on must not let pictures overtake each other.
        for earlier in &mut self.waiting {
            earlier.due = earlier.due.min(due);
        }
        if self.waiting.len() == MOST_FRAMES {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting { due, lips, frame });
    }

    /// The picture to show from now on, if there is another: the newest whose time has come.
    pub fn pop(&mut self, now: Instant) -> Option<Arc<Frame>> {
        let due = self
            .waiting
            .iter()
            .take_while(|waiting| waiting.due <= now)
            .count();
        let shown = self.waiting.drain(..due).next_back()?;
        if let Some(lips) = shown.lips {
            let offset = local_micros(now) + TO_THE_GLASS - lips.captured - lips.voice;
            let offset = offset as f64 / 1e3;
            let smoothed = self
                .offset
                .map_or(offset, |before| before + (offset - before) / SMOOTHING);
            self.offset = Some(smoothed);
        }
        Some(shown.frame)
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
    fn lips(captured: Instant, voice: Duration) -> Option<Lips> {
        Some(Lips {
            captured: local_micros(captured),
            voice: voice.as_micros() as Micros,
        })
    }

    #[test]
    fn without_a_voice_a_picture_is_shown_at_once() {
        let (mut playout, now) = (Playout::default(), Instant::now());
        playout.push(frame(0, now), None, now);
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
                playout.push(frame(tick as u32, now), lips(captured, ms(130)), now);
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
        playout.push(frame(0, now), lips(now - ms(150), ms(100)), now);
        assert!(playout.pop(now).is_some());
        let offset = playout.offset_ms().unwrap();
        assert!((offset - 75.0).abs() < 0.1, "{offset}");
    }

    #[test]
    fn no_voice_holds_a_picture_for_long_and_no_flood_is_kept() {
        let (mut playout, now) = (Playout::default(), Instant::now());
        playout.push(frame(0, now), lips(now, ms(5_000)), now);
        assert!(playout.pop(now + ms(199)).is_none());
        assert_eq!(playout.deadline(), Some(now + ms(200)));
        assert!(playout.pop(now + ms(200)).is_some());
        for n in 0..1_000 {
            playout.push(frame(n % 100, now), lips(now, ms(5_000)), now);
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
            let wild = Lips {
                captured: (seed as Micros) >> 24,
                voice: (seed.rotate_left(20) as Micros) >> 24,
            };
            playout.push(frame(n % 100, now), Some(wild), now);
            let deadline = playout.deadline().expect("one waits");
            assert!(deadline <= now + MOST_HELD);
            if seed.is_multiple_of(3) {
                playout.pop(now);
            }
        }
        assert!(playout.pop(now + MOST_HELD).is_some());
    }
}
