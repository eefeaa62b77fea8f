//! A minute of pictures over a path that loses packets both ways, in virtual time: from the pacer to
//! the screen, with everything in between that repairs, and what hides the rest of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::transport::bitrate::Bitrate;
use crate::transport::clock::{Micros, local_micros};
use crate::transport::keyframe::KeyframeGate;
use crate::transport::pacer::{Kind, Pacer, Step, Waiting};
use crate::transport::packet::RtpPacket;
use crate::video::Frame;
use crate::video::assembler::{Assembler, Output};
use crate::video::hold::Hold;
use crate::video::playout::{Cue, Playout};

const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What the path does to packets, each way.
#[derive(Clone, Copy)]
struct Path {
    round_trip: Duration,
    jitter: Duration,
    loss: f64,
    /// Packets that are lost together.
    burst: u32,
}

/// One direction of it.
struct Lane {
    path: Path,
    random: u64,
    losing: u32,
}

impl Lane {
    fn new(path: Path, seed: u64) -> Self {
        Self {
            path,
            random: seed,
            losing: 0,
        }
    }

    /// Between 0 and 1 (splitmix64).
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// When a packet that leaves now arrives, if it does.
    fn carry(&mut self, now: Instant) -> Option<Instant> {
        if self.losing == 0 && self.chance() < self.path.loss / f64::from(self.path.burst) {
            self.losing = self.path.burst;
        }
        let late = self.path.jitter.mul_f64(self.chance());
        if self.losing > 0 {
            self.losing -= 1;
            return None;
        }
        Some(now + self.path.round_trip / 2 + late)
    }
}

enum Back {
    Nack(Vec<u16>),
    Keyframe,
}

/// What a viewer saw.
#[derive(Debug, Default)]
struct Seen {
    frames: u32,
    frozen: Duration,
    /// As it would be if each picture were shown as soon as it is decoded.
    frozen_unheld: Duration,
    p95_unheld: Duration,
    /// For how long pictures were held, at most.
    held: Duration,
    longest: Duration,
    p95: Duration,
    keyframes: u32,
    repaired: f64,
}

/// What is sent: packets of a picture and of a keyframe, the bytes of each, 30 pictures a second.
#[derive(Clone, Copy)]
struct Stream {
    packets: usize,
    keyframe_packets: usize,
    size: usize,
    /// How fast they leave one after another.
    pacing: Bitrate,
}

/// 720p: some 1.5 Mbit/s.
const HIGH: Stream = Stream {
    packets: 5,
    keyframe_packets: 30,
    size: 1100,
    pacing: Bitrate::from_kbps(3_500),
};

/// 360p on a path that is not known for more yet: some 300 kbit/s.
const MIDDLE: Stream = Stream {
    packets: 2,
    keyframe_packets: 12,
    size: 650,
    pacing: Bitrate::from_kbps(1_000),
};

fn payloads(stream: Stream, keyframe: bool) -> Vec<Bytes> {
    let packets = if keyframe {
        stream.keyframe_packets
    } else {
        stream.packets
    };
    let slice = if keyframe { 5 } else { 1 };
    let mut payloads = vec![];
    if keyframe {
        payloads.push(Bytes::from_static(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]));
    }
    for n in 0..packets {
        let start = if n == 0 { 0x80 } else { 0 };
        let end = if n + 1 == packets { 0x40 } else { 0 };
        let mut payload = vec![0x88; stream.size];
        (payload[0], payload[1]) = (0x7c, start | end | slice);
        payloads.push(Bytes::from(payload));
    }
    payloads
}

