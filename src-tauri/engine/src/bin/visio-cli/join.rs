//! `visio-cli join`: a whole call in a terminal.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use visio_engine::audio::{MicrophoneSpec, SpeakerSpec};
use visio_engine::call::{CallState, Connection, DeviceStatus, Person, Phase, Trouble};
use visio_engine::session::{Session, SessionOptions};
use visio_engine::stats::Report;
use visio_engine::transport::bitrate::Bitrate;
use visio_engine::video::{CameraSpec, ScreenSpec};
use visio_protocol::{Invite, PersonId};

use crate::chat::{Chatter, Talk};
use crate::screen::{Screens, Sharing};
use crate::seconds::Seconds;
use crate::signals::asked_to_stop;
use crate::words::Words;

/// Taller than any layer is: whatever they can send.
const FULL_SIZE: u32 = 1080;

#[derive(Args)]
pub struct Options {
    /// The invite: its link, or the server and the code.
    #[arg(required = true, num_args = 1..)]
    invite: Vec<String>,
    /// Your name, as the others see it.
    #[arg(long)]
    name: String,
    #[arg(
        long,
        value_name = "SPEC",
        default_value = "default",
        help = "default | none | pattern[:WxH@FPS] | file:PATH.y4m | device:ID"
    )]
    camera: CameraSpec,
    #[arg(
        long,
        value_name = "SPEC",
        default_value = "default",
        help = "default | none | tone[:HZ] | file:PATH.wav | device:ID"
    )]
    microphone: MicrophoneSpec,
    #[arg(
        long,
        value_name = "SPEC",
        default_value = "default",
        help = "default | none | file:PATH.wav | device:ID"
    )]
    speaker: SpeakerSpec,
    /// Share this once you are in the call
    #[arg(
        long,
        value_name = "SPEC",
        default_value = "none",
        help = "none | default | screen:ID | window:ID | pattern[:WxH@FPS], as `visio-cli devices` lists them"
    )]
    screen: ScreenSpec,
    /// Stop sharing after so many seconds in the call
    #[arg(long, value_name = "SECONDS")]
    screen_for: Option<f64>,
    /// Ask the others for a picture as if it were shown so many rows high; 0: for none.
    #[arg(long, value_name = "HEIGHT", default_value_t = FULL_SIZE)]
    show: u32,
    /// Spend no more than this on the picture that one person is sent, in kbit/s: for a line that is paid by the byte.
    #[arg(long, value_name = "KBPS", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    most_picture: Option<u64>,
    /// Send the noise around the microphone too, not only the voice
    #[arg(long)]
    no_noise_suppression: bool,
    /// Send music: in stereo, with more bits, and with no echo or noise taken out. Use headphones
    #[arg(long)]
    music: bool,
    #[command(flatten)]
    chat: Talk,
    /// Leave after so many seconds in the call; otherwise at Ctrl-C.
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<f64>,
    /// Write what was measured, as JSON: to a file, or to stdout with `-`.
    #[arg(long, value_name = "FILE|-")]
    report: Option<PathBuf>,
    /// Write what happened in each second, as one JSON object a line.
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
}

pub async fn run(options: Options, words: &Words) -> Result<(), String> {
    let invite = Invite::parse(&options.invite.join(" "))
        .map_err(|error| words.trouble(&Trouble::from(error)))?;
    options.camera.check().map_err(|error| error.to_string())?;
    options
        .microphone
        .check()
        .map_err(|error| error.to_string())?;
    options.speaker.check().map_err(|error| error.to_string())?;

    let session = Session::start(SessionOptions {
        invite,
        name: options.name,
        camera: options.camera,
        microphone: options.microphone,
        speaker: options.speaker,
        noise_suppression: !options.no_noise_suppression,
        music: options.music,
        join: true,
        show: Some(options.show).filter(|rows| *rows > 0),
        most_picture: options.most_picture.map(Bitrate::from_kbps),
    });
    let sharing = Sharing::new(options.screen, options.screen_for);
    let seconds = match &options.stats {
        Some(path) => Some(Seconds::create(path).map_err(|error| unwritable(path, &error))?),
        None => None,
    };
    let outcome = tokio::select! {
        outcome = watch(&session, options.seconds, sharing, options.chat, words) => outcome,
        error = record(&session, seconds) => Err(error),
    };
    let report = session.leave().await;
    if let (Some(path), Some(report)) = (&options.report, &report) {
        write_report(path, report).map_err(|error| unwritable(path, &error))?;
    }
    outcome
}

fn unwritable(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Writes a line a second, for as long as it is let; ends only when that fails, with the reason.
async fn record(session: &Session, seconds: Option<Seconds<'_>>) -> String {
    let Some(mut seconds) = seconds else {
        return std::future::pending().await;
    };
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        if let Some(report) = session.report().await
            && let Err(error) = seconds.write(&report)
        {
            return unwritable(seconds.path, &error);
        }
    }
}

