//! The encoders, one for each layer that is taken.
//!
//! They all read the camera's one slot; each scales for itself on its own media thread, and rests while nobody takes its
//! layer. Whatever the number of people, there are never more than four.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use super::content::Content;
use super::encoder::{EncodedVideo, LayerConfig, VideoEncoder};
use super::slot::FrameSlot;
use super::stats::VideoOutboundStats;
use super::strain::Effort;
use crate::transport::bitrate::Bitrate;
use crate::transport::keyframe::KeyframeGate;
use crate::transport::layer::Layer;

/// Frames a second, at most: what cameras give, and enough for lips.
const FPS: f32 = 30.0;

/// On a thin line a face is smaller, and moves: at 50 kbit/s the pattern has 10 pictures a second in 320x180, 20 in this size,
/// and a keyframe of it is through in two thirds of the time (measured with `each_layer_at_many_rates`).
const THIN_SIZE: (u32, u32) = (192, 108);

/// It is made smaller below the first rate, and as large as ever from the second on: each change costs a keyframe. The second
/// is more than what is left for a face on a line of which nothing is known yet: so every first keyframe is a small one, and two
/// of them fit into the queue of a line of 300 kbit/s.
const THIN: Range<Bitrate> = Bitrate::from_kbps(70)..Bitrate::from_kbps(130);

/// Takes what is encoded, on the media threads.
type Output = Arc<dyn Fn(Arc<EncodedVideo>) + Send + Sync>;

/// One for each layer: one person's request for a keyframe costs everybody who takes it.
type Gates = Arc<Mutex<[KeyframeGate; 4]>>;

/// An encoder for each layer, made when it is first taken.
pub struct LayerEncoders {
    input: Arc<FrameSlot>,
    output: Output,
    encoders: [OnceLock<VideoEncoder>; 4],
    gates: Gates,
    at_once: AtomicU32,
    /// The smallest layer is for a thin line.
    thin: AtomicBool,
}

impl LayerEncoders {
    /// None runs yet. `output` is called on the media threads and must not block.
    pub fn new(
        input: Arc<FrameSlot>,
        output: impl Fn(Arc<EncodedVideo>) + Send + Sync + 'static,
    ) -> Self {
        let gates = Gates::default();
        let seen = gates.clone();
        let output = move |picture: Arc<EncodedVideo>| {
            if picture.keyframe {
                lock(&seen)[picture.layer.index()].satisfy();
            }
            output(picture);
        };
        Self {
            input,
            output: Arc::new(output),
            encoders: Default::default(),
            gates,
            at_once: AtomicU32::new(0),
            thin: AtomicBool::new(true),
        }
    }

    /// From now on exactly the layers with a rate are encoded, with every second frame left out if `half_rate`. One
    /// that begins does so with a keyframe.
    pub fn set(&self, rates: &[Option<Bitrate>; 4], half_rate: bool) {
        let fps = if half_rate { FPS / 2.0 } else { FPS };
        for (layer, rate) in Layer::ALL.into_iter().zip(rates) {
            let place = &self.encoders[layer.index()];
            let Some(rate) = rate else {
                if let Some(encoder) = place.get() {
                    encoder.set_active(false);
                }
                continue;
            };
            let bitrate_bps = u32::try_from(rate.bps()).unwrap_or(u32::MAX);
            let encoder = place.get_or_init(|| self.start(layer, bitrate_bps));
            encoder.set_bitrate(bitrate_bps);
            encoder.set_frame_rate(fps);
            encoder.set_size(self.size(layer, *rate));
            encoder.set_active(true);
        }
        let running = self.each().filter(|(_, it)| it.stats().at_work()).count();
        self.at_once.fetch_max(running as u32, Ordering::AcqRel);
    }

    /// Somebody needs a keyframe of this layer. They get it at once, or half a second after the one before.
    pub fn request_keyframe(&self, layer: Layer) {
        lock(&self.gates)[layer.index()].request();
        self.poll(Instant::now());
    }

    /// Lets requests through whose time has come; to be called some ten times a second.
    pub fn poll(&self, now: Instant) {
        let mut gates = lock(&self.gates);
        for (layer, encoder) in self.each() {
            if gates[layer.index()].poll(now) {
                encoder.request_keyframe();
            }
        }
    }

    /// What each encoder that runs did in the last second.
    pub fn efforts(&self) -> Vec<(Layer, Effort)> {
        self.each()
            .filter_map(|(layer, encoder)| Some((layer, encoder.effort()?)))
            .collect()
    }

    /// What each encoder made that made anything, from the smallest layer up.
    pub fn stats(&self) -> Vec<VideoOutboundStats> {
        self.each()
            .map(|(_, encoder)| encoder.stats())
            .filter(|stats| stats.frames > 0)
            .collect()
    }

    /// How many encoders have been at work at once, at most.
    pub fn most_at_once(&self) -> u32 {
        self.at_once.load(Ordering::Acquire)
    }

    /// How large this layer may be at this rate.
    fn size(&self, layer: Layer, rate: Bitrate) -> (u32, u32) {
        if layer != Layer::Low {
            return layer.size();
        }
        let before = self.thin.load(Ordering::Acquire);
        let thin = rate < THIN.start || before && rate < THIN.end;
        self.thin.store(thin, Ordering::Release);
        if thin { THIN_SIZE } else { layer.size() }
    }

    fn start(&self, layer: Layer, bitrate_bps: u32) -> VideoEncoder {
        let (max_width, max_height) = self.size(layer, Bitrate::from_bps(u64::from(bitrate_bps)));
        let config = LayerConfig {
            content: Content::Camera,
            layer,
            max_width,
            max_height,
            fps: FPS,
            bitrate_bps,
        };
        let output = self.output.clone();
        VideoEncoder::new(self.input.clone(), config, move |picture| output(picture))
    }

    fn each(&self) -> impl Iterator<Item = (Layer, &VideoEncoder)> {
        let encoders = self.encoders.iter().map(OnceLock::get);
        Layer::ALL
            .into_iter()
            .zip(encoders)
            .filter_map(|(layer, encoder)| Some((layer, encoder?)))
    }
}

fn lock(gates: &Gates) -> MutexGuard<'_, [KeyframeGate; 4]> {
    gates.lock().unwrap_or_else(PoisonError::into_inner)
}
