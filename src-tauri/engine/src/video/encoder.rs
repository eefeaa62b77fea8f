//! From the newest frame to packets, once for everybody who takes this layer.
//!
//! One media thread per layer: it waits for a newer frame, scales, encodes and packetises it, and hands
//! the result on. 5 to 9 ms at 720p; a frame that comes meanwhile replaces the one before it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::content::Content;
use super::frame::Frame;
use super::frame_rate::FrameRateLimit;
use super::h264::{Encoded, EncoderError, H264Encoder};
use super::media_thread::{MediaThread, StopFlag};
use super::packetizer::packetize;
use super::scale::{Scaler, fit_within};
use super::slot::FrameSlot;
use super::stats::{RateMeter, VideoOutboundStats};
use super::strain::Effort;
use crate::transport::layer::Layer;

/// How soon the thread notices that it is to stop.
const IDLE: Duration = Duration::from_millis(50);

/// After the encoder failed, so that one that fails at once does not burn a core.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A source that delivers this much less than the layer's rate has its bits shared out anew.
const RATE_TOLERANCE: f64 = 0.1;

/// The time over which an encoder's effort is measured.
const EFFORT_WINDOW: Duration = Duration::from_secs(1);

/// RTP clock of video (RFC 6184).
pub(crate) const RTP_HZ: u128 = 90_000;

/// The origin of all timestamps: one for all layers, so that a receiver can change between them.
pub(crate) static RTP_EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How large, how often and how dear a layer may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerConfig {
    /// What is encoded.
    pub content: Content,
    /// Which rung of the ladder.
    pub layer: Layer,
    /// Frames wider than this are scaled down, pixels.
    pub max_width: u32,
    /// Frames higher than this are scaled down, pixels.
    pub max_height: u32,
    /// Frames beyond this rate are left out.
    pub fps: f32,
    /// Payload bits per second.
    pub bitrate_bps: u32,
}

/// One encoded picture, shared by everybody it is sent to.
#[derive(Clone, Debug)]
pub struct EncodedVideo {
    /// When it was captured: 90 kHz, from an origin that all layers share.
    pub timestamp: u32,
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// Which of the ladder's sizes this is; pictures of different layers don't refer to one another.
    pub layer: Layer,
    /// No later picture refers to it: one link may leave it out and the rest stays whole.
    pub droppable: bool,
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// RFC 6184 mode 1, in order, at most [`super::packetizer::MAX_PAYLOAD`] bytes each; the last one
    /// carries the marker.
    pub payloads: Vec<Bytes>,
}

/// Encodes one layer; ends when dropped.
pub struct VideoEncoder {
    shared: Arc<Shared>,
    _thread: MediaThread,
}

struct Shared {
    active: Mutex<bool>,
    activated: Condvar,
    keyframe_wanted: AtomicBool,
    bitrate_bps: AtomicU32,
    /// A rate as the bits of an `f32`.
    fps: AtomicU32,
    /// The most columns, shifted by 32, and rows.
    size: AtomicU64,
    measured: Mutex<Measured>,
}

#[derive(Default)]
struct Measured {
    stats: VideoOutboundStats,
    encoded: RateMeter,
    rested: Option<Instant>,
    effort: Option<Effort>,
}

impl VideoEncoder {
    /// Encodes what comes into `input`, from a keyframe on; `on_frame` is called on the media thread and
    /// must not block.
    pub fn start(
        input: Arc<FrameSlot>,
        config: LayerConfig,
        on_frame: impl Fn(Arc<EncodedVideo>) + Send + 'static,
    ) -> Self {
        let encoder = Self::new(input, config, on_frame);
        encoder.set_active(true);
        encoder
    }

    /// As [`start`](Self::start), but nobody takes the layer yet.
    pub fn new(
        input: Arc<FrameSlot>,
        config: LayerConfig,
        on_frame: impl Fn(Arc<EncodedVideo>) + Send + 'static,
    ) -> Self {
        LazyLock::force(&RTP_EPOCH);
        let shared = Arc::new(Shared {
            active: Mutex::new(false),
            activated: Condvar::new(),
            keyframe_wanted: AtomicBool::new(true),
            bitrate_bps: AtomicU32::new(config.bitrate_bps),
            fps: AtomicU32::new(config.fps.to_bits()),
            size: AtomicU64::new(packed(config.max_width, config.max_height)),
            measured: Mutex::default(),
        });
        let seen = Arc::clone(&shared);
        let thread = MediaThread::spawn("video-encode", move |stop| {
            Work::new(&input, config, &seen, &on_frame).run(stop);
        });
        Self {
            shared,
            _thread: thread,
        }
    }

    /// Makes the next picture a keyframe. Many requests before it are one.
    pub fn request_keyframe(&self) {
        self.shared.keyframe_wanted.store(true, Ordering::Release);
    }

