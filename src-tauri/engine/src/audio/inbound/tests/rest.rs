//! A conversation with pauses: what is sent in them, and what is heard.

use super::super::super::level::LevelMeter;
use super::*;

/// The room behind the voice: a soft rumble, from the first second to the last.
struct Room {
    seed: u32,
    low: f32,
}

impl Room {
    fn next(&mut self) -> f32 {
        self.seed = self
            .seed
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        self.low += 0.2 * (self.seed as i32 as f32 / i32::MAX as f32 - self.low);
        self.low * 0.006
    }
}

const FIRST_WORDS_SECONDS: f64 = 4.0;
const PAUSE_ENDS_SECONDS: f64 = 14.0;
const SECONDS: f64 = 18.0;

struct Conversation {
    heard: Vec<f32>,
    room_dbfs: f32,
    /// When each packet was sent, in seconds.
    sent: Vec<f64>,
    stats: AudioInboundStats,
}

/// Four seconds of speech, ten in which nobody speaks, four of speech; `lost` says which packets never arrive.
fn converse(lost: impl Fn(usize) -> bool) -> Conversation {
    let (mut babble, mut room) = (Babble::new(), Room { seed: 9, low: 0.0 });
    let (mut encoder, mut meter) = (AudioEncoder::new().unwrap(), LevelMeter::new());
    encoder.set_loss(0.0);
    let start = Instant::now();
    let (mut packets, mut sent, mut room_alone) = (VecDeque::new(), Vec::new(), Vec::new());
    for n in 0..(SECONDS * 50.0) as usize {
        let seconds = n as f64 / 50.0;
        let speaks = !(FIRST_WORDS_SECONDS..PAUSE_ENDS_SECONDS).contains(&seconds);
        let mut frame = [0.0; FRAME_SAMPLES];
        if speaks {
            babble.fill(&mut frame);
        }
        frame.iter_mut().for_each(|sample| *sample += room.next());
        if !speaks {
            room_alone.extend(frame);
        }
        meter.feed(&frame);
        if let Some(payload) = encoder.encode(&frame, meter.voice()).unwrap() {
            let arrived = start + ms(20) * n as u32 + ms(30);
            let sequence = sent.len();
            sent.push(seconds);
            if !lost(sequence) {
                packets.push_back(RtpPacket {
                    sequence: sequence as u16,
                    ..packet(n, payload, arrived)
                });
            }
        }
    }
    let (source, mut heard) = (AudioSource::new(), Vec::new());
    for tick in 0..(SECONDS * 100.0) as u32 {
        let now = start + ms(10) * tick + ms(3);
        while packets.front().is_some_and(|packet| packet.arrived <= now) {
            source.push(packets.pop_front().unwrap());
        }
        heard.extend(block(&source, now).left());
    }
    Conversation {
        heard,
        room_dbfs: rms_dbfs(&room_alone),
        sent,
        stats: source.stats(),
    }
}

impl Conversation {
    fn between(&self, from: f64, to: f64) -> &[f32] {
        &self.heard[(from * 48_000.0) as usize..(to * 48_000.0) as usize]
    }
}

#[test]
fn in_a_pause_almost_nothing_is_sent_and_the_room_goes_on_as_it_was() {
    let talk = converse(|_| false);
    let in_pause = talk.sent.iter().filter(|at| (6.0..14.0).contains(*at));
    let a_second = in_pause.count() as f64 / 8.0;
    assert!(
        (2.0..=8.0).contains(&a_second),
        "{a_second} packets a second"
    );
    let longest = talk.sent.windows(2).map(|pair| pair[1] - pair[0]);
    let longest = longest.fold(0.0, f64::max);
    assert!(longest <= 0.401, "{longest} s without a sign of life");
    assert_eq!(talk.stats.concealed_samples, 0, "{:?}", talk.stats);
    assert_eq!(talk.stats.packets_lost, 0);
    for (n, block) in talk.between(5.5, 13.9).chunks_exact(4_800).enumerate() {
        let off = rms_dbfs(block) - talk.room_dbfs;
        assert!(off.abs() < 4.0, "{off} dB after {} ms of pause", n * 100);
    }
}

#[test]
fn neither_edge_of_a_pause_clicks() {
    let talk = converse(|_| false);
    let steps = |from, to| {
        let samples = self::Conversation::between(&talk, from, to);
        let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        steps.fold(0.0, f32::max)
    };
    // The room's own steps, as the encoder passes them on; speech makes larger ones.
    let (room, speech) = (steps(5.5, 13.9), steps(1.0, 3.9));
    assert!(room < 0.02, "{room} in the pause");
    assert!(steps(3.9, 5.5) <= speech, "where the pause begins");
    assert!(steps(13.9, 15.0) <= speech * 1.2, "where it ends");
}

#[test]
fn words_after_a_pause_are_heard_from_the_first_on_time() {
    let talk = converse(|_| false);
    let loud = |from: f64| {
        let samples = &talk.heard[(from * 48_000.0) as usize..];
        let at = samples
            .chunks_exact(48)
            .position(|ms| rms_dbfs(ms) > talk.room_dbfs + 20.0);
        at.expect("words") as f64 / 1e3
    };
    let before = talk.sent.iter().rev().find(|at| **at < PAUSE_ENDS_SECONDS);
    assert!(before.is_some());
    let late = loud(13.0) - (PAUSE_ENDS_SECONDS - 13.0);
    assert!((0.03..0.13).contains(&late), "{late} s");
}

#[test]
fn packets_lost_around_a_pause_do_no_lasting_harm() {
    for which in 0..6 {
        let talk = converse(|n| n % 6 == which);
        let pause: Vec<f32> = talk
            .between(7.0, 13.0)
            .chunks_exact(4_800)
            .map(rms_dbfs)
            .collect();
        let off = pause
            .iter()
            .filter(|level| (**level - talk.room_dbfs).abs() > 6.0);
        assert!(off.count() * 4 < pause.len(), "{which}: {pause:?}");
        assert!(rms_dbfs(talk.between(15.0, 17.0)) > -40.0, "{which}");
    }
}
