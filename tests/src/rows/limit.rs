//! What a call over a bad link must reach.

use std::fmt;

use super::Measured;

/// One thing to reach. Of several receivers the worst counts. Times are seconds by the row's clock.
#[allow(missing_docs, reason = "the words above each speak of its fields")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// At least so many pictures per second.
    Fps(f64),
    /// Frozen for at most this share of the time, 0 to 1.
    Frozen(f64),
    /// No freeze longer than this, milliseconds; 0: none at all.
    Freeze(f64),
    /// Of 100 pictures 95 from capture to decoding within this, milliseconds.
    Late(f64),
    /// At most this share of the sound invented, 0 to 1.
    Concealed(f64),
    /// No gap in the sound longer than this after `from`, milliseconds.
    Gap { from: f64, longest: f64 },
    /// In the end pictures at least this high.
    Height(u32),
    /// Most of what is useful used within so many seconds of joining.
    Settled(f64),
    /// Nothing stands in front of the bottleneck for longer than so many milliseconds, between two times.
    Standing { from: f64, to: f64, longest: f64 },
    /// At least this share of `kbits` used each way, between two times.
    Used {
        from: f64,
        to: f64,
        kbits: f64,
        share: f64,
    },
    /// Pictures of this height within so many seconds after `from`.
    HighAgain { from: f64, height: u32, within: f64 },
    /// Nothing could pass from `since` to `from`: picture and sound within so many seconds after that.
    Back { since: f64, from: f64, within: f64 },
    /// The call and the download each have at least this share of what passes, between two times.
    Fair { from: f64, to: f64, share: f64 },
    /// Those with perfect links have of each other so many pictures per second, so high.
    Strong { fps: f64, height: u32 },
    /// The last one has of the others so many pictures per second.
    Weak { fps: f64 },
}

/// How something that was to be reached turned out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What was to be reached.
    pub limit: Limit,
    /// What was measured, in the limit's own unit.
    pub measured: f64,
    /// Whether it is within the limit.
    pub met: bool,
}

impl Finding {
    /// How far beyond the limit it is, for finding the worst of several.
    pub fn excess(&self) -> f64 {
        match self.limit {
            Limit::Fps(_)
            | Limit::Height(_)
            | Limit::Used { .. }
            | Limit::Fair { .. }
            | Limit::Strong { .. }
            | Limit::Weak { .. } => -self.measured,
            _ => self.measured,
        }
    }
}

impl Limit {
    /// How it turned out.
    pub fn judge(self, of: &Measured) -> Finding {
        let (measured, met) = match self {
            Self::Fps(fps) => at_least(of.least(|one| one.fps), fps),
            Self::Frozen(share) => at_most(of.frozen_share(), share),
            Self::Freeze(longest) => at_most(
                of.worst(|one| one.longest_freeze().as_secs_f64() * 1e3),
                longest,
            ),
            Self::Late(longest) => at_most(
                of.worst(|one| one.delay.map_or(f64::INFINITY, |(_, p95)| p95)),
                longest,
            ),
            Self::Concealed(share) => at_most(of.worst(|one| one.concealed), share),
            Self::Gap { from, longest } => at_most(
                of.worst(|one| one.longest_gap(from).as_secs_f64() * 1e3),
                longest,
            ),
            Self::Height(height) => {
                at_least(of.least(|one| f64::from(one.height())), f64::from(height))
            }
            Self::Settled(within) => at_most(of.settled(0).unwrap_or(f64::INFINITY), within),
            Self::Standing { from, to, longest } => {
                at_most(of.standing(from, to).as_secs_f64() * 1e3, longest)
            }
            Self::Used {
                from,
                to,
                kbits,
                share,
            } => {
                let (up, down) = of.rate(from, to);
                at_least(up.min(down) / 1e3 / kbits, share)
            }
            Self::HighAgain {
                from,
                height,
                within,
            } => at_most(
                of.worst(|one| one.high_after(from, height).unwrap_or(f64::INFINITY)),
                within,
            ),
            Self::Back {
                since,
                from,
                within,
            } => at_most(
                of.worst(|one| one.back_after(since, from).unwrap_or(f64::INFINITY)),
                within,
            ),
            Self::Fair { from, to, share } => {
                let download = download_share(of, from, to);
                at_least(download.min(1.0 - download), share)
            }
            Self::Strong { fps, height } => {
                let weak = weakest(of);
                let strong = of
                    .received
                    .iter()
                    .filter(|one| one.who != weak && one.from != weak);
                let high = strong.clone().all(|one| one.height() >= height);
                let least = strong.map(|one| one.fps).fold(f64::INFINITY, f64::min);
                (least, high && least >= fps)
            }
            Self::Weak { fps } => {
                let weak = weakest(of);
                let least = of
                    .received
                    .iter()
                    .filter(|one| one.who == weak)
                    .map(|one| one.fps)
                    .fold(f64::INFINITY, f64::min);
                at_least(least, fps)
            }
        };
        Finding {
            limit: self,
            measured,
            // Nobody who received anything is nothing reached.
            met: met && !of.received.is_empty(),
        }
    }
}