    /// Encodes only while active; begins again with a keyframe.
    pub fn set_active(&self, active: bool) {
        let was_active = std::mem::replace(&mut *self.shared.active(), active);
        if was_active == active {
            return;
        }
        self.shared.measured().rest(!active, Instant::now());
        if active {
            self.request_keyframe();
            self.shared.activated.notify_all();
        }
    }

    /// Leaves out frames beyond this rate from the next picture on.
    pub fn set_frame_rate(&self, fps: f32) {
        self.shared.fps.store(fps.to_bits(), Ordering::Release);
    }

    /// Pictures are no larger than this from the next one on, which is a keyframe if that makes them another size.
    pub fn set_size(&self, (max_width, max_height): (u32, u32)) {
        self.shared
            .size
            .store(packed(max_width, max_height), Ordering::Release);
    }

    /// Aims at another bitrate from the next picture on, without a keyframe.
    pub fn set_bitrate(&self, bitrate_bps: u32) {
        self.shared
            .bitrate_bps
            .store(bitrate_bps, Ordering::Release);
    }

    /// What happened so far.
    pub fn stats(&self) -> VideoOutboundStats {
        let measured = self.shared.measured();
        let now = Instant::now();
        VideoOutboundStats {
            fps: measured.encoded.rate(now),
            mean_fps: measured.encoded.mean_rate(),
            bitrate_bps: measured.encoded.amount_rate(now) * 8.0,
            mean_bitrate_bps: measured.encoded.mean_amount_rate() * 8.0,
            encoders: u32::from(*self.shared.active()),
            ..measured.stats
        }
    }

    /// What it did in the last second; none while it rests or has only begun.
    pub fn effort(&self) -> Option<Effort> {
        self.shared.measured().effort
    }
}

impl Measured {
    /// The time that an encoder rests does not count in its rates.
    fn rest(&mut self, resting: bool, now: Instant) {
        self.effort = None;
        if resting {
            self.rested = Some(now);
        } else if let Some(since) = self.rested.take() {
            self.encoded.paused_for(now - since);
        }
    }
}

impl Shared {
    fn active(&self) -> MutexGuard<'_, bool> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until somebody takes the layer, or for a moment. Whether somebody does.
    fn wait_active(&self, moment: Duration) -> bool {
        let waited = self
            .activated
            .wait_timeout_while(self.active(), moment, |active| !*active);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The media thread's own state; begun anew if the thread dies.
struct Work<'a> {
    input: &'a FrameSlot,
    config: LayerConfig,
    shared: &'a Shared,
    on_frame: &'a dyn Fn(Arc<EncodedVideo>),
    encoder: Option<SizedEncoder>,
    scaler: Scaler,
    stream: Vec<u8>,
    fps: f32,
    limit: FrameRateLimit,
    source_rate: RateMeter,
    work: WorkMeter,
    last_timestamp: Option<u32>,
}

/// An encoder, and the size that it was made for.
struct SizedEncoder {
    size: (u32, u32),
    encoder: H264Encoder,
}

impl<'a> Work<'a> {
    fn new(
        input: &'a FrameSlot,
        config: LayerConfig,
        shared: &'a Shared,
        on_frame: &'a dyn Fn(Arc<EncodedVideo>),
    ) -> Self {
        Self {
            input,
            config,
            shared,
            on_frame,
            encoder: None,
            scaler: Scaler::default(),
            stream: Vec::new(),
            fps: config.fps,
            limit: FrameRateLimit::new(config.fps),
            source_rate: RateMeter::default(),
            work: WorkMeter::default(),
            last_timestamp: None,
        }
    }

    fn run(mut self, stop: &StopFlag) {
        let mut seen = 0;
        while !stop.is_stopped() {
            if !*self.shared.active() {
                self.encoder = None; // its memory is worth more than its start
                self.work = WorkMeter::default();
                self.shared.wait_active(IDLE);
                continue;
            }
            let Some((number, frame)) = self.input.wait_newer(seen, IDLE) else {
                continue;
            };
            let (begun, came) = (Instant::now(), number - seen);
            seen = number;
            if !*self.shared.active() {
                continue; // nobody takes it any more, since the wait began
            }
            self.follow_rate();
            let admitted = self.limit.admits(frame.captured);
            if admitted && let Err(error) = self.encode(&frame) {
                tracing::error!(%error, "a picture could not be encoded; trying with a new encoder");
                self.encoder = None;
                std::thread::sleep(RETRY_DELAY);
            }
            let effort = self.work.add(came, admitted, begun, self.fps);
            if effort.is_some() && *self.shared.active() {
                self.shared.measured().effort = effort;
            }
        }
    }

