//! The engine's own microphone and speaker on real PulseAudio devices: two rooms of virtual ones.
//!
//! A sound server is chosen by environment variables, which a process can't change safely while its threads run. So each
//! scenario builds the rooms and then runs itself once more inside them, in a child process.

use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use visio_engine::audio::{
    AudioSource, EncodedAudio, Microphone, MicrophoneSpec, Speaker, SpeakerSpec,
};
use visio_engine::device::{DeviceEvent, DeviceProblem};
use visio_engine::transport::packet::RtpPacket;
use visio_tests::rooms::{Ear, Kind, Mouth, NEEDS};
use visio_tests::{Joined, Need, Process, Rooms};

use crate::scenario::{Room, ensure, scenario};

/// How long the device in question may take to be noticed gone, silent or back, on a busy machine.
const NOTICED: Duration = Duration::from_secs(15);

/// More than silence costs.
const SPOKEN_BPS: u64 = 10_000;

/// A scenario inside the rooms, started ones or not, ends within this.
const ENDS: Duration = Duration::from_secs(90);

/// What it takes to reach the rooms through ALSA.
const ALSA_NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Program("pulseaudio", "pulseaudio"),
    Need::Program("pactl", "pulseaudio-utils"),
    Need::File(
        "/usr/lib/x86_64-linux-gnu/alsa-lib/libasound_module_pcm_pulse.so",
        "libasound2-plugins",
    ),
];

/// A call with a microphone in a room.
const RESTART_NEEDS: &[Need] = &[
    Need::Own("visio-server"),
    Need::Own("visio-cli"),
    Need::System("linux"),
    Need::Program("pulseaudio", "pulseaudio"),
    Need::Program("pactl", "pulseaudio-utils"),
];

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        in_rooms(
            "a tone played in one room arrives as 440 Hz in the other",
            tone,
        ),
        in_rooms("a stereo device of 44100 Hz carries a tone too", other_rate),
        in_rooms_by(
            "a tone arrives through ALSA too",
            ALSA_NEEDS,
            "alsa",
            through_alsa,
        ),
        in_rooms("a voice reaches the other room soon", voice_delay),
        in_rooms(
            "a speaker that is unplugged is replaced until it is back",
            unplugged_speaker,
        ),
        in_rooms(
            "a microphone that stops delivering is noticed and opened again",
            silent_microphone,
        ),
        in_rooms("the default microphone is followed", default_microphone),
        in_rooms("the devices are listed by names that last", listing),
        in_rooms(
            "however often devices are looked at and opened the sound server has one connection more",
            one_connection,
        ),
        scenario(
            "a microphone is heard again after the sound server was restarted",
            RESTART_NEEDS,
            restarted_sound_server,
        ),
    ]
}

/// A scenario that plays inside the rooms.
pub fn in_rooms(sentence: &'static str, play: fn(&Rooms) -> Result<(), Failed>) -> Trial {
    in_rooms_by(sentence, NEEDS, "pulseaudio", play)
}

/// As [`in_rooms`], with the sound system that the engine is to use.
fn in_rooms_by(
    sentence: &'static str,
    needs: &'static [Need],
    sound_system: &'static str,
    play: fn(&Rooms) -> Result<(), Failed>,
) -> Trial {
    scenario(sentence, needs, move || match Rooms::around_me() {
        Some(rooms) => play(&rooms),
        None => {
            let rooms = Rooms::start()?;
            let mut again = Command::new(std::env::current_exe()?);
            again
                .args(["--exact", &sentence.replace(' ', "_")])
                .env("VISIO_AUDIO_HOST", sound_system)
                .envs(rooms.variables());
            let mut inside = Process::spawn("the scenario inside the rooms", &mut again)?;
            let ended = inside.wait(ENDS)?;
            // What was measured, for who reads the test's output.
            eprintln!("{}", inside.stderr());
            ensure(ended.success(), || inside.stdout())
        }
    })
}

/// The network between two people, at its best: what is sent is there.
pub fn wire(to: Arc<AudioSource>) -> impl Fn(EncodedAudio) + Send + 'static {
    let sequence = AtomicU16::new(0);
    move |packet| {
        to.push(RtpPacket {
            sequence: sequence.fetch_add(1, Ordering::Relaxed),
            timestamp: packet.timestamp,
            marker: false,
            payload: packet.payload,
            arrived: Instant::now(),
        });
    }
}

