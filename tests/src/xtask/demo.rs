//! `cargo xtask demo`: a call on this machine, made of the real programs: a server on loopback, a companion without a
//! window, and the desktop app with this machine's camera and microphone.

use std::path::Path;
use std::time::{Duration, Instant};

use visio_tests::window::{Tile, window_part};
use visio_tests::{
    Binaries, Display, Joined, Participant, Result, Server, Trouble, Window, voice, workspace,
};

use crate::packages::Purpose;
use crate::setup;

/// How long a demo that nobody watches runs before its picture is taken.
const UNWATCHED: Duration = Duration::from_secs(15);
/// The virtual display of a machine without one.
const SCREEN: (u32, u32) = (1280, 800);
/// Where the picture is saved, below the build folder.
const SCREENSHOT: &str = "demo.png";

/// Runs `cargo xtask demo`. `Ok(false)` when the window drew no picture of anyone else.
pub fn command(arguments: &[String]) -> Result<bool> {
    if !arguments.is_empty() {
        return Err(Trouble::new("usage: cargo xtask demo"));
    }
    setup::ensure(Purpose::Demo)?;
    build()?;

    let files = tempfile::Builder::new().prefix("visio-demo-").tempdir()?;
    let binaries = Binaries::in_folder(workspace::target().join("debug"));
    let server = Server::start(&binaries)?;
    println!(
        "The server listens on {}; its data is thrown away afterwards.",
        server.url()
    );
    let invite = server.invite()?;
    println!("The invite: {invite}");
    let companion = companion(&binaries, &invite, files.path())?;

    let window = Window::new(&binaries)?.in_call(&invite, &user_name());
    let report = if has_display() {
        println!("The window opens. Close it to end the demo.");
        window.open()?.until_closed()?
    } else {
        unwatched(window)?
    };
    drop(companion);
    println!("{report:#}");
    let tiles = window_part(&report)?.tiles;
    let drawn: u64 = tiles
        .iter()
        .filter(|tile| tile.is_remote())
        .map(|tile: &Tile| tile.frames_drawn)
        .sum();
    println!("The window drew {drawn} pictures of the companion.");
    Ok(drawn > 0)
}

fn build() -> Result<()> {
    println!(
        "Building the server, the command line client and the app (about ten minutes the first time)…"
    );
    let started = Instant::now();
    let status = workspace::cargo()
        .args(["build", "--workspace", "--bins", "--locked"])
        .status()?;
    if !status.success() {
        return Err(Trouble::new(
            "The build did not succeed; what it says above is the reason.",
        ));
    }
    println!("Built in {:.0} s.", started.elapsed().as_secs_f64());
    Ok(())
}

/// Someone to talk to: a moving test pattern and a spoken voice, or a tone where no voice is to be had.
fn companion(binaries: &Binaries, invite: &str, files: &Path) -> Result<Joined> {
    let microphone = match voice::speak(files)? {
        Some(file) => format!("file:{}", file.display()),
        None => "tone".to_owned(),
    };
    println!("The companion shows a test pattern; its microphone is {microphone}.");
    Participant::new(binaries, invite, "Companion")?
        .camera("pattern:1280x720@30")
        .microphone(&microphone)
        .join()
}

/// Shows the window on a virtual display for a while, saves a picture of it, and gives the report.
fn unwatched(window: Window) -> Result<serde_json::Value> {
    println!(
        "There is no display: the window opens on a virtual one for {} s.",
        UNWATCHED.as_secs()
    );
    let display = Display::start(SCREEN.0, SCREEN.1)?;
    let mut window = window.on(&display).open()?;
    let until = Instant::now() + UNWATCHED;
    while Instant::now() < until {
        if let Some(status) = window.process().ended() {
            return Err(window
                .process()
                .trouble(&format!("ended early with {status}")));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let file = workspace::target().join(SCREENSHOT);
    display.picture()?.save(&file)?;
    println!("A picture of the window was saved as {}.", file.display());
    window.close()
}

/// Whether there is a screen to open a window on.
fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn user_name() -> String {
    ["USER", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "You".to_owned())
}
