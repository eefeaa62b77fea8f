//! Two people with loudspeakers, in two rooms of virtual PulseAudio devices: what one says comes back from the other's room
//! 40 ms later, and must not be sent back.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_engine::audio::{Microphone, Speaker, Treatment, rehearsal};
use visio_tests::Rooms;
use visio_tests::rooms::{Ear, Mouth};

use crate::audio_devices::{in_rooms, microphone, speaker, wire};
use crate::scenario::ensure;

/// From the speaker through the air to the microphone.
const ECHO: Duration = Duration::from_millis(40);

/// The canceller's time to learn the room.
const LEARNS: Duration = Duration::from_secs(6);

/// Listened to, for each figure.
const LISTEN: Duration = Duration::from_secs(3);

/// What the far side says is heard from its own speaker this much fainter than without cancelling, in dB.
const FAINTER_DB: f64 = 25.0;

/// In one of so many stretches in a row. A machine that is taken away for 50 ms tears a hole into these rooms' air, and the
/// path of the echo is then another one for the canceller to learn; that it does is tested in virtual time.
const STRETCHES: usize = 6;

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![in_rooms(
        "who speaks is not heard back from the other's loudspeaker, and the other's voice is",
        no_echo,
    )]
}

/// Says these samples over and over.
fn says(rooms: &Rooms, air: &str, voice: Vec<f32>) -> visio_tests::Result<Mouth> {
    let voice = Arc::new(voice);
    Mouth::speak(rooms, air, move |n| voice[n as usize % voice.len()] * 0.5)
}

/// RMS of what is heard at a sink from now on, in dBFS.
fn level(rooms: &Rooms, at: &str) -> Result<f64, Failed> {
    let ear = Ear::listen(rooms, at)?;
    std::thread::sleep(LISTEN);
    let heard = ear.heard().samples;
    let power: f64 = heard.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let mean = power / heard.len().max(1) as f64;
    Ok(10.0 * mean.max(1e-12).log10())
}

fn no_echo(rooms: &Rooms) -> Result<(), Failed> {
    rooms.path("a_speaker", "a_air", ECHO)?;
    // A has the loudspeaker; B, whose voice comes back, only listens to A.
    let (here, there) = (
        Speaker::start(speaker("a_speaker"), |_| ()),
        Speaker::start(speaker("b_speaker"), |_| ()),
    );
    let from_a = Microphone::start(microphone("a_microphone"), wire(there.add_source()), |_| ());
    from_a.cancel_echo_of(&here);
    let _from_b = Microphone::start(microphone("b_microphone"), wire(here.add_source()), |_| ());
    let far = says(rooms, "b_air", rehearsal::speech(3, 120.0, 20))?;
    std::thread::sleep(Duration::from_secs(4));

    let echo = level(rooms, "b_speaker")?;
    from_a.treat(Treatment::of(true, false));
    std::thread::sleep(LEARNS);
    let mut left = Vec::new();
    while left.len() < STRETCHES && left.last().is_none_or(|left| echo - left < FAINTER_DB) {
        left.push(level(rooms, "b_speaker")?);
    }
    drop(far);
    let _near = says(rooms, "a_air", rehearsal::speech(77, 200.0, 20))?;
    std::thread::sleep(Duration::from_secs(2));
    let (said, heard) = (level(rooms, "a_air")?, level(rooms, "b_speaker")?);

    eprintln!(
        "echo {echo:.1} dBFS untouched, {left:.1?} cancelled; a voice of {said:.1} is heard at {heard:.1}"
    );
    ensure(echo > -45.0, || {
        format!("there was no echo: {echo:.1} dBFS")
    })?;
    let fainter = left.last().map_or(0.0, |left| echo - left);
    ensure(fainter >= FAINTER_DB, || {
        format!("the echo is only {fainter:.1} dB fainter")
    })?;
    ensure((heard - said).abs() < 10.0, || {
        format!("a voice of {said:.1} dBFS is heard at {heard:.1}")
    })
}
