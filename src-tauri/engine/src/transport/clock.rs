//! When something was captured by the sender's clock, and when it is heard or shown by ours.
//!
//! Voice and picture are numbered by clocks of their own. RTCP sender reports tie both to one clock of the sender's (RFC
//! 3550, section 6.4.1); the one that webrtc-rs writes tells when a packet *left*, which for a picture is some encoding and
//! queueing after it was taken, and for a voice some other while. So we write into our reports when things were *captured*
//! ([`CaptureClock`]), as browsers do, and take the reports of others at their word ([`SenderClock`]). The extension
//! abs-capture-time would say the same in every packet; reports cost nothing, and browsers have always read them.
//!
//! The two clocks are never compared: only differences of delays matter, and in those their offset is cancelled. Pure, but
//! for the moment that all local times are counted from.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Time in microseconds, on whichever clock.
pub type Micros = i64;

/// A capture time further off than this from what was expected is a new beginning, not jitter.
const RESTARTED: Micros = 100_000;

/// A capture time counts a sixteenth: threads wake when they can, sound cards drift slowly.
const SMOOTHING: Micros = 16;

/// No delay is known.
const UNKNOWN: Micros = Micros::MIN;

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A moment on this machine, counted from some moment in this process; the microsecond that it lies in, before that one too.
pub fn local_micros(at: Instant) -> Micros {
    let epoch = *EPOCH;
    match at.checked_duration_since(epoch) {
        Some(since) => since.as_micros() as Micros,
        None => -((epoch - at).as_nanos().div_ceil(1_000) as Micros),
    }
}

/// The moment that [`local_micros`] counts so; `None` when it is beyond what this machine can count.
pub fn local_instant(micros: Micros) -> Option<Instant> {
    let since = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 {
        EPOCH.checked_sub(since)
    } else {
        EPOCH.checked_add(since)
    }
}

/// How the timestamps of a stream that we send relate to our clock.
#[derive(Debug)]
pub struct CaptureClock {
    rate: u32,
    anchor: Option<(u32, Micros)>,
}

impl CaptureClock {
    /// For timestamps of so many ticks a second.
    pub fn new(rate: u32) -> Self {
        Self { rate, anchor: None }
    }

    /// What has this timestamp was captured then, as far as can be told.
    pub fn note(&mut self, timestamp: u32, captured: Instant) {
        let captured = local_micros(captured);
        let expected = self.anchor.map(|(anchor, at)| {
            let ticks = timestamp.wrapping_sub(anchor) as i32;
            at + Micros::from(ticks) * 1_000_000 / Micros::from(self.rate)
        });
        let at = match expected {
            Some(expected) if (captured - expected).abs() < RESTARTED => {
                expected + (captured - expected) / SMOOTHING
            }
            _ => captured,
        };
        self.anchor = Some((timestamp, at));
    }

    /// The timestamp of what is being captured now; `None` while nothing was.
    pub fn timestamp(&self, now: Instant) -> Option<u32> {
        let (timestamp, at) = self.anchor?;
        let ticks = (local_micros(now) - at) * Micros::from(self.rate) / 1_000_000;
        Some(timestamp.wrapping_add(ticks as u32))
    }
}

/// What a sender report says: this timestamp is this time on the sender's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderClock {
    /// NTP time: seconds in 32.32 bits.
    pub ntp: u64,
    /// The timestamp of what was captured then.
    pub timestamp: u32,
}

impl SenderClock {
    /// When the report's timestamp was captured, on the sender's clock.
    pub fn micros(&self) -> Micros {
        let seconds = (self.ntp >> 32) as Micros;
        let fraction = ((self.ntp & 0xffff_ffff) * 1_000_000) >> 32;
        seconds * 1_000_000 + fraction as Micros
    }

    /// When something was captured, on the sender's clock; `rate` is ticks per second.
    pub fn captured(&self, timestamp: u32, rate: u32) -> Micros {
        let ticks = timestamp.wrapping_sub(self.timestamp) as i32;
        self.micros() + Micros::from(ticks) * 1_000_000 / Micros::from(rate)
    }
}

/// How long after its capture a person's voice is heard: our clock minus the sender's, so meaningless alone. Written where
/// the voice is played, read where the picture waits for it.
#[derive(Debug, Default)]
pub struct VoiceDelay(Delay);

/// A delay between two clocks, as far as it is known.
#[derive(Debug)]
struct Delay {
    delay: AtomicI64,
    /// When it was last written, on our clock.
    at: AtomicI64,
}

/// A delay that is older tells nothing any more: the voice has stopped, for good or in a way that says nothing of delay.
const DELAY_KEPT: Duration = Duration::from_secs(5);

impl Default for Delay {
    fn default() -> Self {
        Self {
            delay: AtomicI64::new(UNKNOWN),
            at: AtomicI64::new(0),
        }
    }
}

