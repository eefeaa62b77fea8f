//! From the sender's microphone to the receiver's speaker: short bursts spoken into the air of one room, and when each is
//! heard from the speaker of the other. The rooms are PulseAudio's; what they add by themselves is measured too.

use std::time::{Duration, Instant};

use visio_tests::rooms::{Ear, Mouth};
use visio_tests::{Binaries, Participant, Result, Rooms, Server, Trouble};

use super::repeat;
use super::table::{Row, Spread};

/// Samples a second in the rooms.
const RATE: u64 = 48_000;
/// One burst every so often; not a multiple of any frame length, so that all phases are met.
const EVERY: Duration = Duration::from_millis(707);
const BURST: Duration = Duration::from_millis(60);
const LOUD: f32 = 0.5;
/// Louder than what a codec rings before a burst, quieter than any burst.
const THRESHOLD: f32 = 0.1;
/// Until the jitter buffer has settled.
const SETTLE: Duration = Duration::from_secs(4);
const LISTEN: Duration = Duration::from_secs(20);

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let own = Spread::of(rooms_alone()?);
    let calls = repeat(|| call(binaries))?;
    let p95 = Spread::of(calls.iter().map(|delays| percentile(delays, 95)));
    let p50 = Spread::of(calls.iter().map(|delays| percentile(delays, 50)));
    let measured = format!(
        "p95 {}, p50 {}; of which the rooms themselves {:.0} ms",
        p95.shown(0, " ms"),
        p50.shown(0, " ms"),
        own.median
    );
    Ok(vec![Row::new(
        "voice from the sender's microphone to the receiver's speaker, through virtual PulseAudio rooms",
        "≤ 110 ms p95",
        &measured,
        p95.max <= 110.0,
    )])
}

/// The delays of the bursts in one call, in milliseconds.
fn call(binaries: &Binaries) -> Result<Vec<f64>> {
    let rooms = Rooms::start()?;
    let server = Server::start(binaries)?;
    let invite = server.invite()?;
    let join = |name: &str, microphone: &str, speaker: &str| {
        let person = Participant::new(binaries, &invite, name)?
            .microphone(microphone)
            .speaker(speaker);
        person.envs(rooms.variables()).join()
    };
    let _here = join("Camille", "device:pulseaudio:a_microphone", "none")?;
    let _there = join("Léa", "none", "device:pulseaudio:b_speaker")?;
    let _mouth = Mouth::speak(&rooms, "a_air", burst)?;
    std::thread::sleep(SETTLE);
    let (said, heard) = (
        Ear::listen(&rooms, "a_air")?,
        Ear::listen(&rooms, "b_speaker")?,
    );
    std::thread::sleep(LISTEN);
    delays(
        &said.heard().bursts(THRESHOLD, EVERY / 2),
        &heard.heard().bursts(THRESHOLD, EVERY / 2),
    )
}

/// The same bursts carried from one room to the other by PulseAudio alone, as quickly as it can.
fn rooms_alone() -> Result<Vec<f64>> {
    let rooms = Rooms::start()?;
    rooms.path("a_air", "b_speaker", Duration::from_millis(1))?;
    let _mouth = Mouth::speak(&rooms, "a_air", burst)?;
    std::thread::sleep(Duration::from_secs(2));
    let (said, heard) = (
        Ear::listen(&rooms, "a_air")?,
        Ear::listen(&rooms, "b_speaker")?,
    );
    std::thread::sleep(LISTEN / 4);
    delays(
        &said.heard().bursts(THRESHOLD, EVERY / 2),
        &heard.heard().bursts(THRESHOLD, EVERY / 2),
    )
}

/// The sample at `position`: a burst of 440 Hz, then nothing.
fn burst(position: u64) -> f32 {
    let samples = |length: Duration| (length.as_secs_f64() * RATE as f64) as u64;
    let within = position % samples(EVERY);
    if within >= samples(BURST) {
        return 0.0;
    }
    LOUD * (std::f32::consts::TAU * 440.0 * within as f32 / RATE as f32).sin()
}

/// For each burst that was said, how long until the next one heard, in milliseconds.
fn delays(said: &[Instant], heard: &[Instant]) -> Result<Vec<f64>> {
    let delay = |said: &Instant| {
        let next = heard
            .iter()
            .filter_map(|heard| heard.checked_duration_since(*said))
            .min()?;
        (next < EVERY / 2).then_some(next.as_secs_f64() * 1000.0)
    };
    let delays: Vec<f64> = said.iter().filter_map(delay).collect();
    // The last ones may have been on their way when the ears closed.
    if delays.len() + 2 < said.len() || delays.is_empty() {
        return Err(Trouble::new(format!(
            "of {} bursts only {} were heard",
            said.len(),
            delays.len()
        )));
    }
    Ok(delays)
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
        .get((values.len() * percent / 100).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}
