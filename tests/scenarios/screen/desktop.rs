//! A desktop under Wayland of its own, as far as sharing its screen goes: a message bus, PipeWire, the real desktop portal, and
//! what the portal asks the person by.
//!
//! ```text
//!  visio-cli ── xdg-desktop-portal ── the dialog: here, which answers by itself
//!  visio-cli ── PipeWire ── the compositor: GStreamer, which shows one page of text after the other
//! ```
//!
//! Only the two on the right are played: a real compositor's part of the portal takes its pictures from a graphics card, and a
//! machine for tests has none. Everything runs in folders of its own, leaves the machine's devices alone, and may be root.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use visio_engine::video::Frame;
use visio_engine::video::pattern::{Page, Stamp, wall_micros};
use visio_tests::trouble::During;
use visio_tests::{Bus, Need, Process, Result, Trouble};
use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, fdo::DBusProxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{ObjectServer, fdo};

const PORTAL: &str = "/usr/libexec/xdg-desktop-portal";
const PORTAL_NAME: &str = "org.freedesktop.portal.Desktop";
const DIALOG_NAME: &str = "org.freedesktop.impl.portal.desktop.visiotest";
const PATH: &str = "/org/freedesktop/portal/desktop";
const SESSION: &str = "org.freedesktop.impl.portal.Session";

/// How the portal finds the dialog.
const DIALOG: &str = "[portal]\n\
    DBusName=org.freedesktop.impl.portal.desktop.visiotest\n\
    Interfaces=org.freedesktop.impl.portal.ScreenCast;\n\
    UseIn=visiotest;\n";

/// PipeWire's manager leaves the machine's devices alone, in the words of its version 0.4 and of later ones.
const NO_DEVICES: [(&str, &str); 3] = [
    (
        "wireplumber/main.lua.d/51-no-devices.lua",
        "alsa_monitor.enabled = false\nv4l2_monitor.enabled = false\nlibcamera_monitor.enabled = false\n",
    ),
    (
        "wireplumber/bluetooth.lua.d/51-no-devices.lua",
        "bluez_monitor.enabled = false\n",
    ),
    (
        "wireplumber/wireplumber.conf.d/51-no-devices.conf",
        "wireplumber.profiles = { main = { hardware.audio = disabled, hardware.bluetooth = disabled, \
         hardware.video-capture = disabled } }\n",
    ),
];

/// What the desktop needs from the machine, and Visio's own programs.
pub const NEEDS: &[Need] = &[
    Need::Own("visio-server"),
    Need::Own("visio-cli"),
    Need::Program("dbus-daemon", "dbus"),
    Need::Program("pipewire", "pipewire"),
    Need::Program("pw-dump", "pipewire-bin"),
    Need::Program("wireplumber", "wireplumber"),
    Need::Program("gst-launch-1.0", "gstreamer1.0-tools"),
    Need::File(PORTAL, "xdg-desktop-portal"),
];

/// Each part is ready within a second or two; a machine under full load may need longer.
const READY: Duration = Duration::from_secs(20);

/// How often something is looked for.
const POLL: Duration = Duration::from_millis(50);

/// So many pages are shown in turn, ten a second.
const PAGES: u32 = 20;

/// What the compositor calls its screen in PipeWire.
const SCREEN: &str = "visio-test-screen";

/// What the person answers when they are asked what to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The screen.
    Screen,
    /// They close the dialog.
    Nothing,
    /// They are not there.
    None,
}

/// A running desktop. Dropping it ends it.
pub struct Desktop {
    // Ended in this order.
    dialog: Connection,
    services: Vec<Process>,
    bus: Bus,
    folder: TempDir,
    asked: Arc<Asked>,
}

/// What the dialog was asked.
#[derive(Default)]
struct Asked {
    session: Mutex<Option<OwnedObjectPath>>,
    taken_back: AtomicBool,
}

