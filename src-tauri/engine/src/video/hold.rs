//! For how long pictures are held back, so that repairs are not seen as freezes.
//!
//! A picture that lacks a packet comes a round trip late, and two when the repair is lost as well; whoever shows pictures
//! as soon as they come stands still that long. Where that happens again and again, all pictures are shown a little later
//! instead. Only the waits for gaps count: a queue that makes all pictures late alike freezes nothing.
//!
//! Pure; the receiver's media thread brings waits and time. Costs up to [`MOST`] of latency where repairs are frequent and
//! slow, and nothing elsewhere.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How far back waits are remembered: where a tenth of all packets is lost at a round trip of 80 ms, a repair is lost some
/// six times a minute, so that it happens a few times within this.
const REMEMBERED: Duration = Duration::from_secs(30);

/// So many gaps within that time make repairs frequent. Fewer are accidents: a cable, a door, a phone in a pocket.
const FREQUENT: usize = 8;

/// A gap may be waited for so long without anybody counting a freeze: 150 ms beyond the usual time between two pictures (W3C
/// webrtc-stats, `freezeCount`), less the 33 ms after which the loss of a picture's last packet is noticed, and 17 ms for
/// jitter and decoding. (Measured over 40 seeds of the bursts in `link::repairs::scenarios`: with 115 ms here pictures freeze
/// for 1.0 % of the time, with 100 for 0.8 %.)
const UNSEEN: Duration = Duration::from_millis(100);

/// No picture is held for longer: beyond, people who talk to one another would notice the delay more than the freezes.
const MOST: Duration = Duration::from_millis(150);

/// Which of the longest waits is to go unseen. The longest of all may: one freeze of 0.2 s in half a minute is less than
/// the hundredth of the time that is aimed at, and all pictures would be later for its sake.
const RANK: usize = 2;

/// Waits beyond [`UNSEEN`] that are remembered; where there are more, the oldest says nothing new.
const LONG_WAITS: usize = 64;

/// How much shorter it gets in a second: 0.4 % faster than life, which nobody sees.
const SHRINK: Duration = Duration::from_millis(4);

/// What the latest gaps call for.
#[derive(Debug, Default)]
pub struct Hold {
    /// When the latest gaps ended.
    gaps: VecDeque<Instant>,
    /// Those that were waited for too long to go unseen, and when that ended.
    long: VecDeque<(Instant, Duration)>,
    /// The longest that is to be expected though it may not have happened yet, and since when.
    expected: Option<(Instant, Duration)>,
    hold: Duration,
    at: Option<Instant>,
}

impl Hold {
    /// A gap held the decoder up for so long.
    pub fn waited(&mut self, wait: Duration, now: Instant) {
        keep(&mut self.gaps, now, FREQUENT);
        if wait > UNSEEN {
            keep(&mut self.long, (now, wait), LONG_WAITS);
        }
    }

    /// A gap may hold the decoder up for so long, and will before long.
    pub fn expect(&mut self, wait: Duration, now: Instant) {
        let recent =
            |(at, _): &(Instant, Duration)| now.saturating_duration_since(*at) <= REMEMBERED;
        let longer = |(_, known): &(Instant, Duration)| *known > wait;
        if !self
            .expected
            .as_ref()
            .is_some_and(|it| recent(it) && longer(it))
        {
            self.expected = Some((now, wait));
        }
    }

    /// For how long pictures are to be held from now on: grows at once, shrinks slowly.
    pub fn get(&mut self, now: Instant) -> Duration {
        let before = self.at.replace(now).unwrap_or(now);
        let passed = now.saturating_duration_since(before);
        let shrunk = SHRINK.mul_f64(passed.as_secs_f64());
        self.hold = self
            .hold
            .saturating_sub(shrunk)
            .max(self.wanted(now))
            .min(MOST);
        self.hold
    }

    fn wanted(&self, now: Instant) -> Duration {
        let recent = |at: &Instant| now.saturating_duration_since(*at) <= REMEMBERED;
        if self.gaps.iter().filter(|at| recent(at)).count() < FREQUENT {
            return Duration::ZERO;
        }
        let waits = self.long.iter().filter(|(at, _)| recent(at));
        let mut waits: Vec<Duration> = waits.map(|(_, wait)| *wait).collect();
        waits.sort_unstable_by(|a, b| b.cmp(a));
        let happened = waits.get(RANK - 1).copied();
        let expected = self.expected.filter(|(at, _)| recent(at));
        happened
            .max(expected.map(|(_, wait)| wait))
            .map_or(Duration::ZERO, |wait| wait.saturating_sub(UNSEEN))
    }
}