fn watch(path: Path, stream: Stream, seed: u64) -> Seen {
    let start = Instant::now();
    let (mut there, mut back) = (Lane::new(path, seed), Lane::new(path, !seed));
    let (mut history, mut repairs, mut gate) = (
        History::default(),
        Repairs::default(),
        KeyframeGate::default(),
    );
    let mut pacer = Pacer::new(start);
    pacer.set_rate(stream.pacing);
    let mut video: std::collections::VecDeque<SentPacket> = Default::default();
    let mut forward: BTreeMap<(Instant, u32), RtpPacket> = BTreeMap::new();
    let mut backward: BTreeMap<(Instant, u32), Back> = BTreeMap::new();
    let mut received = [false; 1 << 16];
    let (mut assembler, mut hold) = (Assembler::new(), Hold::default());
    let mut screen = Screen::default();
    let (mut order, mut sequence, mut pictures) = (0, 65_000u16, 0u32);
    let (mut keyframe, mut asked) = (true, None::<Instant>);
    let (mut media, mut repaired) = (0usize, 0usize);
    let mut seen = Seen::default();
    let mut now = start;
    while now < start + MINUTE {
        // The sender.
        if now >= start + pictures * Duration::from_micros(33_333) {
            if keyframe {
                gate.request();
            }
            let key = pictures == 0 || gate.poll(now);
            seen.keyframes += u32::from(key);
            keyframe &= !key;
            let payloads = payloads(stream, key);
            let last = payloads.len() - 1;
            for (index, payload) in payloads.into_iter().enumerate() {
                received[usize::from(sequence)] = false;
                video.push_back(SentPacket {
                    sequence,
                    timestamp: pictures * 3000,
                    marker: index == last,
                    payload,
                });
                sequence = sequence.wrapping_add(1);
            }
            pictures += 1;
        }
        while let Some(entry) = backward.first_entry().filter(|entry| entry.key().0 <= now) {
            match entry.remove() {
                Back::Nack(sequences) => repairs.ask(sequences, now),
                Back::Keyframe => keyframe = true,
            }
        }
        loop {
            let waiting = Waiting {
                audio: None,
                repair: repairs.size(&mut history, Some(path.round_trip), now),
                video: video.front().map(|packet| packet.payload.len()),
            };
            let Step::Send(kind, _) = pacer.next(waiting, now) else {
                break;
            };
            let packet = match kind {
                Kind::Repair => repairs
                    .pop(path.loss as f32, now)
                    .map(|repair| repair.packet),
                _ => video.pop_front(),
            };
            let packet = packet.expect("it waits");
            let bytes = packet.payload.len();
            pacer.sent(kind, bytes, None, now);
            if kind == Kind::Video {
                history.record(packet.clone(), now);
                media += bytes;
            } else {
                repaired += bytes;
            }
            if let Some(arrived) = there.carry(now) {
                order += 1;
                let packet = RtpPacket {
                    sequence: packet.sequence,
                    timestamp: packet.timestamp,
                    marker: packet.marker,
                    payload: packet.payload,
                    arrived,
                };
                forward.insert((arrived, order), packet);
            }
        }
        // Voice goes with it, both ways.
        if (now - start).as_millis().is_multiple_of(20) {
            let _ = (there.carry(now), back.carry(now));
        }
        // The receiver.
        while let Some(entry) = forward.first_entry().filter(|entry| entry.key().0 <= now) {
            let packet = entry.remove();
            // SRTP lets each packet through once.
            if !std::mem::replace(&mut received[usize::from(packet.sequence)], true) {
                assembler.push(packet, now);
            }
        }
        screen.show(now);
        while let Some(output) = assembler.poll(now) {
            while let Some(wait) = assembler.waited() {
                hold.waited(wait, now);
            }
            if let Some(wait) = assembler.second_repair() {
                hold.expect(wait, now);
            }
            let answer = match output {
                Output::AccessUnit(unit) => {
                    let captured = start + unit.timestamp / 3000 * USUAL;
                    screen.decoded(captured, hold.get(now), now);
                    continue;
                }
                Output::Nack(sequences) => Back::Nack(sequences),
            };
            if let Some(arrives) = back.carry(now) {
                order += 1;
                backward.insert((arrives, order), answer);
            }
        }
        let again = asked.is_none_or(|asked| now >= asked + 400 * MS);
        let heard = assembler.stats().packets_received > 0;
        if assembler.wants_keyframe() && again && heard {
            asked = Some(now);
            if let Some(arrives) = back.carry(now) {
                order += 1;
                backward.insert((arrives, order), Back::Keyframe);
            }
        }
        now += MS;
    }
    // As W3C webrtc-stats counts freezes.
    for gap in gaps(&screen.shown) {
        seen.frozen += gap;
        seen.longest = seen.longest.max(gap);
    }
    seen.frozen_unheld = gaps(&screen.decoded).sum();
    seen.p95 = p95(&screen.shown);
    seen.p95_unheld = p95(&screen.decoded);
    seen.frames = screen.shown.len() as u32;
    seen.repaired = repaired as f64 / media as f64;
    seen.held = screen.held;
    seen
}

/// Between two pictures, 30 a second.
const USUAL: Duration = Duration::from_micros(33_333);

/// The sender's clock is ahead of ours by this.
const AHEAD: Micros = 3_000_000_000;

/// What pictures are shown on.
#[derive(Default)]
struct Screen {
    playout: Playout,
    /// When each was decoded and shown, and when it was captured.
    decoded: Vec<(Instant, Instant)>,
    shown: Vec<(Instant, Instant)>,
    /// The longest hold.
    held: Duration,
}

impl Screen {
    fn decoded(&mut self, captured: Instant, hold: Duration, now: Instant) {
        self.decoded.push((now, captured));
        let cue = Cue {
            captured: local_micros(captured) + AHEAD,
            voice: None,
        };
        let frame = Frame::new(2, 2, captured);
        self.playout.push(Arc::new(frame), Some(cue), hold, now);
        self.held = self.held.max(hold);
        self.show(now);
    }

    fn show(&mut self, now: Instant) {
        if let Some(frame) = self.playout.pop(now) {
            self.shown.push((now, frame.captured));
        }
    }
}

fn gaps(pictures: &[(Instant, Instant)]) -> impl Iterator<Item = Duration> {
    let gaps = pictures.windows(2).map(|pair| pair[1].0 - pair[0].0);
    gaps.filter(|gap| *gap >= USUAL + 150 * MS)
}