impl Desktop {
    /// A desktop with a screen of this size.
    pub fn start((width, height): (u32, u32), answer: Answer) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("visio-desktop-")
            .tempdir()?;
        let place = folder.path();
        write(&place.join("portals/visiotest.portal"), DIALOG)?;
        for (file, words) in NO_DEVICES {
            write(&place.join("config").join(file), words)?;
        }
        let bus = Bus::start_alone()?;
        let pipewire = serve(place, &bus, "pipewire", &[])?;
        until("PipeWire's socket", || place.join("pipewire-0").exists())?;
        let manager = serve(place, &bus, "wireplumber", &[])?;
        let compositor = serve(
            place,
            &bus,
            "gst-launch-1.0",
            &compose(place, (width, height))?,
        )?;
        let mut node = None;
        until("the screen in PipeWire", || {
            node = screen(place, &bus);
            node.is_some()
        })?;
        let asked = Arc::<Asked>::default();
        let dialog = Dialog {
            answer,
            node: node.unwrap_or_default(),
            asked: Arc::clone(&asked),
        };
        let dialog = Builder::address(bus.address())
            .and_then(|it| it.name(DIALOG_NAME)?.serve_at(PATH, dialog)?.build())
            .during("putting the dialog on the bus")?;
        let portal = serve(place, &bus, PORTAL, &["-v"])?;
        let names = DBusProxy::new(&dialog).during("asking the bus")?;
        until("the portal on the bus", || {
            let name = PORTAL_NAME.try_into();
            name.is_ok_and(|name| names.name_has_owner(name).unwrap_or(false))
        })?;
        Ok(Self {
            dialog,
            services: vec![portal, compositor, manager, pipewire],
            bus,
            folder,
            asked,
        })
    }

    /// The environment that brings a program onto this desktop.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        variables(self.folder.path(), &self.bus)
    }

    /// Ends what is shared, as the person does by the desktop's own button.
    pub fn stop_sharing(&self) -> Result<()> {
        let session = self.asked.session.lock();
        let session = session.unwrap_or_else(PoisonError::into_inner).clone();
        let session = session.ok_or_else(|| Trouble::new("nothing is shared"))?;
        self.dialog
            .emit_signal(None::<&str>, session, SESSION, "Closed", &())
            .during("ending what is shared")
    }

    /// The compositor breaks down.
    pub fn lose_the_compositor(&mut self) {
        self.services[1].kill();
    }

    /// Waits until the dialog is closed unanswered, because nobody wants to know any more.
    pub fn is_taken_back(&self) -> Result<()> {
        until("the end of the question", || {
            self.asked.taken_back.load(Ordering::Relaxed)
        })
    }
}

fn variables(place: &Path, bus: &Bus) -> Vec<(&'static str, OsString)> {
    vec![
        // Nobody draws on it, so there need not be one.
        ("WAYLAND_DISPLAY", "wayland-of-the-test".into()),
        ("DBUS_SESSION_BUS_ADDRESS", bus.address().into()),
        ("XDG_RUNTIME_DIR", place.into()),
        ("XDG_CONFIG_HOME", place.join("config").into()),
        ("XDG_STATE_HOME", place.join("state").into()),
        ("XDG_DATA_HOME", place.join("data").into()),
        ("XDG_CURRENT_DESKTOP", "visiotest".into()),
        ("XDG_DESKTOP_PORTAL_DIR", place.join("portals").into()),
    ]
}

fn serve(place: &Path, bus: &Bus, program: &str, arguments: &[&str]) -> Result<Process> {
    let mut command = Command::new(program);
    command.args(arguments).envs(variables(place, bus));
    Process::spawn(program, command.current_dir(place))
}

/// Draws the pages, and says how they are shown in turn.
fn compose(place: &Path, (width, height): (u32, u32)) -> Result<[&'static str; 12]> {
    for number in 0..PAGES {
        let mut frame = Frame::new(width, height, Instant::now());
        let stamp = Stamp {
            number,
            micros: wall_micros(),
            width,
            height,
        };
        Page.draw(&mut frame, &stamp);
        save(&frame, &place.join(format!("page-{number:02}.png")))?;
    }
    Ok([
        "-q",
        "multifilesrc",
        "location=page-%02d.png",
        "stop-index=19",
        "loop=true",
        "caps=image/png,framerate=10/1",
        "!",
        "pngdec",
        "!",
        "pipewiresink",
        "mode=provide",
        "stream-properties=p,media.class=Video/Source,node.name=visio-test-screen",
    ])
}

