//! A guest, who needs only a browser: Visio's own page in a real one, in calls with those who have the app, and with other guests.

mod attacked;
mod looks;
mod shares;
mod ways;
mod writes;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;
use visio_engine::video::Frame;
use visio_engine::video::pattern::Stamp;
use visio_tests::chromium::{self, PageGuest, Visit};
use visio_tests::words::sentence;
use visio_tests::{Binaries, Joined, Need, Process, Report};

use crate::scenario::{CALL, Case, Outcome, Room, ensure, scenario_with};
use crate::seen_and_heard::{peer, saw};

/// What the others show: small, for two cores.
const SMALL: &str = "pattern:320x180@15";

/// What guests show, and what they say, in Hz.
const FILM: &str = "pattern:640x360@15";
const TONE: f64 = 660.0;

/// A tone is the right one when it is this near, in Hz: as far as the page tells frequencies apart, and some.
const NEAR: f64 = 12.0;

/// This share of what a guest says may have to be made up.
const STAMMER: f64 = 0.2;

/// How long people may take to find each other on a busy machine.
const MEET: Duration = Duration::from_secs(20);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let plain: [Case; 8] = [
        (
            "a guest comes last and everybody sees and hears everybody",
            || {
                in_order(
                    &[Who::App("Léa", 440), Who::App("Hugo", 550), Who::Guest],
                    "en",
                )
            },
        ),
        (
            "a guest comes first and everybody sees and hears everybody",
            || {
                in_order(
                    &[Who::Guest, Who::App("Léa", 440), Who::App("Hugo", 550)],
                    "fr",
                )
            },
        ),
        (
            "a guest comes in between and everybody sees and hears everybody",
            || {
                in_order(
                    &[Who::App("Léa", 440), Who::Guest, Who::App("Hugo", 550)],
                    "en",
                )
            },
        ),
        ("two guests see and hear each other", two_guests),
        ("a guest who reloads the page is the same person", reloaded),
        ("a guest who is muted is told so and not heard", muted),
        (
            "a guest's small tile gets a small picture and a hidden page none",
            layers,
        ),
        (
            "a guest does not notice that the server was killed and came back",
            server_killed,
        ),
    ];
    let mut trials: Vec<Trial> = plain
        .into_iter()
        .map(|(sentence, run)| scenario_with(sentence, needs(), run))
        .collect();
    trials.extend(ways::trials());
    trials.extend(writes::trials());
    trials.extend(shares::trials());
    trials.extend(attacked::trials());
    trials.extend(looks::trials());
    trials
}

fn needs() -> Vec<Need> {
    [chromium::NEEDS, CALL].concat()
}

/// The film and the tone of guests.
struct Media {
    film: PathBuf,
    voice: PathBuf,
    _folder: TempDir,
}

impl Media {
    fn make(binaries: &Binaries) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let [film, voice] = ["pattern.y4m", "tone.wav"].map(|name| folder.path().join(name));
        let mut command = binaries.command("visio-cli")?;
        command
            .arg("film")
            .arg(&film)
            .args(["--camera", FILM, "--frames", "120"]);
        Process::spawn("visio-cli film", &mut command)?.succeed(MEET)?;
        write_tone(&voice, TONE)?;
        Ok(Self {
            film,
            voice,
            _folder: folder,
        })
    }

    fn visit(&self) -> Visit<'_> {
        Visit {
            film: Some(&self.film),
            voice: Some(&self.voice),
            ..Visit::default()
        }
    }
}

/// Whole periods of a tone, so that it goes on without a click when it is played again.
fn write_tone(path: &Path, hertz: f64) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for n in 0..48_000 {
        let angle = std::f64::consts::TAU * hertz * f64::from(n) / 48_000.0;
        file.write_sample((angle.sin() * 8_000.0) as i16)?;
    }
    file.finalize()
}

/// Somebody who comes to a call.
#[derive(Clone, Copy)]
enum Who {
    /// With the app, under a name, saying a tone of so many Hz.
    App(&'static str, u32),
    /// With a browser.
    Guest,
}

/// The name of the guest.
const NAME: &str = "Camille";

/// They come one after the other, and all see and hear one another; the page speaks `language`.
fn in_order(all: &[Who], language: &str) -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut guest = None;
    let mut others = Vec::new();
    for who in all {
        match who {
            Who::App(name, tone) => {
                let microphone = format!("tone:{tone}");
                let person = room.guest(name)?.camera(SMALL).microphone(&microphone);
                others.push((*name, f64::from(*tone), person.join()?));
            }
            Who::Guest => {
                let visit = Visit {
                    language,
                    ..media.visit()
                };
                let mut page = PageGuest::open(&room.invite, &visit)?;
                let title = sentence(language, "guest.title", &[])?;
                ensure(page.text("h1")? == title, || "another language".to_owned())?;
                page.enter(NAME)?;
                page.click("#lobby-join")?;
                guest = Some(page);
            }
        }
    }
    let mut guest = guest.ok_or("nobody is a guest")?;
    let names: Vec<&str> = others.iter().map(|(name, ..)| *name).collect();
    guest.sees(&names)?;
    for (name, tone, _) in &others {
        sees_the_pattern(&mut guest, name)?;
        hears(&mut guest, name, *tone)?;
    }
    std::thread::sleep(Duration::from_secs(3));
    ensure(guest.complaints()?.is_empty(), || {
        "the page complains".to_owned()
    })?;
    let leave = sentence(language, "call.leave", &[])?;
    ensure(guest.text("#leave-button")? == leave, || {
        "the call speaks another language".to_owned()
    })?;
    for (name, _, person) in others {
        let report = person.leave()?;
        saw(&report, name, NAME, 30)?;
        heard_the_guest(&report, name)?;
    }
    Ok(())
}

