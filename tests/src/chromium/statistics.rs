//! What getStats tells, as the rows measure it. Names are those of the W3C's webrtc-stats. Pure.

use std::time::Duration;

use serde_json::Value;

use crate::rows::{Received, Second};

/// The statistics of one connection over time, of both of its ends.
#[derive(Default)]
pub struct Timeline {
    /// When each was taken, by the row's clock; the receiver's own statistics; and those of who sends to it.
    entries: Vec<(f64, Value, Value)>,
}

impl Timeline {
    /// Adds what both ends say at `at`.
    pub fn add(&mut self, at: f64, receiver: Value, sender: Value) {
        self.entries.push((at, receiver, sender));
    }

    /// All of it, as `who` received it of `from`.
    pub fn received(&self, who: usize, from: usize) -> Received {
        let Some((_, last, _)) = self.entries.last() else {
            return Received::default();
        };
        let video = |name| number(last, "inbound-rtp video", name);
        let audio = |name| number(last, "inbound-rtp audio", name);
        let first = self
            .entries
            .iter()
            .find(|(_, receiver, _)| number(receiver, "inbound-rtp video", "framesDecoded") > 0.0);
        let fps = first.map_or(0.0, |(began, receiver, _)| {
            let frames =
                video("framesDecoded") - number(receiver, "inbound-rtp video", "framesDecoded");
            let ended = self.entries.last().map_or(*began, |(at, ..)| *at);
            frames / (ended - began).max(1.0)
        });
        Received {
            who,
            from,
            fps,
            freezes: video("freezeCount") as u64,
            frozen: Duration::from_secs_f64(video("totalFreezesDuration").max(0.0)),
            delay: self.delay(),
            concealed: audio("concealedSamples") / audio("totalSamplesReceived").max(1.0),
            gap: None,
            seconds: self.pairs().map(second).collect(),
        }
    }

    /// From capture to decoding, the closest that getStats offers: encoding and the sender's queue, half a round trip, then
    /// from the first packet to the decoded picture, buffer included; each as the mean of a second. Of the seconds' means
    /// the median and the 95th percentile: single pictures are not told apart, so the latter is kinder than the truth.
    fn delay(&self) -> Option<(f64, f64)> {
        let mut delays: Vec<f64> = self.pairs().filter_map(|pair| delay(&pair)).collect();
        delays.sort_by(f64::total_cmp);
        let at = |share: usize| {
            delays.get((delays.len() * share / 100).min(delays.len().saturating_sub(1)))
        };
        Some((*at(50)?, *at(95)?))
    }

    fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        self.entries.windows(2).map(|two| Pair {
            before: &two[0],
            after: &two[1],
        })
    }
}

/// Two entries that follow one another.
struct Pair<'a> {
    before: &'a (f64, Value, Value),
    after: &'a (f64, Value, Value),
}

impl Pair<'_> {
    /// By how much a receiver's counter grew.
    fn received(&self, kind: &str, name: &str) -> f64 {
        number(&self.after.1, kind, name) - number(&self.before.1, kind, name)
    }

    /// By how much a sender's counter grew.
    fn sent(&self, kind: &str, name: &str) -> f64 {
        number(&self.after.2, kind, name) - number(&self.before.2, kind, name)
    }
}

fn second(pair: Pair<'_>) -> Second {
    let samples = pair.received("inbound-rtp audio", "totalSamplesReceived");
    let concealed = pair.received("inbound-rtp audio", "concealedSamples");
    Second {
        at: pair.after.0,
        fps: pair.received("inbound-rtp video", "framesDecoded") / (pair.after.0 - pair.before.0),
        height: number(&pair.after.1, "inbound-rtp video", "frameHeight") as u32,
        concealed: if samples > 0.0 {
            concealed / samples
        } else {
            0.0
        },
        heard: pair.received("inbound-rtp audio", "bytesReceived") > 0.0,
        frozen: Duration::from_secs_f64(
            pair.received("inbound-rtp video", "totalFreezesDuration")
                .max(0.0),
        ),
    }
}

/// Milliseconds from capture to decoding; `None` when nothing was decoded.
fn delay(pair: &Pair<'_>) -> Option<f64> {
    let decoded = pair.received("inbound-rtp video", "framesDecoded");
    let encoded = pair.sent("outbound-rtp video", "framesEncoded");
    let packets = pair.sent("outbound-rtp video", "packetsSent");
    if decoded < 1.0 || encoded < 1.0 || packets < 1.0 {
        return None;
    }
    let processing = pair.received("inbound-rtp video", "totalProcessingDelay") / decoded;
    let encoding = pair.sent("outbound-rtp video", "totalEncodeTime") / encoded;
    let queueing = pair.sent("outbound-rtp video", "totalPacketSendDelay") / packets;
    let under_way = number(&pair.after.1, "candidate-pair", "currentRoundTripTime") / 2.0;
    Some((processing + encoding + queueing + under_way) * 1e3)
}

fn number(statistics: &Value, kind: &str, name: &str) -> f64 {
    statistics[kind][name].as_f64().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn receiver(frames: u64, concealed: u64) -> Value {
        json!({
            "inbound-rtp video": {
                "framesDecoded": frames, "frameHeight": 720, "freezeCount": 1, "totalFreezesDuration": 0.5,
                "totalProcessingDelay": frames as f64 * 0.05,
            },
            "inbound-rtp audio": {
                "concealedSamples": concealed, "totalSamplesReceived": frames * 1600, "bytesReceived": frames * 100,
            },
            "candidate-pair": { "currentRoundTripTime": 0.04 },
        })
    }

    fn sender(frames: u64) -> Value {
        json!({ "outbound-rtp video": {
            "framesEncoded": frames, "totalEncodeTime": frames as f64 * 0.01,
            "packetsSent": frames * 5, "totalPacketSendDelay": frames as f64 * 5.0 * 0.002,
        }})
    }

    #[test]
    fn counters_become_rates_shares_and_delays() {
        let mut timeline = Timeline::default();
        timeline.add(0.5, json!({}), json!({}));
        for second in 1..=5 {
            timeline.add(
                second as f64,
                receiver(second * 30, second * 480),
                sender(second * 30),
            );
        }
        let received = timeline.received(1, 0);
        assert!((received.fps - 30.0).abs() < 0.01, "{}", received.fps);
        assert!((received.concealed - 0.01).abs() < 1e-6);
        assert_eq!(received.frozen, Duration::from_millis(500));
        assert_eq!(received.seconds.len(), 5);
        assert_eq!(received.height(), 720);
        // 50 ms at the receiver, 10 of encoding, 2 of queueing, 20 under way.
        let (p50, p95) = received.delay.expect("there were pictures");
        assert!(
            (p50 - 82.0).abs() < 0.1 && (p95 - 82.0).abs() < 0.1,
            "{p50} {p95}"
        );
    }

    #[test]
    fn a_connection_without_statistics_received_nothing() {
        assert_eq!(Timeline::default().received(0, 1).fps, 0.0);
    }
}