/// As it would be on a screen, with four bytes a pixel.
fn save(page: &Frame, file: &Path) -> Result<()> {
    let pixel = |luma: &u8| [grey(*luma), grey(*luma), grey(*luma), u8::MAX];
    let pixels: Vec<u8> = page.y().iter().flat_map(pixel).collect();
    let file = std::fs::File::create(file).during("drawing a page")?;
    let mut png = png::Encoder::new(file, page.width, page.height);
    png.set_color(png::ColorType::Rgba);
    png.set_compression(png::Compression::Fast);
    png.write_header()
        .and_then(|mut png| png.write_image_data(&pixels))
        .during("drawing a page")
}

/// From the studio range of luma to the full one of a screen.
fn grey(luma: u8) -> u8 {
    let full = (u32::from(luma.saturating_sub(16)) * 255 + 109) / 219;
    full.min(255) as u8
}

/// The number of the compositor's screen in PipeWire, once it is there.
fn screen(place: &Path, bus: &Bus) -> Option<u32> {
    let dump = Command::new("pw-dump").envs(variables(place, bus)).output();
    let dump: serde_json::Value = serde_json::from_slice(&dump.ok()?.stdout).ok()?;
    let screen = dump
        .as_array()?
        .iter()
        .find(|it| it["info"]["props"]["node.name"] == SCREEN)?;
    u32::try_from(screen["id"].as_u64()?).ok()
}

fn write(file: &Path, words: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, words).during(format_args!("writing {}", file.display()))
}

fn until(what: &str, mut there: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + READY;
    while !there() {
        if Instant::now() > deadline {
            return Err(Trouble::new(format!("{what} did not come")));
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

type Options = HashMap<String, OwnedValue>;
type Results = HashMap<&'static str, OwnedValue>;

/// What the portal asks the person by.
struct Dialog {
    answer: Answer,
    node: u32,
    asked: Arc<Asked>,
}

#[zbus::interface(name = "org.freedesktop.impl.portal.ScreenCast")]
impl Dialog {
    async fn create_session(
        &self,
        _request: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        _options: Options,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> fdo::Result<(u32, Results)> {
        server.at(&session, DialogSession).await?;
        let mut known = self.asked.session.lock();
        *known
            .as_deref_mut()
            .map_err(|_| fdo::Error::Failed("".into()))? = Some(session);
        Ok((0, Results::new()))
    }

    fn select_sources(
        &self,
        _request: OwnedObjectPath,
        _session: OwnedObjectPath,
        _app: String,
        _options: Options,
    ) -> (u32, Results) {
        (0, Results::new())
    }

    async fn start(
        &self,
        request: OwnedObjectPath,
        _session: OwnedObjectPath,
        _app: String,
        _parent: String,
        _options: Options,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> fdo::Result<(u32, Results)> {
        match self.answer {
            Answer::Screen => {
                let monitor = HashMap::from([("source_type", Value::from(1_u32))]);
                let streams = Value::from(vec![(self.node, monitor)]);
                let streams = OwnedValue::try_from(streams).map_err(zbus::Error::from)?;
                Ok((0, Results::from([("streams", streams)])))
            }
            Answer::Nothing => Ok((1, Results::new())),
            Answer::None => {
                let asked = Arc::clone(&self.asked);
                server.at(&request, DialogRequest { asked }).await?;
                std::future::pending().await
            }
        }
    }

    #[zbus(property)]
    fn available_source_types(&self) -> u32 {
        1 | 2
    }

    #[zbus(property)]
    fn available_cursor_modes(&self) -> u32 {
        1 | 2
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        4
    }
}

/// What is shared.
struct DialogSession;

#[zbus::interface(name = "org.freedesktop.impl.portal.Session")]
impl DialogSession {
    fn close(&self) {}

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}

/// A question that is open.
struct DialogRequest {
    asked: Arc<Asked>,
}

#[zbus::interface(name = "org.freedesktop.impl.portal.Request")]
impl DialogRequest {
    fn close(&self) {
        self.asked.taken_back.store(true, Ordering::Relaxed);
    }
}
