//! This computer's own devices, and what is encoded from them: once, for everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::fanout::Fanout;
use super::frames::{FrameHub, Tile};
use super::options::SessionOptions;
use crate::audio::{Microphone, Speaker, Treatment};
use crate::call::{DeviceKind, Event};
use crate::stats::{AudioSent, LayerReport, VideoSent};
use crate::video::{Camera, FrameSlot, LayerEncoders, ScreenEncoder, ScreenGrabber, ScreenSpec};

/// The open devices and the running encoders. Everything stops when it is dropped.
pub(super) struct Media {
    pub camera: Camera,
    pub microphone: Microphone,
    pub speaker: Speaker,
    pub encoders: Arc<LayerEncoders>,
    pub picture: Arc<FrameSlot>,
    pub screen: ScreenGrabber,
    pub screen_encoder: Arc<ScreenEncoder>,
    pub page: Arc<FrameSlot>,
    audio_sent: Arc<AudioCount>,
}

#[derive(Default)]
struct AudioCount {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Media {
    /// Starts everything; devices report through `events` how their opening went.
    pub fn start(
        options: &SessionOptions,
        fanout: &Fanout,
        frames: &FrameHub,
        events: &mpsc::Sender<Event>,
    ) -> Self {
        let picture = frames.slot_for(Tile::Me);
        let camera = Camera::start(
            options.camera.clone(),
            picture.clone(),
            report(DeviceKind::Camera, events),
        );
        let video_out = fanout.clone();
        let encoders = LayerEncoders::new(picture.clone(), move |frame| video_out.video(&frame));

        let page = frames.slot_for(Tile::MyScreen);
        let told = events.clone();
        let screen = ScreenGrabber::start(ScreenSpec::None, page.clone(), move |event| {
            if told.try_send(Event::Screen(event)).is_err() {
                tracing::warn!("the session is far behind: the screen's word was dropped");
            }
        });
        let screen_out = fanout.clone();
        let screen_encoder =
            ScreenEncoder::new(page.clone(), move |frame| screen_out.screen(&frame));

        let audio_sent = Arc::new(AudioCount::default());
        let (audio_out, count) = (fanout.clone(), audio_sent.clone());
        let microphone = Microphone::start(
            options.microphone.clone(),
            move |packet| {
                if !audio_out.is_empty() {
                    count.packets.fetch_add(1, Ordering::Relaxed);
                    count
                        .bytes
                        .fetch_add(packet.payload.len() as u64, Ordering::Relaxed);
                    audio_out.audio(packet);
                }
            },
            report(DeviceKind::Microphone, events),
        );
        let speaker = Speaker::start(options.speaker.clone(), report(DeviceKind::Speaker, events));
        microphone.cancel_echo_of(&speaker);
        microphone.treat(Treatment::of(options.noise_suppression, options.music));
        Self {
            camera,
            microphone,
            speaker,
            encoders: Arc::new(encoders),
            picture,
            screen,
            screen_encoder: Arc::new(screen_encoder),
            page,
            audio_sent,
        }
    }

    /// What the video encoders made.
    pub fn video_sent(&self) -> VideoSent {
        VideoSent::new(self.encoders.most_at_once(), &self.encoders.stats())
    }

    /// What the screen's encoder made; none when nothing was shared.
    pub fn screen_sent(&self) -> Option<LayerReport> {
        self.screen_encoder.stats().as_ref().map(LayerReport::from)
    }

    /// What the microphone's encoder made, over a time in the call.
    pub fn audio_sent(&self, over: Duration) -> AudioSent {
        let bits = self.audio_sent.bytes.load(Ordering::Relaxed) as f64 * 8.0;
        AudioSent {
            packets: self.audio_sent.packets.load(Ordering::Relaxed),
            bitrate_bps: (bits / over.as_secs_f64().max(1.0)) as u64,
        }
    }
}

/// Device threads never wait for the session: what does not fit is dropped, and the device's next word replaces it.
fn report(
    kind: DeviceKind,
    events: &mpsc::Sender<Event>,
) -> impl Fn(crate::device::DeviceEvent) + Send + Sync + 'static {
    let events = events.clone();
    move |event| {
        if events.try_send(Event::Device(kind, event)).is_err() {
            tracing::warn!(
                ?kind,
                "the session is over or far behind: a device's word was dropped"
            );
        }
    }
}
