//! When to do what about a certificate that an authority gives. Pure: times in, steps out, no clock.
//!
//! It is renewed when the authority says so (ACME Renewal Information, RFC 9773), or else once two
//! thirds of its life are over. What fails is tried again with growing pauses, for ever, and each time
//! in the other of the two ways to prove that the domain is ours: a firewall may be in the way of one.

use super::pair::Validity;
use std::time::Duration;

/// The pause after the first failure, in seconds; each further one is twice as long. Let's Encrypt
/// takes five failures at once, and one more every twelve minutes.
const FIRST_PAUSE: u64 = 30;

/// The longest pause, in seconds.
const LONGEST_PAUSE: u64 = 60 * 60;

/// Seconds between two questions about renewal where the authority names no other time, or did not
/// answer (RFC 9773, section 4.3.3).
const ASK_AGAIN: u64 = 6 * 60 * 60;

/// The shortest and the longest time between two questions about renewal that an authority may name,
/// in seconds (RFC 9773, section 4.3.2, recommends bounds).
const ASK_BOUNDS: (u64, u64) = (60, 24 * 60 * 60);

/// The part of a certificate's life after which it is renewed whatever the authority says.
const LATEST: (u64, u64) = (9, 10);

/// The part of a certificate's life after which it is renewed when the authority says nothing.
const USUAL: (u64, u64) = (2, 3);

/// A way to prove that a domain is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// By an answer over TLS (RFC 8737), on port 443.
    Tls,
    /// By an answer over HTTP (RFC 8555, section 8.3), on port 80.
    Http,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing, for this long.
    Wait(Duration),
    /// Ask the authority when it wants the certificate renewed.
    Ask,
    /// Order a certificate.
    Order(Proof),
}

/// When the authority wants a certificate renewed, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The schedule of one certificate. All times are in seconds since 1970.
#[derive(Debug)]
pub(super) struct Schedule {
    certificate: Option<Validity>,
    window: Option<Window>,
    /// When to ask next.
    ask: u64,
    /// Failures since the last success.
    failures: u32,
    /// Not before this time, after a failure.
    paused_until: u64,
    proof: Proof,
    /// Where in a window to renew, so that not everybody comes at once: of 65,536 parts.
    chance: u16,
}

impl Schedule {
    /// The schedule of the certificate that there is, if there is one. `chance` is random.
    pub(super) fn new(certificate: Option<Validity>, chance: u16) -> Self {
        Self {
            certificate,
            window: None,
            ask: 0,
            failures: 0,
            paused_until: 0,
            proof: Proof::Tls,
            chance,
        }
    }

    /// What to do at `now`.
    pub(super) fn next(&self, now: u64) -> Step {
        let renewal = self.renewal().max(self.paused_until);
        if now >= renewal {
            return Step::Order(self.proof);
        }
        // Without a certificate there is nothing to ask about.
        let ask = self.certificate.map_or(u64::MAX, |_| self.ask);
        if now >= ask {
            return Step::Ask;
        }
        Step::Wait(Duration::from_secs(renewal.min(ask) - now))
    }

    /// When the certificate is to be renewed.
    pub(super) fn renewal(&self) -> u64 {
        let Some(Validity { from, until }) = self.certificate else {
            return 0;
        };
        let life = until.saturating_sub(from);
        let after = |(part, of): (u64, u64)| from + life / of * part;
        match self.window {
            Some(Window { start, end }) => {
                let length = u128::from(end.saturating_sub(start));
                let part = (length * u128::from(self.chance)) >> 16;
                let chosen = u128::from(start) + part;
                u64::try_from(chosen).unwrap_or(u64::MAX).min(after(LATEST))
            }
            None => after(USUAL),
        }
    }

    /// A certificate was obtained.
    pub(super) fn obtained(&mut self, certificate: Validity) {
        self.certificate = Some(certificate);
        self.window = None;
        self.ask = 0;
        self.failures = 0;
        self.paused_until = 0;
    }

    /// An order failed at `now`. Answers how long it is until the next try.
    pub(super) fn failed(&mut self, now: u64) -> Duration {
        let pause = FIRST_PAUSE.checked_shl(self.failures.min(32));
        let pause = pause.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        self.failures += 1;
        self.paused_until = now + pause;
        self.proof = match self.proof {
            Proof::Tls => Proof::Http,
            Proof::Http => Proof::Tls,
        };
        Duration::from_secs(pause)
    }

    /// The authority answered at `now` when it wants the certificate renewed, and how long to wait
    /// before asking again.
    pub(super) fn told(&mut self, window: Window, again: Duration, now: u64) {
        self.window = Some(window);
        self.ask = now + again.as_secs().clamp(ASK_BOUNDS.0, ASK_BOUNDS.1);
    }