    fn follow_rate(&mut self) {
        let fps = f32::from_bits(self.shared.fps.load(Ordering::Acquire));
        if fps != self.fps {
            self.fps = fps;
            self.limit = FrameRateLimit::new(fps);
        }
    }

    fn encode(&mut self, frame: &Arc<Frame>) -> Result<(), EncoderError> {
        let most = self.shared.size.load(Ordering::Acquire);
        let size = fit_within(frame.width, frame.height, (most >> 32) as u32, most as u32);
        let scaled = self.scaler.scale(frame, size.0, size.1);
        self.source_rate.add(0, frame.captured);
        let fps = self.source_fps(frame.captured);
        let bitrate_bps = self.shared.bitrate_bps.load(Ordering::Acquire);
        let encoder = match &mut self.encoder {
            Some(sized) if sized.size == size => &mut sized.encoder,
            other => {
                let encoder = H264Encoder::of(self.config.content, bitrate_bps, self.fps);
                &mut other.insert(SizedEncoder { size, encoder }).encoder
            }
        };
        encoder.set_bitrate(bitrate_bps);
        encoder.set_frame_rate(fps);
        if self.shared.keyframe_wanted.swap(false, Ordering::AcqRel) {
            encoder.force_keyframe();
        }
        let milliseconds = since_epoch(frame.captured).as_millis() as u64;
        let encoded = encoder.encode(&scaled, milliseconds, &mut self.stream)?;
        if encoded == Encoded::Skipped {
            self.shared.measured().stats.frames_skipped += 1;
            return Ok(());
        }
        let keyframe = encoded == Encoded::Keyframe;
        let payloads = packetize(&self.stream);
        let bytes = payloads.iter().map(Bytes::len).sum();
        let picture = EncodedVideo {
            timestamp: self.next_timestamp(frame.captured),
            keyframe,
            layer: self.config.layer,
            droppable: encoded == Encoded::Droppable,
            width: scaled.width,
            height: scaled.height,
            payloads,
        };
        self.count(&picture, bytes);
        (self.on_frame)(Arc::new(picture));
        Ok(())
    }

    /// The layer's rate, or the source's where that is clearly lower.
    fn source_fps(&self, now: Instant) -> f32 {
        let measured = self.source_rate.rate(now);
        let wanted = f64::from(self.fps);
        if measured > 1.0 && measured < wanted * (1.0 - RATE_TOLERANCE) {
            measured.round() as f32
        } else {
            self.fps
        }
    }

    /// Grows with every picture, even if the source's clock does not.
    fn next_timestamp(&mut self, captured: Instant) -> u32 {
        let ticks = since_epoch(captured).as_micros() * RTP_HZ / 1_000_000;
        let mut timestamp = ticks as u32;
        if let Some(last) = self.last_timestamp
            && timestamp.wrapping_sub(last).wrapping_sub(1) > u32::MAX / 2
        {
            timestamp = last.wrapping_add(1);
        }
        self.last_timestamp = Some(timestamp);
        timestamp
    }

    fn count(&self, picture: &EncodedVideo, bytes: usize) {
        let mut measured = self.shared.measured();
        measured.encoded.add(bytes, Instant::now());
        measured.stats.width = picture.width;
        measured.stats.height = picture.height;
        measured.stats.frames += 1;
        measured.stats.keyframes += u64::from(picture.keyframe);
    }
}

/// Both in one word, so that they change together.
fn packed(width: u32, height: u32) -> u64 {
    u64::from(width) << 32 | u64::from(height)
}

/// Measures how hard an encoder works, second by second.
#[derive(Default)]
struct WorkMeter {
    /// Where the second began; none before the first frame.
    from: Option<Instant>,
    came: u64,
    made: u32,
    busy: Duration,
}

impl WorkMeter {
    /// A frame was dealt with, from `begun` till now, the last of `came` that came since the one before. Now and then
    /// gives what the last second was like.
    fn add(&mut self, came: u64, made: bool, begun: Instant, fps: f32) -> Option<Effort> {
        let now = Instant::now();
        let Some(from) = self.from else {
            // Whatever came before the first frame was not meant for this encoder.
            self.from = Some(now);
            return None;
        };
        self.came += came;
        self.made += u32::from(made);
        self.busy += now - begun;
        let span = (now - from).as_secs_f64();
        if span < EFFORT_WINDOW.as_secs_f64() {
            return None;
        }
        let effort = Effort {
            wanted_fps: (self.came as f64 / span).min(f64::from(fps)),
            made_fps: f64::from(self.made) / span,
            busy: self.busy.as_secs_f64() / span,
        };
        *self = Self {
            from: Some(now),
            ..Self::default()
        };
        Some(effort)
    }
}

fn since_epoch(captured: Instant) -> Duration {
    captured.saturating_duration_since(*RTP_EPOCH)
}
