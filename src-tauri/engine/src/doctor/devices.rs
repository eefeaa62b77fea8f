//! A look at this computer's own devices: each is opened as a call would open it, and closed again.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::finding::{Check, Finding, Verdict};
use crate::audio::{Microphone, MicrophoneSpec, SILENCE_DBFS, Speaker, SpeakerSpec};
use crate::device::{DeviceEvent, DeviceProblem};
use crate::video::{Camera, CameraSpec, FrameSlot};

/// For a device to be opened: a camera that wakes up takes four seconds, a person who is asked for leave to use it some more.
const OPENING: Duration = Duration::from_secs(10);

/// For its first picture, once it is open.
const FIRST_PICTURE: Duration = Duration::from_secs(4);

/// How long the microphone is listened to.
const LISTENING: Duration = Duration::from_millis(1_500);

/// Between two looks at its level.
const LEVEL_EVERY: Duration = Duration::from_millis(50);

/// How long the test sound lasts, with the buffers before it.
const TEST_SOUND: Duration = Duration::from_millis(1_200);

/// Words of a device that wait to be read: it says few, and only the first one counts.
const EVENTS: usize = 8;

/// Opens the camera and waits for a picture.
pub(super) async fn camera(spec: CameraSpec) -> Finding {
    let check = Check::Camera;
    if spec == CameraSpec::None {
        return unused(check);
    }
    let (tell, mut events) = mpsc::channel(EVENTS);
    let slot = FrameSlot::new();
    let mut pictures = slot.subscribe();
    let camera = Camera::start(spec, slot.clone(), move |event| {
        let _ = tell.try_send(event);
    });
    let finding = match opened(&mut events).await {
        Err(problem) => failed(check, &problem),
        Ok(name) => {
            let first = async {
                loop {
                    if let Some(picture) = slot.latest() {
                        return picture;
                    }
                    // The slot lives here: nothing else ends this.
                    let _ = pictures.changed().await;
                }
            };
            match timeout(FIRST_PICTURE, first).await {
                Ok(picture) => works(check, &name)
                    .with("width", picture.width)
                    .with("height", picture.height),
                Err(_) => failed(check, &DeviceProblem::Silent),
            }
        }
    };
    put_away(camera).await;
    finding
}

/// Opens the microphone and listens for a moment: one whose switch is off gives perfect silence.
pub(super) async fn microphone(spec: MicrophoneSpec) -> Finding {
    let check = Check::Microphone;
    if spec == MicrophoneSpec::None {
        return unused(check);
    }
    let (tell, mut events) = mpsc::channel(EVENTS);
    let microphone = Microphone::start(
        spec,
        |_| {},
        move |event| {
            let _ = tell.try_send(event);
        },
    );
    let finding = match opened(&mut events).await {
        Err(problem) => failed(check, &problem),
        Ok(name) => {
            let hears = async {
                while microphone.level() <= SILENCE_DBFS {
                    tokio::time::sleep(LEVEL_EVERY).await;
                }
            };
            match timeout(LISTENING, hears).await {
                Ok(()) => works(check, &name),
                Err(_) => Finding::new(check, Verdict::Weak, "doctor.microphone.hearsNothing")
                    .with("name", name),
            }
        }
    };
    put_away(microphone).await;
    finding
}

/// Opens the speaker and plays the test sound.
pub(super) async fn speaker(spec: SpeakerSpec) -> Finding {
    let check = Check::Speaker;
    if spec == SpeakerSpec::None {
        return unused(check);
    }
    let (tell, mut events) = mpsc::channel(EVENTS);
    let speaker = Speaker::start(spec, move |event| {
        let _ = tell.try_send(event);
    });
    let finding = match opened(&mut events).await {
        Err(problem) => failed(check, &problem),
        Ok(name) => {
            speaker.play_test_sound();
            match timeout(TEST_SOUND, problem(&mut events)).await {
                Ok(problem) => failed(check, &problem),
                Err(_) => works(check, &name),
            }
        }
    };
    put_away(speaker).await;
    finding
}

/// The name of the device that was opened, or why none was.
async fn opened(events: &mut mpsc::Receiver<DeviceEvent>) -> Result<String, DeviceProblem> {
    match timeout(OPENING, events.recv()).await {
        Ok(Some(DeviceEvent::Opened { name })) => Ok(name),
        Ok(Some(DeviceEvent::Problem(problem))) => Err(problem),
        Ok(None) | Err(_) => Err(DeviceProblem::Silent),
    }
}

/// The first problem of a device that was open.
async fn problem(events: &mut mpsc::Receiver<DeviceEvent>) -> DeviceProblem {
    loop {
        match events.recv().await {
            Some(DeviceEvent::Problem(problem)) => return problem,
            Some(DeviceEvent::Opened { .. }) => {}
            None => return DeviceProblem::Silent,
        }
    }
}

/// Closing waits for the device's threads, and those for the system: away from whoever else runs here.
async fn put_away<D: Send + 'static>(device: D) {
    let _ = tokio::task::spawn_blocking(move || drop(device)).await;
}

fn works(check: Check, name: &str) -> Finding {
    let words = match check {
        Check::Camera => "doctor.camera.works",
        Check::Microphone => "doctor.microphone.works",
        _ => "doctor.speaker.works",
    };
    Finding::new(check, Verdict::Fine, words).with("name", name)
}

/// What a call would say of the same problem, word for word.
fn failed(check: Check, problem: &DeviceProblem) -> Finding {
    let device = match check {
        Check::Camera => "camera",
        Check::Microphone => "microphone",
        _ => "speaker",
    };
    Finding::new(check, Verdict::Bad, format!("{device}.{}", problem.kind()))
}

fn unused(check: Check) -> Finding {
    Finding::new(check, Verdict::Skipped, "doctor.device.unused")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_gives_pictures_and_sound_works() {
        let found = camera(CameraSpec::Pattern {
            width: 320,
            height: 180,
            fps: 30,
        })
        .await;
        assert_eq!(found.verdict, Verdict::Fine, "{found:?}");
        assert_eq!(found.fill["width"], "320");
        let found = microphone(MicrophoneSpec::Tone(440.0)).await;
        assert_eq!(found.verdict, Verdict::Fine, "{found:?}");
    }

    #[tokio::test]
    async fn a_device_that_is_not_there_is_told_as_in_a_call() {
        let found = camera(CameraSpec::Device("/dev/no-such-camera".into())).await;
        assert_eq!(found.verdict, Verdict::Bad);
        assert!(found.words.starts_with("camera."), "{found:?}");
        let found = microphone(MicrophoneSpec::Device("no such microphone".into())).await;
        assert_eq!(found.verdict, Verdict::Bad);
        assert!(found.words.starts_with("microphone."), "{found:?}");
    }

    #[tokio::test]
    async fn a_microphone_that_is_switched_off_is_told_from_one_that_hears() {
        let folder = std::env::temp_dir().join(format!("visio-doctor-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("silence.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(&path, spec).unwrap();
        for _ in 0..48_000 {
            wav.write_sample(0_i16).unwrap();
        }
        wav.finalize().unwrap();
        let found = microphone(MicrophoneSpec::File(path)).await;
        assert_eq!(found.words, "doctor.microphone.hearsNothing");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn what_is_not_in_use_is_not_looked_at() {
        assert_eq!(speaker(SpeakerSpec::None).await.verdict, Verdict::Skipped);
    }
}
