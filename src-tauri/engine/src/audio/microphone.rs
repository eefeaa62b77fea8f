//! A person's microphone, as the session uses it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use super::capture::{self, Input, Shared};
use super::device::{Keeper, Wanted, open_microphone};
use super::encoder::{AudioEncoder, EncodedAudio};
use super::level::SILENCE_DBFS;
use super::processing::Treatment;
use super::ring::CaptureEnd;
use super::speaker::Speaker;
use super::spec::MicrophoneSpec;
use super::tone::{TEST_TONE_AMPLITUDE, Tone};
use super::wav::WavSource;
use crate::device::{DeviceEvent, DeviceProblem};

/// Captures, measures and encodes one sound, until dropped. A device that goes away is waited for, not given up on.
pub struct Microphone {
    shared: Arc<Shared>,
    inputs: Sender<Input>,
    keeper: Option<Keeper<CaptureEnd>>,
    thread: Option<JoinHandle<()>>,
}

impl Microphone {
    /// Starts capturing.
    ///
    /// `on_packet` is called on the capture thread for each encoded frame and must not block. `on_event` is called on
    /// another thread whenever the device's state changes; for [`MicrophoneSpec::None`] it never is. Nothing fails here:
    /// what does not work comes as an event. A file should have passed [`MicrophoneSpec::check`].
    pub fn start(
        spec: MicrophoneSpec,
        on_packet: impl Fn(EncodedAudio) + Send + 'static,
        on_event: impl Fn(DeviceEvent) + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::new());
        // No loss has been reported yet.
        shared.loss.set(-1.0);
        let (inputs, inbox) = mpsc::channel();
        let mut microphone = Self {
            shared: shared.clone(),
            inputs: inputs.clone(),
            keeper: None,
            thread: None,
        };

        let encoder = match AudioEncoder::new() {
            Ok(encoder) => encoder,
            Err(why) => return microphone.failed(&on_event, &why),
        };
        let body = move || capture::run(&shared, &inbox, encoder, on_packet);
        let thread = match std::thread::Builder::new()
            .name("audio-capture".into())
            .spawn(body)
        {
            Ok(thread) => thread,
            Err(why) => return microphone.failed(&on_event, &why),
        };
        let reader = thread.thread().clone();
        microphone.thread = Some(thread);

        let wake = reader.clone();
        let hand_over = move |end| {
            let _ = inputs.send(Input::Device(end));
            wake.unpark();
        };
        match Keeper::start(open_microphone(reader), hand_over, on_event) {
            Ok(keeper) => microphone.keeper = Some(keeper),
            Err(why) => tracing::error!(%why, "no thread for the microphone"),
        }
        microphone.select(spec);
        microphone
    }

    /// Switches to another source; what is being sent goes on, after a pause.
    pub fn select(&self, spec: MicrophoneSpec) {
        let Some(keeper) = &self.keeper else { return };
        let wanted = match &spec {
            MicrophoneSpec::Default => Some(Wanted::Default),
            MicrophoneSpec::Device(id) => Some(Wanted::Named(id.clone())),
            _ => None,
        };
        let (input, event) = match &spec {
            MicrophoneSpec::Default | MicrophoneSpec::Device(_) => (Input::Awaited, None),
            MicrophoneSpec::None => (Input::Nothing, None),
            MicrophoneSpec::Tone(hz) => {
                let name = format!("Test tone {hz} Hz");
                (
                    Input::Tone(Tone::new(*hz, TEST_TONE_AMPLITUDE)),
                    Some(DeviceEvent::Opened { name }),
                )
            }
            MicrophoneSpec::File(path) => match WavSource::open(path) {
                Ok(file) => {
                    let name = path
                        .file_name()
                        .unwrap_or(path.as_os_str())
                        .to_string_lossy()
                        .into_owned();
                    (
                        Input::File(Box::new(file)),
                        Some(DeviceEvent::Opened { name }),
                    )
                }
                Err(why) => {
                    let problem = DeviceProblem::Failed(why.to_string());
                    (Input::Nothing, Some(DeviceEvent::Problem(problem)))
                }
            },
        };
        let _ = self.inputs.send(input);
        self.wake();
        keeper.keep(wanted);
        if let Some(event) = event {
            keeper.tell(event);
        }
    }

    /// Sends silence instead of the sound (three packets a second), or the sound again. The level is measured all the same.
    pub fn set_muted(&self, muted: bool) {
        self.shared.muted.store(muted, Ordering::Relaxed);
    }

    /// Treats the sound of devices like this from now on; [`Treatment::Untouched`] before. Generated sound and files are sent
    /// as they are, but for [`Treatment::Music`]'s encoding.
    pub fn treat(&self, treatment: Treatment) {
        self.shared.treatment.set(treatment);
        self.wake();
    }

    /// From now on hears what `speaker` really plays, so that [`Treatment::Voice`] can take it out again. A speaker has one
    /// microphone that listens: the last one.
    pub fn cancel_echo_of(&self, speaker: &Speaker) {
        let _ = self.inputs.send(Input::Room(speaker.tap()));
        self.wake();
    }

    /// RMS level of the latest 20 ms in dBFS, [`SILENCE_DBFS`] when there is no sound; also while muted.
    pub fn level(&self) -> f32 {
        self.shared.level.get()
    }

    /// Whether somebody speaks into it, or did within the last 300 ms; also while muted.
    pub fn is_speaking(&self) -> bool {
        self.shared.speaking.load(Ordering::Relaxed)
    }

    /// Provides for this share of lost packets, from 0 to 1, with in-band FEC: the worst that any receiver reports.
    pub fn set_loss(&self, share: f32) {
        self.shared.loss.set(if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        });
    }

    fn failed(self, on_event: &impl Fn(DeviceEvent), why: &dyn std::error::Error) -> Self {
        on_event(DeviceEvent::Problem(DeviceProblem::Failed(why.to_string())));
        self.shared.level.set(SILENCE_DBFS);
        self
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.wake();
        // Closes the device first, so that nothing is handed over any more.
        self.keeper = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