/// What a device tells.
struct Told(Receiver<DeviceEvent>);

impl Told {
    fn new() -> (Self, impl Fn(DeviceEvent) + Send + 'static) {
        let (tell, told) = mpsc::channel();
        let tell = Mutex::new(tell);
        let on_event = move |event| {
            if let Ok(tell) = tell.lock() {
                // Fails when nobody wants to know any more.
                let _ = tell.send(event);
            }
        };
        (Self(told), on_event)
    }

    /// Waits for this event, whatever comes before it.
    fn wait_for(&self, wanted: &DeviceEvent) -> Result<(), Failed> {
        let deadline = Instant::now() + NOTICED;
        let mut before = Vec::new();
        while let Ok(event) = self
            .0
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if event == *wanted {
                return Ok(());
            }
            before.push(event);
        }
        Err(format!("{wanted:?} was never told, but {before:?}").into())
    }
}

fn opened(name: &str) -> DeviceEvent {
    DeviceEvent::Opened { name: name.into() }
}

pub fn microphone(name: &str) -> MicrophoneSpec {
    MicrophoneSpec::Device(format!("pulseaudio:{name}"))
}

pub fn speaker(name: &str) -> SpeakerSpec {
    SpeakerSpec::Device(format!("pulseaudio:{name}"))
}

/// Plays a 440 Hz tone through `speaker` and measures what comes in at `microphone`.
pub fn carry_tone(output: SpeakerSpec, input: MicrophoneSpec) -> Result<(), Failed> {
    let there = Speaker::start(output, |_| ());
    let _tone = Microphone::start(
        MicrophoneSpec::Tone(440.0),
        wire(there.add_source()),
        |_| (),
    );
    let here = Speaker::start(SpeakerSpec::None, |_| ());
    let heard = here.add_source();
    let _microphone = Microphone::start(input, wire(heard.clone()), |_| ());

    let deadline = Instant::now() + NOTICED;
    let mut stats = heard.stats();
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(250));
        stats = heard.stats();
        if stats
            .tone_hz
            .is_some_and(|pitch| (pitch - 440.0).abs() < 1.0)
            && stats.level_dbfs > -24.0
        {
            eprintln!("440 Hz tone: {stats:?}");
            return Ok(());
        }
    }
    Err(format!("no tone of 440 Hz: {stats:?}").into())
}

fn tone(rooms: &Rooms) -> Result<(), Failed> {
    rooms.path("a_speaker", "b_air", Duration::from_millis(20))?;
    carry_tone(speaker("a_speaker"), microphone("b_microphone"))
}

/// ALSA's own way into PulseAudio stands for a sound card, which few test machines have.
fn through_alsa(rooms: &Rooms) -> Result<(), Failed> {
    rooms.path("a_speaker", "b_air", Duration::from_millis(20))?;
    rooms.set_default("a_speaker", "b_microphone")?;
    let device = "alsa:pulse".to_owned();
    carry_tone(
        SpeakerSpec::Device(device.clone()),
        MicrophoneSpec::Device(device),
    )
}

fn other_rate(rooms: &Rooms) -> Result<(), Failed> {
    rooms.add_sink_of("c_speaker", 44_100, 2)?;
    carry_tone(speaker("c_speaker"), microphone("c_speaker.monitor"))
}

/// Bursts of 2 kHz, 10 ms long, every half a second.
fn bursts(n: u64) -> f32 {
    let within = n % 24_000;
    if within < 480 {
        (std::f32::consts::TAU * 2_000.0 * within as f32 / 48_000.0).sin() * 0.7
    } else {
        0.0
    }
}

/// A burst that was heard in one place belongs to one that was heard in the other within this.
const SAME_BURST: Duration = Duration::from_millis(450);