impl VoiceDelay {
    /// What was captured at `captured` on the sender's clock is heard at `heard` on ours.
    pub fn set(&self, captured: Micros, heard: Instant, now: Instant) {
        self.0.set(local_micros(heard) - captured, now);
    }

    /// The delay, if the voice is being heard.
    pub fn get(&self, now: Instant) -> Option<Micros> {
        self.0.get(now)
    }
}

impl Delay {
    fn set(&self, delay: Micros, now: Instant) {
        self.at.store(local_micros(now), Ordering::Relaxed);
        self.delay.store(delay, Ordering::Relaxed);
    }

    fn get(&self, now: Instant) -> Option<Micros> {
        let delay = self.delay.load(Ordering::Relaxed);
        let age = local_micros(now) - self.at.load(Ordering::Relaxed);
        (delay != UNKNOWN && age <= DELAY_KEPT.as_micros() as Micros).then_some(delay)
    }
}

/// How long after its capture a person's picture is shown, where pictures are held back for repairs: the voice waits for
/// them then. Written where pictures wait, read where the voice is played.
#[derive(Debug, Default)]
pub struct PictureDelay {
    shown: Delay,
    hold: AtomicI64,
}

impl PictureDelay {
    /// What is captured is shown so much later (our clock minus the sender's), `hold` of it for the sake of repairs. A hold
    /// of zero says that no picture is held.
    pub fn set(&self, delay: Micros, hold: Micros, now: Instant) {
        self.hold.store(hold, Ordering::Relaxed);
        self.shown.set(delay, now);
    }

    /// The delay, and how much of it is hold, if pictures are being held. The two may be of neighbouring moments.
    pub fn get(&self, now: Instant) -> Option<(Micros, Micros)> {
        let hold = self.hold.load(Ordering::Relaxed);
        let delay = self.shown.get(now)?;
        (hold > 0).then_some((delay, hold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn timestamps_of_now_follow_those_that_were_captured() {
        let (mut clock, start) = (CaptureClock::new(48_000), Instant::now());
        assert_eq!(clock.timestamp(start), None);
        let first = u32::MAX - 4_800;
        for n in 0..500u32 {
            // Threads wake up to 8 ms late.
            let late = ms(u64::from(n * 7 % 9));
            clock.note(first.wrapping_add(n * 960), start + ms(20) * n + late);
        }
        let now = clock.timestamp(start + ms(10_000)).unwrap();
        let off = now.wrapping_sub(first.wrapping_add(480_000)) as i32;
        assert!(off.abs() < 48 * 6, "{off} ticks");
        // The sound card was away for a second, and counts on as if nothing had been.
        clock.note(first.wrapping_add(500 * 960), start + ms(11_000));
        let now = clock.timestamp(start + ms(11_000)).unwrap();
        assert_eq!(now, first.wrapping_add(500 * 960));
    }

    #[test]
    fn a_sound_card_that_is_200_ppm_fast_is_followed_for_an_hour() {
        let (mut clock, start) = (CaptureClock::new(48_000), Instant::now());
        for n in 0..180_000u32 {
            clock.note(
                n.wrapping_mul(960),
                start + Duration::from_micros(19_996) * n,
            );
        }
        let end = start + Duration::from_micros(19_996) * 180_000;
        let off = clock.timestamp(end).unwrap().wrapping_sub(180_000 * 960) as i32;
        assert!(off.abs() < 48, "{off} ticks");
    }

    #[test]
    fn what_a_report_says_holds_before_and_after_it_and_across_the_wrap() {
        let report = SenderClock {
            ntp: (100 << 32) | (1 << 31),
            timestamp: 10,
        };
        assert_eq!(report.micros(), 100_500_000);
        assert_eq!(report.captured(10 + 90_000, 90_000), 101_500_000);
        let before = 10u32.wrapping_sub(48_000);
        assert_eq!(report.captured(before, 48_000), 99_500_000);
    }

    #[test]
    fn a_delay_is_forgotten_when_the_voice_has_stopped() {
        let (delay, now) = (VoiceDelay::default(), Instant::now());
        assert_eq!(delay.get(now), None);
        delay.set(local_micros(now) - 7_000_000, now + ms(80), now);
        let told = delay.get(now + ms(100)).unwrap();
        assert!((told - 7_080_000).abs() <= 1, "{told}");
        assert_eq!(delay.get(now + ms(6_000)), None);
    }

    #[test]
    fn a_hold_is_told_while_pictures_come() {
        let (picture, now) = (PictureDelay::default(), Instant::now());
        assert_eq!(picture.get(now), None);
        picture.set(7_120_000, 80_000, now);
        assert_eq!(picture.get(now + ms(33)), Some((7_120_000, 80_000)));
        assert_eq!(picture.get(now + ms(6_000)), None, "the camera is off");
        picture.set(7_040_000, 0, now);
        assert_eq!(picture.get(now), None);
    }
}
