//! Real device drivers in the emulated guest, through the engine's own camera and audio code: a camera of each pixel
//! format that webcams have, one that is unplugged and plugged in again, and a sound card.
//!
//! Each scenario boots a guest and runs itself once more inside it. The guest is some twenty times slower than its host, so
//! pictures are small, and waits are long.

use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed, Trial};
use visio_engine::audio::{MicrophoneSpec, SpeakerSpec};
use visio_engine::device::{DeviceEvent, DeviceProblem};
use visio_engine::video::{Camera, CameraSpec, Frame, FrameSlot};
use visio_tests::guest::loopback_camera;
use visio_tests::{Guest, Need, Process, need};

use crate::audio_devices::carry_tone;
use crate::scenario::{Outcome, ensure};

const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Program("qemu-system-x86_64", "qemu-system-x86"),
    Need::Program("busybox", "busybox-static"),
    Need::Program("cpio", "cpio"),
    Need::Program("depmod", "kmod"),
    Need::Program("apt-get", "apt"),
    Need::Program("ffmpeg", "ffmpeg"),
];

/// How long something may take inside the guest.
const SLOW: Duration = Duration::from_secs(60);
/// The camera whose pictures ffmpeg supplies.
const FED_CAMERA: &str = "/dev/video10";
/// Tells a scenario that it runs inside the guest.
const INSIDE: &str = "VISIO_TEST_GUEST";

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        in_guest(
            "a camera that gives yuyv shows its colours",
            fed_camera,
            || shows_red("yuyv422"),
        ),
        in_guest(
            "a camera that gives nv12 shows its colours",
            fed_camera,
            || shows_red("nv12"),
        ),
        in_guest(
            "a camera that gives mjpeg shows its colours",
            fed_camera,
            || shows_red("mjpeg"),
        ),
        in_guest(
            "a camera that is unplugged is back when it is plugged in again",
            test_camera,
            unplugged,
        ),
        in_guest(
            "a tone played into a sound card comes out at 440 hz",
            sound_card,
            sound_card_tone,
        ),
    ]
}

/// A scenario that plays inside a guest which `prepare` has given its devices.
fn in_guest(
    sentence: &str,
    prepare: fn() -> visio_tests::Result<Guest>,
    play: fn() -> Outcome,
) -> Trial {
    let name = sentence.replace(' ', "_");
    Trial::ignorable_test(name.clone(), move || {
        if std::env::var_os(INSIDE).is_some() {
            return play().map(|()| Completion::Completed);
        }
        if let Some(reason) = need::missing(NEEDS) {
            return Ok(Completion::ignored_with(reason));
        }
        let guest = match prepare() {
            Ok(guest) => guest,
            Err(trouble) => {
                return Ok(Completion::ignored_with(format!(
                    "the guest could not be prepared: {trouble}"
                )));
            }
        };
        let me = std::env::current_exe()?;
        let outcome = guest.run(&format!("{INSIDE}=1 '{}' --exact {name}", me.display()))?;
        ensure(outcome.status == 0, || outcome.output)?;
        Ok(Completion::Completed)
    })
}

/// Debian's own test camera.
fn test_camera() -> visio_tests::Result<Guest> {
    Ok(Guest::new()?.module("vivid n_devs=1 node_types=0x1"))
}

/// A sound card whose first device's speaker is its second device's microphone.
fn sound_card() -> visio_tests::Result<Guest> {
    Ok(Guest::new()?.module("snd-aloop"))
}

/// A camera that gives what is fed to it.
fn fed_camera() -> visio_tests::Result<Guest> {
    let number = FED_CAMERA.trim_start_matches("/dev/video");
    let module = loopback_camera::module()?;
    let parameters = format!("video_nr={number} exclusive_caps=1 card_label=Webcam");
    Ok(Guest::new()?.module_file(&module, &["videodev"], &parameters))
}

/// A camera being watched.
struct Watched {
    slot: std::sync::Arc<FrameSlot>,
    events: Receiver<DeviceEvent>,
    _camera: Camera,
}

