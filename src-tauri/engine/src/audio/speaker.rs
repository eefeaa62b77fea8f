//! A person's speaker, as the session uses it.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use super::device::{Keeper, Wanted, open_speaker};
use super::inbound::AudioSource;
use super::playout::{self, Output, Shared};
use super::processing::Tap;
use super::ring::PlaybackEnd;
use super::spec::SpeakerSpec;
use super::wav::WavSink;
use crate::device::{DeviceEvent, DeviceProblem};

/// Decodes, mixes and plays everybody's voice, until dropped. A device that goes away is waited for; meanwhile voices are
/// decoded and measured, so that statistics and the marks of who speaks go on.
pub struct Speaker {
    shared: Arc<Shared>,
    tap: Arc<Tap>,
    outputs: Sender<Output>,
    keeper: Option<Keeper<PlaybackEnd>>,
    thread: Option<JoinHandle<()>>,
}

impl Speaker {
    /// Starts playing.
    ///
    /// `on_event` is called on another thread whenever the device's state changes; for [`SpeakerSpec::None`] it never is.
    /// Nothing fails here: what does not work comes as an event.
    pub fn start(spec: SpeakerSpec, on_event: impl Fn(DeviceEvent) + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let (outputs, inbox) = mpsc::channel();
        let tap = Arc::new(Tap::default());
        let mut speaker = Self {
            shared: shared.clone(),
            tap: tap.clone(),
            outputs: outputs.clone(),
            keeper: None,
            thread: None,
        };
        let body = move || playout::run(&shared, &inbox);
        let thread = match std::thread::Builder::new()
            .name("audio-playout".into())
            .spawn(body)
        {
            Ok(thread) => thread,
            Err(why) => {
                on_event(DeviceEvent::Problem(DeviceProblem::Failed(why.to_string())));
                return speaker;
            }
        };
        let writer = thread.thread().clone();
        speaker.thread = Some(thread);

        let wake = writer.clone();
        let hand_over = move |end| {
            let _ = outputs.send(Output::Device(end));
            wake.unpark();
        };
        match Keeper::start(open_speaker(writer, tap), hand_over, on_event) {
            Ok(keeper) => speaker.keeper = Some(keeper),
            Err(why) => tracing::error!(%why, "no thread for the speaker"),
        }
        speaker.select(spec);
        speaker
    }

    /// Switches to another speaker; voices go on.
    pub fn select(&self, spec: SpeakerSpec) {
        let Some(keeper) = &self.keeper else { return };
        let wanted = match &spec {
            SpeakerSpec::Default => Some(Wanted::Default),
            SpeakerSpec::Device(id) => Some(Wanted::Named(id.clone())),
            _ => None,
        };
        let (output, event) = match &spec {
            SpeakerSpec::Default | SpeakerSpec::Device(_) => (Output::Awaited, None),
            SpeakerSpec::None => (Output::Nothing, None),
            SpeakerSpec::File(path) => match WavSink::create(path) {
                Ok(file) => {
                    let name = path
                        .file_name()
                        .unwrap_or(path.as_os_str())
                        .to_string_lossy()
                        .into_owned();
                    (Output::File(file), Some(DeviceEvent::Opened { name }))
                }
                Err(why) => {
                    let problem = DeviceProblem::Failed(why.to_string());
                    (Output::Nothing, Some(DeviceEvent::Problem(problem)))
                }
            },
        };
        let _ = self.outputs.send(output);
        self.wake();
        keeper.keep(wanted);
        if let Some(event) = event {
            keeper.tell(event);
        }
    }

    /// Adds one person's voice to the mix, until the last handle to it is dropped.
    pub fn add_source(&self) -> Arc<AudioSource> {
        let source = Arc::new(AudioSource::new());
        let mut sources = self
            .shared
            .sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sources.push(Arc::downgrade(&source));
        source
    }

    /// What its devices really play, for the microphone of the same room. One microphone can listen.
    pub(super) fn tap(&self) -> Arc<Tap> {
        self.tap.clone()
    }

    /// Plays three soft notes, from the start if they are playing already.
    pub fn play_test_sound(&self) {
        self.shared.test_sound.store(true, Ordering::Relaxed);
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Speaker {
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