/// Measures from the air at the sender's microphone to the receiver's speaker, with the devices' own buffers. An ear's
/// delay is the same at both and cancels. What the rooms themselves take is told by a loopback of PulseAudio's own.
fn voice_delay(rooms: &Rooms) -> Result<(), Failed> {
    rooms.path("a_air", "b_air", Duration::from_millis(10))?;
    let there = Speaker::start(speaker("b_speaker"), |_| ());
    let _voice = Microphone::start(microphone("a_microphone"), wire(there.add_source()), |_| ());
    let _mouth = Mouth::speak(rooms, "a_air", bursts)?;
    // The devices open, and the jitter buffer learns that there is no jitter.
    std::thread::sleep(Duration::from_secs(4));
    let ears = [
        Ear::listen(rooms, "a_air")?,
        Ear::listen(rooms, "b_air")?,
        Ear::listen(rooms, "b_speaker")?,
    ];
    std::thread::sleep(Duration::from_secs(12));
    let [spoken, looped, heard] =
        ears.map(|ear| ear.heard().bursts(0.2, Duration::from_millis(200)));

    let (own, voice) = (
        Delays::between(&spoken, &looped)?,
        Delays::between(&spoken, &heard)?,
    );
    eprintln!("voice from microphone to speaker: {voice}; the rooms' own loopback of 10 ms: {own}");
    // The figure itself belongs to the bench; here a busy machine must not fail.
    ensure(voice.median < Duration::from_millis(250), || {
        format!("too late: {voice}")
    })
}

/// How much later than in one place bursts were heard in another.
struct Delays {
    median: Duration,
    p95: Duration,
    bursts: usize,
}

impl Delays {
    fn between(here: &[Instant], there: &[Instant]) -> Result<Self, Failed> {
        let after = |spoken: &Instant| {
            there
                .iter()
                .find(|heard| *heard > spoken)
                .map(|heard| *heard - *spoken)
        };
        let mut delays: Vec<Duration> = here
            .iter()
            .filter_map(after)
            .filter(|delay| *delay < SAME_BURST)
            .collect();
        delays.sort();
        ensure(delays.len() > 10, || {
            format!("of {} bursts {} were heard", here.len(), delays.len())
        })?;
        Ok(Self {
            median: delays[delays.len() / 2],
            p95: delays[delays.len() * 95 / 100],
            bursts: delays.len(),
        })
    }
}

impl std::fmt::Display for Delays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (median, p95) = (self.median.as_millis(), self.p95.as_millis());
        write!(f, "p50 {median} ms, p95 {p95} ms of {} bursts", self.bursts)
    }
}

fn unplugged_speaker(rooms: &Rooms) -> Result<(), Failed> {
    let (told, tell) = Told::new();
    let there = Speaker::start(speaker("b_speaker"), tell);
    let _tone = Microphone::start(
        MicrophoneSpec::Tone(440.0),
        wire(there.add_source()),
        |_| (),
    );
    told.wait_for(&opened("b_speaker"))?;
    rooms.remove_sink("b_speaker")?;
    told.wait_for(&DeviceEvent::Problem(DeviceProblem::Lost))?;
    told.wait_for(&opened("a_speaker"))?;
    rooms.add_sink("b_speaker")?;
    told.wait_for(&opened("b_speaker"))?;

    let ear = Ear::listen(rooms, "b_speaker")?;
    std::thread::sleep(Duration::from_secs(3));
    let loud = ear
        .heard()
        .samples
        .iter()
        .filter(|sample| sample.abs() > 0.1)
        .count();
    ensure(loud > 24_000, || {
        "the tone is not heard from the speaker that is back".into()
    })
}

fn silent_microphone(rooms: &Rooms) -> Result<(), Failed> {
    let (told, tell) = Told::new();
    let (packet, packets) = mpsc::channel();
    let on_packet = move |encoded: EncodedAudio| {
        // Fails when nobody listens any more.
        let _ = packet.send(encoded.timestamp);
    };
    let _microphone = Microphone::start(microphone("a_microphone"), on_packet, tell);
    told.wait_for(&opened("a_microphone"))?;
    let last = packets.recv_timeout(NOTICED)?;
    rooms.suspend(Kind::Source, "a_microphone", true)?;
    told.wait_for(&DeviceEvent::Problem(DeviceProblem::Silent))?;
    rooms.suspend(Kind::Source, "a_microphone", false)?;
    told.wait_for(&opened("a_microphone"))?;
    let stale: Vec<u32> = packets.try_iter().collect();
    let next = packets.recv_timeout(NOTICED)?;
    ensure(next > last.max(stale.last().copied().unwrap_or(0)), || {
        "no packets after the pause".into()
    })
}