/// Tells what happens until it is time to leave.
async fn watch(
    session: &Session,
    seconds: Option<f64>,
    mut sharing: Sharing,
    wanted: Talk,
    words: &Words,
) -> Result<(), String> {
    let mut state = session.state();
    let mut teller = Teller::new(words);
    let mut chatter = Chatter::new(wanted, words);
    let stop = asked_to_stop();
    tokio::pin!(stop);
    let mut leave_at = None;
    loop {
        let now: Arc<CallState> = state.borrow_and_update().clone();
        teller.tell(&now);
        chatter.step(session, &now);
        sharing.step(session, &now);
        match now.phase {
            Phase::Failed => {
                return Err(now
                    .trouble
                    .as_ref()
                    .map_or_else(String::new, |trouble| words.trouble(trouble)));
            }
            Phase::Left => return Ok(()),
            Phase::Calling if leave_at.is_none() => {
                leave_at = seconds.map(|seconds| {
                    tokio::time::Instant::now() + Duration::from_secs_f64(seconds.max(0.0))
                });
            }
            Phase::Calling | Phase::Entering | Phase::Lobby => {}
        }
        let time_is_up = async {
            match leave_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = time_is_up => return Ok(()),
            () = sharing.time_is_up() => sharing.stop(session),
            changed = state.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

fn write_report(path: &PathBuf, report: &Report) -> std::io::Result<()> {
    let mut json = serde_json::to_vec_pretty(report)?;
    json.push(b'\n');
    if path.as_os_str() == "-" {
        std::io::stdout().write_all(&json)
    } else {
        std::fs::write(path, json)
    }
}

/// Says on stderr what has changed since it last looked.
struct Teller<'a> {
    words: &'a Words,
    phase: Option<Phase>,
    trouble: Option<Trouble>,
    devices: [Option<DeviceStatus>; 3],
    people: HashMap<PersonId, (String, Connection)>,
    screens: Screens<'a>,
}

impl<'a> Teller<'a> {
    fn new(words: &'a Words) -> Self {
        Self {
            words,
            phase: None,
            trouble: None,
            devices: [None; 3],
            people: HashMap::new(),
            screens: Screens::new(words),
        }
    }

    fn tell(&mut self, state: &CallState) {
        if self.phase != Some(state.phase) {
            self.phase = Some(state.phase);
            match state.phase {
                Phase::Entering | Phase::Lobby => {
                    self.say("cli.entering", &[("server", &state.invite.server)])
                }
                Phase::Calling if state.people.is_empty() => self.say("cli.alone", &[]),
                Phase::Calling | Phase::Left | Phase::Failed => {}
            }
        }
        if self.trouble != state.trouble {
            self.trouble.clone_from(&state.trouble);
            if let Some(trouble) = state
                .trouble
                .as_ref()
                .filter(|_| state.phase != Phase::Failed)
            {
                eprintln!("{}", self.words.trouble(trouble));
            }
        }
        self.tell_devices(state);
        self.tell_people(state);
        self.screens.tell(state);
    }

    fn tell_devices(&mut self, state: &CallState) {
        let now = [
            ("camera", state.me.camera.status, &state.me.camera.spec),
            (
                "microphone",
                state.me.microphone.status,
                &state.me.microphone.spec,
            ),
            ("speaker", state.me.speaker.status, &state.me.speaker.spec),
        ];
        for (index, (device, status, spec)) in now.into_iter().enumerate() {
            if self.devices[index].replace(status) == Some(status) {
                continue;
            }
            let asked_for_none = spec == "none" && status == DeviceStatus::None;
            if !asked_for_none && !matches!(status, DeviceStatus::Ok | DeviceStatus::Opening) {
                let status = serde_json::to_value(status)
                    .ok()
                    .and_then(|word| word.as_str().map(str::to_owned));
                self.say(&format!("{device}.{}", status.unwrap_or_default()), &[]);
            }
        }
    }

    fn tell_people(&mut self, state: &CallState) {
        for person in state.people.iter().filter(|person| person.calling) {
            let before = self
                .people
                .insert(person.id, (person.name.clone(), person.connection));
            match (before.map(|(_, connection)| connection), person.connection) {
                (Some(before), now) if before == now => {}
                (_, Connection::Connecting) => {
                    self.say("cli.connecting", &[("name", &person.name)])
                }
                (_, Connection::Connected) => self.tell_connected(person),
                (_, Connection::Retrying) => self.say("cli.retrying", &[("name", &person.name)]),
                (_, Connection::Failed) => self.say("cli.failed", &[("name", &person.name)]),
            }
        }
        let words = self.words;
        self.people.retain(|id, (name, _)| {
            let here = state.people.iter().any(|person| person.id == *id);
            if !here {
                eprintln!("{}", words.say("cli.left", &[("name", name)]));
            }
            here
        });
    }

    fn tell_connected(&self, person: &Person) {
        self.say("cli.connected", &[("name", &person.name)]);
    }

    fn say(&self, key: &str, fill: &[(&str, &str)]) {
        eprintln!("{}", self.words.say(key, fill));
    }
}