impl Watched {
    fn start(id: &str) -> Self {
        let slot = FrameSlot::new();
        let (tell, events) = mpsc::channel();
        // Telling fails when the scenario is over.
        let on_event = move |event| drop(tell.send(event));
        let camera = Camera::start(
            CameraSpec::Device(id.to_owned()),
            std::sync::Arc::clone(&slot),
            on_event,
        );
        Self {
            slot,
            events,
            _camera: camera,
        }
    }

    /// Waits for `number` new pictures and gives the last.
    fn pictures(&self, number: usize) -> Result<std::sync::Arc<Frame>, Failed> {
        let mut seen = *self.slot.subscribe().borrow();
        let mut last = None;
        for index in 0..number {
            let next = self.slot.wait_newer(seen, SLOW);
            let (number, frame) =
                next.ok_or_else(|| format!("no picture after {index}: {:?}", self.told()))?;
            seen = number;
            last = Some(frame);
        }
        last.ok_or_else(|| "no picture was asked for".into())
    }

    fn told(&self) -> Vec<DeviceEvent> {
        self.events.try_iter().collect()
    }

    fn wait_for(&self, wanted: impl Fn(&DeviceEvent) -> bool) -> Outcome {
        let deadline = Instant::now() + SLOW;
        let mut before = Vec::new();
        while let Ok(event) = self
            .events
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if wanted(&event) {
                return Ok(());
            }
            before.push(event);
        }
        Err(format!("the camera told only {before:?}").into())
    }
}

/// Feeds the camera with red pictures in `format`, and looks at what the engine makes of them.
fn shows_red(format: &str) -> Outcome {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args([
        "-loglevel",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "color=c=red:s=320x240:r=10",
    ]);
    match format {
        "mjpeg" => ffmpeg.args(["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]),
        raw => ffmpeg.args(["-pix_fmt", raw]),
    };
    ffmpeg.args(["-f", "v4l2", FED_CAMERA]);
    let feeder = Process::spawn("ffmpeg", &mut ffmpeg)?;
    let camera = Watched::start(FED_CAMERA);
    let picture = camera
        .pictures(5)
        .map_err(|failed| format!("{failed:?}; ffmpeg: {}", feeder.stderr()))?;
    ensure((picture.width, picture.height) == (320, 240), || {
        format!("{} × {}", picture.width, picture.height)
    })?;
    let [y, u, v] = middle(&picture);
    // Red is 81, 90, 240 in video's own range and 76, 85, 255 in that of JPEG.
    let red = (66..=92).contains(&y) && (75..=100).contains(&u) && v >= 225;
    ensure(red, || {
        format!("the red picture came out as Y {y} U {u} V {v}")
    })
}

/// The colour in the middle of a picture.
fn middle(frame: &Frame) -> [u8; 3] {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let (half_width, half_height) = (width / 2, height / 2);
    let chroma = half_height / 2 * half_width + half_width / 2;
    let u = width * height + chroma;
    [
        frame.data[half_height * width + half_width],
        frame.data[u],
        frame.data[u + half_width * half_height],
    ]
}

/// Takes the test camera away as unplugging does, or brings it back.
fn plug(into: bool) -> Outcome {
    let driver = PathBuf::from("/sys/bus/platform/drivers/vivid");
    Ok(std::fs::write(
        driver.join(if into { "bind" } else { "unbind" }),
        "vivid.0",
    )?)
}

fn unplugged() -> Outcome {
    let cameras = visio_engine::video::cameras();
    let camera = cameras.first().ok_or("the test camera is not listed")?;
    let watched = Watched::start(&camera.id);
    watched.pictures(3)?;
    plug(false)?;
    watched.wait_for(|event| {
        matches!(
            event,
            DeviceEvent::Problem(DeviceProblem::Lost | DeviceProblem::None)
        )
    })?;
    plug(true)?;
    watched.wait_for(|event| matches!(event, DeviceEvent::Opened { .. }))?;
    watched.pictures(3)?;
    Ok(())
}

fn sound_card_tone() -> Outcome {
    carry_tone(
        SpeakerSpec::Device("plughw:CARD=Loopback,DEV=0".to_owned()),
        MicrophoneSpec::Device("plughw:CARD=Loopback,DEV=1".to_owned()),
    )
}
