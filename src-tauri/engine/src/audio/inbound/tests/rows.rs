//! The rows of the table that Visio is measured by, for the voice alone, each with the video that fills the link beside it.

use super::cable::{Cable, Troubles};
use super::*;
use crate::audio::encoder::VOICE_BITRATE;
use crate::transport::bitrate::Bitrate;
use crate::transport::red::{Copies, Redundancy, unwrap};

/// What two of us call Opus.
const OPUS: u8 = 111;

/// A packet of a picture.
const VIDEO_BYTES: usize = 1_100;

/// Length of a call.
const SECONDS: usize = 60;

/// The whole call of one row.
struct Row {
    troubles: Troubles,
    /// Bits per second of video beside the voice, at each second; the estimate is taken to be twice that.
    video_kbps: fn(f64) -> f64,
    /// Changes the troubles as time goes by.
    change: fn(f64, &mut Troubles),
    redundant: bool,
    seconds: usize,
}

impl Row {
    fn of(troubles: Troubles) -> Self {
        Self {
            troubles,
            video_kbps: |_| 1_500.0,
            change: |_, _| {},
            redundant: true,
            seconds: SECONDS,
        }
    }

    fn run(&self, seed: u64) -> Outcome {
        let mut tone = Tone::new(440.0, 0.283);
        self.hear(seed, &mut |frame| tone.fill(frame))
    }

    fn hear(&self, seed: u64, sound: &mut dyn FnMut(&mut [f32])) -> Outcome {
        let start = Instant::now();
        let (mut cable, mut encoder) = (
            Cable::new(seed, self.troubles),
            AudioEncoder::new().unwrap(),
        );
        encoder.set_loss(if self.redundant { 0.0 } else { 0.05 });
        let (mut copies, mut need) = (Copies::default(), Redundancy::default());
        let (mut lost, mut bytes, mut owed) = (0, 0, 0.0);
        let mut under_way: Vec<UnderWay> = Vec::new();
        for n in 0..self.seconds * 50 {
            let at = ms(20) * n as u32;
            let seconds = at.as_secs_f64();
            (self.change)(seconds, &mut cable.troubles);
            let video = (self.video_kbps)(seconds);
            if n % 50 == 0 {
                need.report(lost as f32 / 50.0);
                lost = 0;
            }
            let mut frame = [0.0; FRAME_SAMPLES];
            sound(&mut frame);
            let payload = encoder.encode(&frame, true).unwrap().unwrap();
            let estimate = Some(Bitrate::from_kbps(2 * video as u64));
            let count = if self.redundant {
                need.copies(VOICE_BITRATE, estimate)
            } else {
                0
            };
            let first = packet(n, payload.clone(), start);
            let wrapped = copies.wrap(first.timestamp, &payload, count, OPUS);
            let size = wrapped.as_ref().map_or(payload.len(), Bytes::len);
            bytes += size;
            match cable.carry(at, size) {
                Some(arrives) => under_way.push(arrival(first, wrapped, start, arrives)),
                None => lost += 1,
            }
            // The pictures' packets, spread over the time until the next of the voice.
            owed += video * 1e3 * 0.02 / (VIDEO_BYTES * 8) as f64;
            let due = owed as u32;
            owed -= f64::from(due);
            for k in 0..due {
                cable.carry(at + ms(20) * k / due + ms(1), VIDEO_BYTES);
            }
        }
        let source = AudioSource::new();
        let mut samples = Vec::new();
        let mut under_way = under_way.into_iter().peekable();
        for tick in 0..self.seconds as u32 * 100 {
            let now = ms(10) * tick + ms(3);
            while let Some(arrived) = under_way.next_if(|packet| packet.at <= now) {
                source.push(arrived.packet);
                for (copy, behind) in arrived.copies {
                    source.push_copy(copy, behind);
                }
            }
            samples.extend(block(&source, start + now).left());
        }
        Outcome {
            samples,
            stats: source.stats(),
            kbps: bytes as f64 * 8.0 / self.seconds as f64 / 1e3,
        }
    }
}

/// A packet that will arrive, and the copies in it.
struct UnderWay {
    at: Duration,
    packet: RtpPacket,
    copies: Vec<(RtpPacket, u16)>,
}

/// As the link takes a packet apart.
fn arrival(first: RtpPacket, wrapped: Option<Bytes>, start: Instant, at: Duration) -> UnderWay {
    let arrived = start + at;
    let first = RtpPacket { arrived, ..first };
    let Some(wrapped) = wrapped else {
        return UnderWay {
            at,
            packet: first,
            copies: Vec::new(),
        };
    };
    let mut packets = unwrap(&wrapped, OPUS).into_iter().map(|block| {
        let packet = RtpPacket {
            sequence: first.sequence.wrapping_sub(block.behind),
            timestamp: first.timestamp.wrapping_sub(block.offset),
            payload: block.payload,
            ..first.clone()
        };
        (packet, block.behind)
    });
    let (newest, _) = packets.next().expect("what was wrapped");
    UnderWay {
        at,
        packet: newest,
        copies: packets.collect(),
    }
}

struct Outcome {
    samples: Vec<f32>,
    stats: AudioInboundStats,
    kbps: f64,
}

impl Outcome {
    fn concealed(&self) -> f64 {
        self.stats.concealed_ratio() * 100.0
    }