/// Appends to a list that holds at most so many; the oldest goes.
fn keep<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// So many gaps of this length, 50 ms apart, and when the last ended.
    fn gaps(hold: &mut Hold, number: u32, wait: Duration, start: Instant) -> Instant {
        for n in 0..number {
            hold.waited(wait, start + ms(50) * n);
        }
        start + ms(50) * number
    }

    #[test]
    fn without_gaps_nothing_is_held() {
        let (mut hold, now) = (Hold::default(), Instant::now());
        for second in 0..100 {
            assert_eq!(hold.get(now + ms(1_000) * second), Duration::ZERO);
        }
    }

    #[test]
    fn what_is_to_be_expected_need_not_happen_first_and_is_forgotten() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        hold.expect(ms(190), start);
        assert_eq!(hold.get(start), Duration::ZERO, "too few gaps");
        let now = gaps(&mut hold, FREQUENT as u32, ms(90), start);
        hold.expect(ms(180), now);
        assert_eq!(hold.get(now), ms(90), "the longer of the two");
        let later = now + REMEMBERED + ms(1_000);
        assert!(hold.get(later) < ms(90));
    }

    #[test]
    fn quick_repairs_hold_nothing_however_many_there_are() {
        let (mut hold, now) = (Hold::default(), Instant::now());
        let now = gaps(&mut hold, 5_000, UNSEEN, now);
        assert_eq!(hold.get(now), Duration::ZERO);
    }

    #[test]
    fn a_few_accidents_on_a_good_line_hold_nothing() {
        let (mut hold, now) = (Hold::default(), Instant::now());
        let now = gaps(&mut hold, FREQUENT as u32 - 1, ms(350), now);
        assert_eq!(hold.get(now), Duration::ZERO);
    }

    #[test]
    fn it_grows_at_once_with_the_second_repair_that_took_long() {
        let (mut hold, now) = (Hold::default(), Instant::now());
        let now = gaps(&mut hold, 100, ms(90), now);
        hold.waited(ms(190), now);
        assert_eq!(hold.get(now), Duration::ZERO, "once is an accident");
        hold.waited(ms(185), now + ms(400));
        assert_eq!(hold.get(now + ms(400)), ms(85));
        hold.waited(ms(230), now + ms(800));
        assert_eq!(hold.get(now + ms(800)), ms(90));
    }

    #[test]
    fn it_shrinks_by_a_few_milliseconds_a_second_once_repairs_are_rare() {
        let (mut hold, start) = (Hold::default(), Instant::now());
        let mut now = gaps(&mut hold, 20, ms(195), start);
        let mut before = hold.get(now);
        assert_eq!(before, ms(95));
        while now < start + REMEMBERED {
            now += ms(33);
            assert_eq!(hold.get(now), before, "it is remembered");
        }
        let mut shrinking = Duration::ZERO;
        while before > Duration::ZERO {
            now += ms(33);
            let held = hold.get(now);
            assert!(before - held <= SHRINK / 30 + ms(1), "{before:?} {held:?}");
            before = held;
            shrinking += ms(33);
        }
        assert!(
            (ms(23_000)..ms(26_000)).contains(&shrinking),
            "{shrinking:?}"
        );
    }

    #[test]
    fn it_is_bounded_and_so_is_what_it_remembers_whatever_it_is_told() {
        let (mut hold, mut now) = (Hold::default(), Instant::now());
        let mut seed = 7_u64;
        for _ in 0..50_000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            // Time passes now and then, also backwards.
            match seed % 5 {
                0 => now += ms(seed >> 40 & 0xfff),
                1 => now = now.checked_sub(ms(3)).unwrap_or(now),
                _ => {}
            }
            hold.waited(Duration::from_micros(seed >> (seed % 60)), now);
            assert!(hold.get(now) <= MOST);
            assert!(hold.gaps.len() <= FREQUENT && hold.long.len() <= LONG_WAITS);
        }
        hold.waited(Duration::MAX, now);
        assert_eq!(hold.get(now), MOST);
    }
}