fn default_microphone(rooms: &Rooms) -> Result<(), Failed> {
    let (told, tell) = Told::new();
    let _microphone = Microphone::start(MicrophoneSpec::Default, |_| (), tell);
    told.wait_for(&opened("a_microphone"))?;
    rooms.set_default("b_speaker", "b_microphone")?;
    told.wait_for(&opened("b_microphone"))?;
    rooms.remove_microphone("b")?;
    rooms.set_default("a_speaker", "a_microphone")?;
    told.wait_for(&opened("a_microphone"))
}

fn listing(_: &Rooms) -> Result<(), Failed> {
    let microphones = visio_engine::audio::microphones();
    let ids: Vec<&str> = microphones
        .iter()
        .map(|device| device.id.as_str())
        .collect();
    ensure(
        ids == ["pulseaudio:a_microphone", "pulseaudio:b_microphone"],
        || format!("{ids:?}"),
    )?;
    ensure(microphones[0].default && !microphones[1].default, || {
        "a's is the default".into()
    })?;
    let speakers = visio_engine::audio::speakers();
    let known = speakers
        .iter()
        .any(|device| device.id == "pulseaudio:b_speaker" && device.name == "b_speaker");
    ensure(known, || format!("{speakers:?}"))
}

fn one_connection(rooms: &Rooms) -> Result<(), Failed> {
    let before = rooms.clients()?;
    for _ in 0..10 {
        ensure(!visio_engine::audio::microphones().is_empty(), || {
            "no microphones".into()
        })?;
        ensure(!visio_engine::audio::speakers().is_empty(), || {
            "no speakers".into()
        })?;
    }
    for _ in 0..3 {
        let (told, tell) = Told::new();
        let _microphone = Microphone::start(microphone("a_microphone"), |_| (), tell);
        told.wait_for(&opened("a_microphone"))?;
    }
    let after = rooms.clients()?;
    ensure(after <= before + 1, || {
        format!("{before} programs were connected, and then {after}")
    })
}

fn restarted_sound_server() -> Result<(), Failed> {
    let mut rooms = Rooms::start()?;
    let speak = |rooms: &Rooms| {
        Mouth::speak(rooms, "a_air", |n| {
            0.3 * (std::f32::consts::TAU * 440.0 * n as f32 / 48_000.0).sin()
        })
    };
    let mouth = speak(&rooms)?;
    let room = Room::open()?;
    let anna = room
        .guest("Anna")?
        .microphone("device:pulseaudio:a_microphone")
        .env("VISIO_AUDIO_HOST", "pulseaudio")
        .envs(rooms.variables())
        .join()?;
    let ben = room.guest("Ben")?.join()?;
    ben.says("Anna is here", NOTICED)?;
    drop(mouth);
    rooms.restart()?;
    let _mouth = speak(&rooms)?;
    // Its device is looked for again and again.
    let deadline = Instant::now() + NOTICED;
    let hears = |ben: &Joined| -> Result<bool, Failed> {
        let moments = ben.moments()?;
        let newest = moments.last().and_then(|moment| moment.peers.first());
        Ok(newest.is_some_and(|anna| {
            anna.audio.bitrate_bps > SPOKEN_BPS && anna.audio.concealed_ratio < 0.1
        }))
    };
    while !hears(&ben)? {
        ensure(Instant::now() < deadline, || "Ben hears nobody".into())?;
        std::thread::sleep(Duration::from_millis(250));
    }
    // What is told of the pitch is told of the newest seconds.
    std::thread::sleep(Duration::from_secs(2));
    let report = ben.leave()?;
    anna.leave()?;
    let heard = report.peer("Anna").and_then(|anna| anna.audio.as_ref());
    let tone = heard.and_then(|audio| audio.tone_hz);
    ensure(tone.is_some_and(|hz| (hz - 440.0).abs() < 5.0), || {
        format!("Ben hears {tone:?} Hz of Anna: {heard:?}")
    })
}
