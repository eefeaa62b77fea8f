//! The encoder of the screen that is shared: once, for everybody who is sent it.
//!
//! Its ladder is of one size and several rates: what is there to be read is made no smaller, it comes less often. Runs a media
//! thread of its own while somebody takes the screen.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use super::content::Content;
use super::encoder::{EncodedVideo, LayerConfig, VideoEncoder};
use super::slot::FrameSlot;
use super::stats::VideoOutboundStats;
use crate::transport::bitrate::Bitrate;
use crate::transport::keyframe::KeyframeGate;
use crate::transport::layer::Layer;

/// Pictures a second, by the rate from which on there are so many. At the least of them a page that is turned is there after a
/// second or two, and then sharp.
const LADDER: [(Bitrate, f32); 4] = [
    (Bitrate::from_kbps(1_200), 15.0),
    (Bitrate::from_kbps(700), 10.0),
    (Bitrate::from_kbps(400), 5.0),
    (Bitrate::ZERO, 3.0),
];

/// The encoder of a screen, made when somebody first takes it.
pub struct ScreenEncoder {
    input: Arc<FrameSlot>,
    output: Arc<dyn Fn(Arc<EncodedVideo>) + Send + Sync>,
    encoder: OnceLock<VideoEncoder>,
    /// One person's request for a keyframe costs everybody who takes the screen.
    gate: Arc<Mutex<KeyframeGate>>,
}

impl ScreenEncoder {
    /// It does not run yet. `output` is called on the media thread and must not block.
    pub fn new(
        input: Arc<FrameSlot>,
        output: impl Fn(Arc<EncodedVideo>) + Send + Sync + 'static,
    ) -> Self {
        let gate = Arc::<Mutex<KeyframeGate>>::default();
        let seen = gate.clone();
        let output = move |picture: Arc<EncodedVideo>| {
            if picture.keyframe {
                lock(&seen).satisfy();
            }
            output(picture);
        };
        Self {
            input,
            output: Arc::new(output),
            encoder: OnceLock::new(),
            gate,
        }
    }

    /// From now on it may cost so much, payload; none: nobody takes it.
    pub fn set(&self, rate: Option<Bitrate>) {
        let Some(rate) = rate else {
            if let Some(encoder) = self.encoder.get() {
                encoder.set_active(false);
            }
            return;
        };
        let bitrate_bps = u32::try_from(rate.bps()).unwrap_or(u32::MAX);
        let encoder = self.encoder.get_or_init(|| self.start(bitrate_bps));
        encoder.set_bitrate(bitrate_bps);
        encoder.set_frame_rate(pictures_a_second(rate));
        encoder.set_active(true);
    }

    /// Somebody needs a keyframe. They get it at once, or half a second after the one before.
    pub fn request_keyframe(&self) {
        lock(&self.gate).request();
        self.poll(Instant::now());
    }

    /// Lets a request through whose time has come; to be called some ten times a second.
    pub fn poll(&self, now: Instant) {
        if let Some(encoder) = self.encoder.get()
            && lock(&self.gate).poll(now)
        {
            encoder.request_keyframe();
        }
    }

    /// What it made; none before it made anything.
    pub fn stats(&self) -> Option<VideoOutboundStats> {
        let stats = self.encoder.get()?.stats();
        (stats.frames > 0).then_some(stats)
    }

    fn start(&self, bitrate_bps: u32) -> VideoEncoder {
        let (max_width, max_height) = Layer::Full.size();
        let config = LayerConfig {
            content: Content::Screen,
            layer: Layer::Full,
            max_width,
            max_height,
            fps: LADDER[0].1,
            bitrate_bps,
        };
        let output = self.output.clone();
        VideoEncoder::new(self.input.clone(), config, move |picture| output(picture))
    }
}

/// How many pictures a second there are for so many bits.
fn pictures_a_second(rate: Bitrate) -> f32 {
    let rung = LADDER.iter().find(|(from, _)| rate >= *from);
    rung.map_or(LADDER[LADDER.len() - 1].1, |(_, fps)| *fps)
}

fn lock(gate: &Mutex<KeyframeGate>) -> MutexGuard<'_, KeyframeGate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_fewer_bits_there_are_fewer_pictures() {
        let fps = |kbps| pictures_a_second(Bitrate::from_kbps(kbps));
        assert_eq!(
            [2_500, 1_000, 500, 200, 0].map(fps),
            [15.0, 10.0, 5.0, 3.0, 3.0]
        );
    }
}