fn at_least(measured: f64, limit: f64) -> (f64, bool) {
    (measured, measured >= limit)
}

fn at_most(measured: f64, limit: f64) -> (f64, bool) {
    (measured, measured <= limit)
}

fn weakest(of: &Measured) -> usize {
    of.received.iter().map(|one| one.who).max().unwrap_or(0)
}

/// The download's share of all that came down the cable.
fn download_share(of: &Measured, from: f64, to: f64) -> f64 {
    let Some((began, bytes)) = of.download else {
        return 0.0;
    };
    let end = of.samples.last().map_or(to, |last| last.at.as_secs_f64());
    let (_, down) = of.rate(from, to);
    bytes as f64 * 8.0 / (end - began.as_secs_f64()).max(1.0) / down.max(1.0)
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fps(fps) => write!(f, "≥ {fps} fps"),
            Self::Frozen(share) => write!(f, "frozen ≤ {} %", share * 100.0),
            Self::Freeze(0.0) => write!(f, "no freeze"),
            Self::Freeze(longest) => write!(f, "no freeze over {longest} ms"),
            Self::Late(longest) => write!(f, "p95 ≤ {longest} ms"),
            Self::Concealed(share) => write!(f, "concealed ≤ {:.1} %", share * 100.0),
            Self::Gap { longest, .. } => write!(f, "no gap in the sound over {longest} ms"),
            Self::Height(height) => write!(f, "{height}p"),
            Self::Settled(within) => write!(f, "≥ 80 % of what is useful within {within} s"),
            Self::Standing { longest, .. } => write!(f, "then a queue below {longest} ms"),
            Self::Used { kbits, share, .. } => {
                write!(f, "then ≥ {:.0} % of {kbits} kbit/s used", share * 100.0)
            }
            Self::HighAgain { height, within, .. } => {
                write!(f, "{height}p again within {within} s")
            }
            Self::Back { within, .. } => write!(f, "picture and sound back within {within} s"),
            Self::Fair { share, .. } => write!(f, "each ≥ {:.0} %", share * 100.0),
            Self::Strong { fps, height } => write!(f, "the strong ones {height}p, ≥ {fps} fps"),
            Self::Weak { fps } => write!(f, "the weak one ≥ {fps} fps"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measured = self.measured;
        match self.limit {
            Limit::Frozen(_) | Limit::Concealed(_) | Limit::Used { .. } | Limit::Fair { .. } => {
                write!(f, "{}: {:.1} %", self.limit, measured * 100.0)
            }
            _ if measured.is_infinite() => write!(f, "{}: never", self.limit),
            _ => write!(f, "{}: {measured:.1}", self.limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Received;

    fn received(who: usize, from: usize, fps: f64) -> Received {
        Received {
            who,
            from,
            fps,
            ..Received::default()
        }
    }

    #[test]
    fn the_worst_receiver_counts() {
        let of = Measured {
            received: vec![received(0, 1, 30.0), received(1, 0, 20.0)],
            ..Measured::default()
        };
        let finding = Limit::Fps(25.0).judge(&of);
        assert!(!finding.met);
        assert_eq!(finding.to_string(), "≥ 25 fps: 20.0");
    }

    #[test]
    fn a_call_in_which_nobody_received_anything_reaches_nothing() {
        assert!(!Limit::Concealed(0.5).judge(&Measured::default()).met);
    }

    #[test]
    fn the_strong_and_the_weak_are_told_apart() {
        let of = Measured {
            received: vec![
                received(0, 1, 30.0),
                received(0, 2, 10.0),
                received(2, 0, 15.0),
            ],
            ..Measured::default()
        };
        let strong = Limit::Strong {
            fps: 29.0,
            height: 0,
        };
        assert!(strong.judge(&of).met);
        assert_eq!(Limit::Weak { fps: 12.0 }.judge(&of).measured, 15.0);
    }
}