    /// The authority did not answer at `now`, or does not know when.
    pub(super) fn not_told(&mut self, now: u64) {
        self.ask = now + ASK_AGAIN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    /// Some day in 2026.
    const NOW: u64 = 1_780_000_000;

    fn ninety_days() -> Validity {
        Validity {
            from: NOW,
            until: NOW + 90 * DAY,
        }
    }

    /// Lives for as long as `days` with an authority that answers nothing, and orders that are
    /// fulfilled at once; says at which day each was made.
    fn days_of_orders(schedule: &mut Schedule, life: u64, days: u64) -> Vec<u64> {
        let mut now = NOW;
        let mut orders = Vec::new();
        while now < NOW + days * DAY {
            match schedule.next(now) {
                Step::Wait(time) => now += time.as_secs(),
                Step::Ask => schedule.not_told(now),
                Step::Order(_) => {
                    orders.push((now - NOW) / DAY);
                    schedule.obtained(Validity {
                        from: now,
                        until: now + life,
                    });
                }
            }
        }
        orders
    }

    #[test]
    fn without_a_certificate_one_is_ordered_at_once() {
        let schedule = Schedule::new(None, 0);
        assert_eq!(schedule.next(NOW), Step::Order(Proof::Tls));
    }

    #[test]
    fn where_the_authority_says_nothing_two_thirds_of_a_life_are_waited_for() {
        let mut schedule = Schedule::new(None, 0);
        let orders = days_of_orders(&mut schedule, 90 * DAY, 200);
        assert_eq!(orders, [0, 60, 120, 180]);
        // Certificates for addresses live for six days.
        let mut schedule = Schedule::new(None, 0);
        assert_eq!(days_of_orders(&mut schedule, 6 * DAY, 11), [0, 4, 8]);
    }

    #[test]
    fn the_authority_decides_when_where_it_does() {
        let window = Window {
            start: NOW + 10 * DAY,
            end: NOW + 12 * DAY,
        };
        for (chance, day) in [(0, 10), (0x8000, 11), (u16::MAX, 11)] {
            let mut schedule = Schedule::new(Some(ninety_days()), chance);
            assert_eq!(schedule.next(NOW), Step::Ask);
            schedule.told(window, Duration::from_secs(6 * 60 * 60), NOW);
            let renewal = schedule.renewal();
            assert_eq!((renewal - NOW) / DAY, day);
            assert!((window.start..window.end).contains(&renewal));
            let asked_again = Step::Wait(Duration::from_secs(6 * 60 * 60));
            assert_eq!(schedule.next(NOW), asked_again);
            assert_eq!(schedule.next(renewal), Step::Order(Proof::Tls));
        }
    }

    #[test]
    fn a_window_in_the_past_renews_at_once_and_one_after_the_end_does_not_lose_the_certificate() {
        let again = Duration::from_secs(60);
        let mut revoked = Schedule::new(Some(ninety_days()), 0x8000);
        let past = Window {
            start: NOW - 2 * DAY,
            end: NOW - DAY,
        };
        revoked.told(past, again, NOW);
        assert_eq!(revoked.next(NOW), Step::Order(Proof::Tls));

        let mut late = Schedule::new(Some(ninety_days()), 0);
        let never = Window {
            start: NOW + 900 * DAY,
            end: NOW + 901 * DAY,
        };
        late.told(never, again, NOW);
        assert_eq!(late.renewal(), NOW + 81 * DAY);
    }

    #[test]
    fn an_authority_can_neither_be_asked_all_the_time_nor_never() {
        let window = Window {
            start: NOW + 60 * DAY,
            end: NOW + 61 * DAY,
        };
        for (again, asked) in [(0, 60), (u64::MAX / 2, DAY)] {
            let mut schedule = Schedule::new(Some(ninety_days()), 0);
            schedule.told(window, Duration::from_secs(again), NOW);
            assert_eq!(schedule.next(NOW), Step::Wait(Duration::from_secs(asked)));
        }
    }

    #[test]
    fn what_fails_is_tried_for_ever_with_growing_pauses_in_either_way() {
        let mut schedule = Schedule::new(None, 0);
        let mut now = NOW;
        let mut pauses = Vec::new();
        let mut proofs = Vec::new();
        for _ in 0..100 {
            let Step::Order(proof) = schedule.next(now) else {
                panic!("it is time to try");
            };
            proofs.push(proof);
            let pause = schedule.failed(now);
            assert_eq!(schedule.next(now), Step::Wait(pause));
            pauses.push(pause.as_secs());
            now += pause.as_secs();
        }
        assert_eq!(pauses[..9], [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pauses[99], 3600);
        assert_eq!(proofs[..3], [Proof::Tls, Proof::Http, Proof::Tls]);
        schedule.obtained(ninety_days());
        assert_eq!(schedule.failed(now).as_secs(), FIRST_PAUSE);
    }

    #[test]
    fn a_certificate_that_has_expired_while_the_server_was_off_is_renewed_at_once() {
        let schedule = Schedule::new(Some(ninety_days()), 0);
        assert_eq!(schedule.next(NOW + 91 * DAY), Step::Order(Proof::Tls));
    }

    #[test]
    fn dates_that_make_no_sense_break_nothing() {
        let backwards = Validity {
            from: NOW,
            until: NOW - DAY,
        };
        let mut schedule = Schedule::new(Some(backwards), u16::MAX);
        assert_eq!(schedule.next(NOW), Step::Order(Proof::Tls));
        let window = Window {
            start: u64::MAX / 4,
            end: 0,
        };
        schedule.told(window, Duration::MAX, NOW);
        assert_eq!(schedule.next(NOW), Step::Order(Proof::Tls));
    }
}