/// The picture in somebody's tile carries the pattern's stamp, and another one a moment later.
fn sees_the_pattern(guest: &mut PageGuest, name: &str) -> Outcome {
    let tile = guest.tile(name)?;
    let deadline = Instant::now() + MEET;
    let mut numbers = Vec::new();
    while numbers.len() < 2 {
        let shown = guest.picture(&tile, 1280)?;
        let mut frame = Frame::new(shown.width, shown.height, Instant::now());
        frame.planes_mut().y.copy_from_slice(&shown.luma);
        if let Some(stamp) = Stamp::read(&frame) {
            numbers.push(stamp.number);
            numbers.dedup();
        }
        ensure(Instant::now() < deadline, || {
            format!("the picture of {name} could not be read; so far: {numbers:?}")
        })?;
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// The tone of somebody comes out of the page.
fn hears(guest: &mut PageGuest, name: &str, hertz: f64) -> Outcome {
    let tile = guest.tile(name)?;
    let mut tone = None;
    // A busy machine may have to begin anew.
    for _ in 0..5 {
        tone = guest.tone(&tile)?;
        if tone.is_some_and(|tone| (tone - hertz).abs() <= NEAR) {
            return Ok(());
        }
    }
    Err(format!("{tone:?} Hz were heard of {name}, not {hertz}").into())
}

/// They heard the guest's tone, though a browser that shares two cores with everybody else may stammer.
fn heard_the_guest(report: &Report, who: &str) -> Outcome {
    let audio = peer(report, who, NAME)?
        .audio
        .as_ref()
        .ok_or_else(|| format!("{who} heard nothing of the guest"))?;
    let tone = audio.tone_hz.unwrap_or_default();
    ensure(
        (tone - TONE).abs() <= NEAR && audio.concealed_ratio <= STAMMER,
        || {
            format!(
                "{who} heard {tone} Hz of the guest, and {} of it was made up",
                audio.concealed_ratio
            )
        },
    )
}

fn two_guests() -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut camille = PageGuest::join(&room.invite, NAME, &media.visit())?;
    let mut lea = PageGuest::join(&room.invite, "Léa", &media.visit())?;
    camille.sees(&["Léa"])?;
    lea.sees(&[NAME])?;
    for (guest, name) in [(&mut camille, "Léa"), (&mut lea, NAME)] {
        sees_the_pattern(guest, name)?;
        hears(guest, name, TONE)?;
    }
    // Who leaves by the button is gone at once.
    camille.click("#leave-button")?;
    lea.wait_for("[data-test=alone]")?;
    camille.wait_for("#rejoin-button")?;
    camille.click("#rejoin-button")?;
    lea.sees(&[NAME])?;
    camille.sees(&["Léa"]).map_err(Failed::from)
}

/// Somebody with the app, who has met the guest.
fn met(room: &Room, name: &str) -> Result<Joined, Failed> {
    let person = room.guest(name)?.camera(SMALL).microphone("tone:440");
    let person = person.join()?;
    person.says(&sentence("en", "cli.connected", &[("name", NAME)])?, MEET)?;
    Ok(person)
}

fn reloaded() -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut guest = PageGuest::join(&room.invite, NAME, &media.visit())?;
    let lea = met(&room, "Léa")?;
    let mut other = PageGuest::join(&room.invite, "Hugo", &media.visit())?;
    other.sees(&[NAME, "Léa"])?;
    let before = other.tiles()?;
    for _ in 0..2 {
        guest.browser.reload()?;
        // Straight into the call, without a question.
        guest.sees(&["Léa", "Hugo"])?;
        other.sees(&[NAME, "Léa"])?;
    }
    let after = other.tiles()?;
    ensure(before == after, || {
        format!("the tiles were {before:?} and are {after:?}")
    })?;
    let left = sentence("en", "cli.left", &[("name", NAME)])?;
    ensure(!lea.said().contains(&left), || {
        format!("Léa was told that the guest had left:\n{}", lea.said())
    })?;
    let report = lea.leave()?;
    ensure(report.peers.len() == 2, || {
        format!("Léa met {} people", report.peers.len())
    })?;
    // Who leaves and comes back is somebody new.
    guest.click("#leave-button")?;
    guest.wait_for("[data-screen=guest]")?;
    guest.browser.reload()?;
    guest.wait_for("[data-screen=guest]").map_err(Failed::from)
}

