//! Whether the delay is growing: the trendline of draft-ietf-rmcat-gcc-02 as libwebrtc refined it.
//!
//! Packets that leave together are one group; how much further apart two groups arrive than they
//! left is summed up, smoothed, and a line is laid through the last of these sums. Its slope is held
//! against a threshold that follows what is usual on this path (section 5.4), so that a flow is not
//! driven out by others that let the queue breathe.

use std::collections::VecDeque;

/// Packets that leave within this of the first are one group (section 5.2: burst_time).
const BURST: i64 = 5_000;

/// Groups that the line is laid through (libwebrtc, trendline window).
const WINDOW: usize = 20;

/// How much of the last smoothed sum stays (libwebrtc, smoothing coefficient).
const SMOOTHING: f64 = 0.9;

/// What makes a slope comparable with the threshold: gain, and groups counted at most (libwebrtc).
const GAIN: f64 = 4.0;
const MAX_COUNT: usize = 60;

/// The threshold: where it starts and its bounds, in milliseconds (section 5.4: del_var_th(0), 6 to 600).
const THRESHOLD: f64 = 12.5;
const THRESHOLD_BOUNDS: (f64, f64) = (6.0, 600.0);

/// How fast it follows upwards and downwards, per millisecond (section 5.4: K_u and K_d, as libwebrtc has them now).
const UP: f64 = 0.0087;
const DOWN: f64 = 0.039;

/// A deviation further than this above the threshold is a spike that it does not follow (section 5.4).
const SPIKE: f64 = 15.0;

/// Growth must last this long (section 5.3: overuse_time_th).
const LASTING: i64 = 10_000;

/// Groups further apart tell of a pause, not of a trend.
const PAUSE: i64 = 3_000_000;

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    last_arrived: i64,
}

/// Times in microseconds, sums in milliseconds.
#[derive(Debug)]
pub(super) struct Trend {
    current: Option<Group>,
    previous: Option<Group>,
    count: usize,
    sum: f64,
    smoothed: f64,
    line: VecDeque<(f64, f64)>,
    origin: Option<i64>,
    threshold: f64,
    adapted: Option<i64>,
    growing_since: Option<i64>,
    slope: f64,
    growing: bool,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            current: None,
            previous: None,
            count: 0,
            sum: 0.0,
            smoothed: 0.0,
            line: VecDeque::with_capacity(WINDOW),
            origin: None,
            threshold: THRESHOLD,
            adapted: None,
            growing_since: None,
            slope: 0.0,
            growing: false,
        }
    }
}

impl Trend {
    /// A packet that left then arrived then, each by its own clock.
    pub fn push(&mut self, sent: i64, arrived: i64) {
        match &mut self.current {
            // Overtaken by a whole group: says nothing about the trend.
            Some(group) if sent < group.first_sent => {}
            Some(group) if sent - group.first_sent <= BURST => {
                group.last_sent = group.last_sent.max(sent);
                group.last_arrived = group.last_arrived.max(arrived);
            }
            current => {
                let done = current.replace(Group {
                    first_sent: sent,
                    last_sent: sent,
                    last_arrived: arrived,
                });
                if let Some(done) = done {
                    self.finish(done);
                }
            }
        }
    }

    fn finish(&mut self, group: Group) {
        let Some(before) = self.previous.replace(group) else {
            return;
        };
        let sent = group.last_sent - before.last_sent;
        let arrived = group.last_arrived - before.last_arrived;
        if sent.abs() > PAUSE || arrived.abs() > PAUSE {
            *self = Self::default();
            return;
        }
        self.count = (self.count + 1).min(MAX_COUNT);
        self.sum += (arrived - sent) as f64 / 1000.0;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.sum;
        let origin = *self.origin.get_or_insert(group.last_arrived);
        if self.line.len() == WINDOW {
            self.line.pop_front();
        }
        let at = (group.last_arrived - origin) as f64 / 1000.0;
        self.line.push_back((at, self.smoothed));
        if self.line.len() == WINDOW {
            self.judge(group.last_sent);
        }
    }

    fn judge(&mut self, now: i64) {
        let slope = slope(&self.line).unwrap_or(0.0);
        let deviation = slope * self.count as f64 * GAIN;
        if deviation > self.threshold {
            let since = *self.growing_since.get_or_insert(now);
            self.growing = now - since > LASTING && slope >= self.slope;
        } else {
            self.growing_since = None;
            self.growing = false;
        }
        self.slope = slope;
        let passed = self.adapted.replace(now).map_or(0, |then| now - then);
        let beyond = deviation.abs() - self.threshold;
        if beyond <= SPIKE {
            let gain = if beyond > 0.0 { UP } else { DOWN };
            self.threshold += gain * beyond * (passed as f64 / 1000.0).clamp(0.0, 100.0);
            self.threshold = self.threshold.clamp(THRESHOLD_BOUNDS.0, THRESHOLD_BOUNDS.1);
        }
    }

    /// Whether the delay is growing beyond what is usual here.
    pub fn growing(&self) -> bool {
        self.growing
    }

    /// Another path or another clock.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Least squares.
fn slope(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let (mut above, mut below) = (0.0, 0.0);
    for (x, y) in points {
        above += (x - mean_x) * (y - mean_y);
        below += (x - mean_x) * (x - mean_x);
    }
    (below > 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups 10 ms apart with the delay that a function gives, in microseconds.
    fn run(count: i64, delay: impl Fn(i64) -> i64) -> Trend {
        let mut trend = Trend::default();
        for n in 0..count {
            trend.push(n * 10_000, n * 10_000 + delay(n));
        }
        trend
    }

    #[test]
    fn a_delay_that_grows_is_seen_and_one_that_stands_or_falls_is_not() {
        assert!(run(60, |n| n * 1000).growing());
        assert!(!run(60, |_| 300_000).growing());
        assert!(!run(60, |n| 300_000 - n * 1000).growing());
    }

    #[test]
    fn a_path_that_always_jitters_moves_the_threshold_out_of_its_way() {
        let quiet = run(60, |_| 0).threshold;
        let restless = run(6000, |n| (n % 40 - 20).abs() * 1500).threshold;
        assert!(restless > quiet, "{restless}");
    }

    #[test]
    fn a_pause_is_no_trend() {
        let mut trend = run(60, |n| n * 1000);
        trend.push(10_000_000, 99_000_000);
        trend.push(10_010_000, 99_010_000);
        assert!(!trend.growing());
    }
}