fn p95(pictures: &[(Instant, Instant)]) -> Duration {
    let delay = |(at, captured): &(Instant, Instant)| at.saturating_duration_since(*captured);
    let mut delays: Vec<Duration> = pictures.iter().map(delay).collect();
    delays.sort();
    delays[delays.len() * 95 / 100]
}

fn path(round_trip: u32, jitter: u32, loss: f64, burst: u32) -> Path {
    Path {
        round_trip: round_trip * MS,
        jitter: jitter * MS,
        loss,
        burst,
    }
}

/// 720p, and the means over six seeds.
fn judge(path: Path, fps: f64, frozen: f64, longest: Duration, p95: Duration) -> Vec<Seen> {
    judge_stream(path, HIGH, fps, frozen, longest, p95)
}

fn judge_stream(
    path: Path,
    stream: Stream,
    fps: f64,
    frozen: f64,
    longest: Duration,
    p95: Duration,
) -> Vec<Seen> {
    let runs: Vec<Seen> = [1, 2, 3, 4, 5, 6]
        .map(|seed| watch(path, stream, seed))
        .into();
    let minutes = runs.len() as f64;
    let mean_fps = runs.iter().map(|run| f64::from(run.frames)).sum::<f64>() / 60.0 / minutes;
    let share = runs.iter().map(|run| run.frozen.as_secs_f64()).sum::<f64>() / 60.0 / minutes;
    let ms = |what: fn(&Seen) -> Duration| runs.iter().map(what).map(|it| it.as_millis());
    println!(
        "{share:.4} frozen: {:?} ms, held {:?}, p95 {:?}",
        ms(|run| run.frozen).collect::<Vec<_>>(),
        ms(|run| run.held).collect::<Vec<_>>(),
        ms(|run| run.p95).collect::<Vec<_>>()
    );
    assert!(mean_fps >= fps, "{mean_fps} fps: {runs:?}");
    assert!(share <= frozen, "{share} frozen: {runs:?}");
    for run in &runs {
        assert!(run.longest <= longest && run.p95 <= p95, "{runs:?}");
        assert!(run.repaired <= 0.34, "{runs:?}");
    }
    runs
}

/// Whether holding pictures back made them later than they would have been.
fn costs_delay(run: &Seen) -> bool {
    run.p95 > run.p95_unheld + MS
}

#[test]
fn five_percent_lost_at_40_ms_freezes_nothing() {
    let runs = judge(path(40, 0, 0.05, 1), 29.0, 0.002, 300 * MS, 150 * MS);
    assert!(runs.iter().all(|run| run.held.is_zero()), "{runs:?}");
}

#[test]
fn ten_percent_lost_at_40_ms_is_hardly_seen() {
    judge(path(40, 0, 0.10, 1), 29.0, 0.01, 450 * MS, 150 * MS);
}

#[test]
fn five_percent_lost_at_80_ms_is_hardly_seen() {
    let runs = judge(path(80, 0, 0.05, 1), 28.0, 0.01, 300 * MS, 200 * MS);
    assert!(!runs.iter().any(costs_delay), "{runs:?}");
}

/// Some six times a minute every copy of a repair is lost, and the next comes a round trip later: pauses
/// of 0.2 s each, which W3C's rule just counts. The second makes all pictures wait, and few are seen from then on.
#[test]
fn ten_percent_lost_at_80_ms_is_hardly_seen_because_pictures_are_held() {
    let runs = judge(path(80, 0, 0.10, 1), 29.0, 0.01, 500 * MS, 200 * MS);
    assert!(
        runs.iter().all(|run| run.frozen <= run.frozen_unheld),
        "{runs:?}"
    );
}

/// Small pictures are repaired nearly as well as large ones (a lost one is missed only when the next comes): copies must not
/// use up what the first repairs need, as they did when this was written: 70 % frozen.
#[test]
fn ten_percent_lost_of_a_small_picture_is_hardly_seen_either() {
    judge_stream(
        path(80, 0, 0.10, 1),
        MIDDLE,
        29.0,
        0.015,
        500 * MS,
        250 * MS,
    );
}

/// Packets overtake each other all the time here; in the first seconds that is taken for loss.
#[test]
fn bursts_of_six_with_jitter_are_hardly_seen_because_pictures_are_held() {
    let runs = judge(path(40, 30, 0.03, 6), 29.0, 0.01, 650 * MS, 200 * MS);
    assert!(
        runs.iter().all(|run| run.frozen <= run.frozen_unheld),
        "{runs:?}"
    );
}

#[test]
fn where_nothing_is_lost_nothing_is_held() {
    for jitter in [0, 30] {
        let runs = judge(
            path(80, jitter, 0.0, 1),
            29.9,
            0.0,
            Duration::ZERO,
            150 * MS,
        );
        assert!(runs.iter().all(|run| run.held.is_zero()), "{runs:?}");
    }
}