fn muted() -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut guest = PageGuest::join(&room.invite, NAME, &media.visit())?;
    let mut other = PageGuest::join(&room.invite, "Hugo", &media.visit())?;
    other.sees(&[NAME])?;
    hears(&mut other, NAME, TONE)?;
    guest.click("#microphone-switch")?;
    let tile = other.tile(NAME)?;
    let mark = format!(
        "[data-person='{tile}'] [aria-label='{}']",
        sentence("en", "person.muted", &[])?
    );
    other.wait_for(&mark)?;
    // Who speaks all the same is told.
    guest.wait_for("#line[data-key='own.mutedTalking']")?;
    std::thread::sleep(Duration::from_secs(1));
    let tone = other.tone(&tile)?;
    ensure(tone.is_none(), || format!("{tone:?} Hz were heard"))?;
    guest.click("#microphone-switch")?;
    hears(&mut other, NAME, TONE)?;
    guest.click("#camera-switch")?;
    let off = sentence("en", "person.cameraOff", &[("name", NAME)])?;
    other.browser.wait_until(&format!(
        "document.querySelector('[data-person=\"{tile}\"]').innerText.includes({off:?})"
    ))?;
    guest.click("#camera-switch")?;
    other.sees(&[NAME]).map_err(Failed::from)
}

fn layers() -> Outcome {
    let room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut guest = PageGuest::join(&room.invite, NAME, &media.visit())?;
    let large = room.guest("Léa")?.camera("pattern:1280x720@15").join()?;
    guest.sees(&["Léa"])?;
    // 800 by 600, one device pixel to one of CSS: a tile of some 400 rows. As on a phone, three to one: more than there is.
    guest.browser.resize(800, 600, Some(3.0))?;
    rows(
        &mut guest,
        "inbound-rtp",
        |rows| rows == 720.0,
        "a sharp screen",
    )?;
    guest.browser.resize(400, 300, None)?;
    rows(
        &mut guest,
        "inbound-rtp",
        |rows| rows <= 360.0,
        "a small window",
    )?;
    drop(large);
    // The other way round: what the guest sends follows what others show of it.
    let small = room.guest("Hugo")?.camera(SMALL).show(90).join()?;
    guest.sees(&["Hugo"])?;
    rows(&mut guest, "outbound-rtp", |rows| rows <= 180.0, "a stamp")?;
    small.leave()?;
    let none = room.guest("Inès")?.camera(SMALL).show(0).join()?;
    guest.sees(&["Inès"])?;
    std::thread::sleep(Duration::from_secs(3));
    let sent = |guest: &mut PageGuest| guest.statistics("outbound-rtp", "video", "framesSent");
    let before = sent(&mut guest)?;
    std::thread::sleep(Duration::from_secs(2));
    let after = sent(&mut guest)?;
    ensure(before == after, || {
        format!("{before:?} and then {after:?} pictures were sent to somebody who shows none")
    })?;
    drop(none);
    Ok(())
}

/// Waits until the picture of the guest's only connection has so many rows.
fn rows(guest: &mut PageGuest, kind: &str, fits: impl Fn(f64) -> bool, what: &str) -> Outcome {
    let deadline = Instant::now() + MEET;
    loop {
        let rows = guest.statistics(kind, "video", "frameHeight")?;
        let rows: Vec<f64> = rows.iter().filter_map(serde_json::Value::as_f64).collect();
        if rows.last().is_some_and(|rows| fits(*rows)) {
            return Ok(());
        }
        ensure(Instant::now() < deadline, || {
            format!("for {what} the pictures have {rows:?} rows")
        })?;
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn server_killed() -> Outcome {
    let mut room = Room::open()?;
    let media = Media::make(&room.binaries)?;
    let mut guest = PageGuest::join(&room.invite, NAME, &media.visit())?;
    let lea = met(&room, "Léa")?;
    guest.sees(&["Léa"])?;
    room.server.kill();
    guest.wait_for("#line[data-key='trouble.serverLost']")?;
    room.server.start_again()?;
    guest
        .browser
        .wait_until("!document.querySelector('#line')")?;
    // Longer than the grace in which the server waits for those who have not returned.
    std::thread::sleep(Duration::from_secs(10));
    let hugo = met(&room, "Hugo")?;
    guest.sees(&["Léa", "Hugo"])?;
    sees_the_pattern(&mut guest, "Léa")?;
    std::thread::sleep(Duration::from_secs(3));
    let left = sentence("en", "cli.left", &[("name", NAME)])?;
    ensure(!lea.said().contains(&left), || {
        format!("Léa was told that the guest had left:\n{}", lea.said())
    })?;
    let (lea, hugo) = (lea.leave()?, hugo.leave()?);
    saw(&lea, "Léa", NAME, 100)?;
    saw(&hugo, "Hugo", NAME, 10)
}