    /// The longest time without the tone, from this second to that.
    fn longest_gap(&self, from: f64, to: f64) -> Duration {
        let at = |seconds: f64| (seconds * 48_000.0) as usize;
        let blocks = self.samples[at(from)..at(to)].chunks_exact(480);
        let heard: Vec<bool> = blocks
            .map(|block| rms_dbfs(block) > LEVEL_DBFS - 10.0)
            .collect();
        let longest = heard.split(|heard| *heard).map(<[_]>::len).max();
        ms(10) * longest.unwrap_or(0) as u32
    }

    fn told(&self) -> String {
        let waits = self.stats.jitter_buffer_ms.unwrap();
        format!(
            "concealed {:.2} %, buffer p50 {} p95 {} ms, lost {} of {}, from copies {}, FEC {}, {:.0} kbit/s",
            self.concealed(),
            waits.p50,
            waits.p95,
            self.stats.packets_lost,
            self.stats.packets_received + self.stats.packets_lost,
            self.stats.redundant_recovered,
            self.stats.fec_recovered,
            self.kbps,
        )
    }
}

fn link(delay_ms: u64) -> Troubles {
    Troubles {
        delay: ms(delay_ms),
        jitter: ms(0),
        loss: 0.0,
        burst: 1.0,
        rate_kbps: 3_000.0,
        queue: ms(200),
        cut: false,
    }
}

/// Runs a row with three seeds; none may be worse than this.
fn assert_row(row: &Row, most_concealed: f64, most_p50: u32) {
    for seed in 1..=3 {
        let outcome = row.run(seed);
        println!("seed {seed}: {}", outcome.told());
        assert!(outcome.concealed() <= most_concealed, "{}", outcome.told());
        let waits = outcome.stats.jitter_buffer_ms.unwrap();
        assert!(waits.p50 <= most_p50, "{}", outcome.told());
        let pitch = outcome.stats.tone_hz.expect("a tone");
        assert!((pitch - 440.0).abs() < 1.0, "{pitch} Hz");
    }
}

#[test]
fn a_clean_link_conceals_nothing_and_hardly_waits() {
    assert_row(&Row::of(link(10)), 0.0, 30);
}

#[test]
fn at_5_percent_loss_and_40_ms_hardly_anything_is_concealed() {
    let troubles = Troubles {
        loss: 0.05,
        ..link(20)
    };
    assert_row(&Row::of(troubles), 0.5, 55);
}

#[test]
fn at_10_percent_loss_and_80_ms_less_than_one_and_a_half_percent_is() {
    let troubles = Troubles {
        loss: 0.10,
        ..link(40)
    };
    assert_row(&Row::of(troubles), 1.5, 75);
}

#[test]
fn copies_leave_less_than_half_of_what_opus_own_fec_leaves_even_of_speech() {
    let troubles = Troubles {
        loss: 0.05,
        ..link(20)
    };
    let concealed = |redundant: bool| {
        let row = Row {
            redundant,
            ..Row::of(troubles)
        };
        let mut babble = Babble::new();
        let outcome = row.hear(1, &mut |frame| babble.fill(frame));
        println!("copies {redundant}: {}", outcome.told());
        outcome.concealed()
    };
    let (with_copies, with_fec) = (concealed(true), concealed(false));
    assert!(with_copies < 0.5 && with_copies * 2.0 < with_fec);
}

#[test]
fn bursts_of_six_and_30_ms_of_jitter_cost_less_than_two_percent() {
    let troubles = Troubles {
        loss: 0.03,
        burst: 6.0,
        jitter: ms(30),
        ..link(40)
    };
    assert_row(&Row::of(troubles), 2.0, 130);
}

#[test]
fn a_link_of_250_kbps_carries_a_perfect_voice() {
    let troubles = Troubles {
        rate_kbps: 250.0,
        queue: ms(500),
        ..link(20)
    };
    let row = Row {
        video_kbps: |_| 130.0,
        ..Row::of(troubles)
    };
    assert_row(&row, 0.5, 60);
}

#[test]
fn a_link_cut_to_a_fifth_leaves_no_gap_over_200_ms_and_neither_does_its_return() {
    let row = Row {
        // The sender takes half a second to notice, and more to try again.
        video_kbps: |seconds| match seconds {
            ..15.5 => 1_800.0,
            ..48.0 => 420.0,
            _ => 1_800.0,
        },
        change: |seconds, now| {
            now.rate_kbps = if (15.0..45.0).contains(&seconds) {
                600.0
            } else {
                3_000.0
            };
            now.queue = ms(1_000);
        },
        ..Row::of(link(20))
    };
    for seed in 1..=3 {
        let outcome = row.run(seed);
        println!("seed {seed}: {}", outcome.told());
        let gap = outcome.longest_gap(1.0, 59.0);
        assert!(gap <= ms(200), "{gap:?}, {}", outcome.told());
    }
}

#[test]
fn after_nothing_for_three_seconds_there_is_sound_within_one() {
    let row = Row {
        change: |seconds, now| now.cut = (20.0..23.0).contains(&seconds),
        seconds: 30,
        ..Row::of(link(20))
    };
    let outcome = row.run(1);
    println!("{}", outcome.told());
    let silent = outcome.longest_gap(19.0, 29.0);
    assert!(silent <= ms(3_300), "{silent:?}");
    assert_eq!(outcome.longest_gap(24.0, 29.0), ms(0));
}
