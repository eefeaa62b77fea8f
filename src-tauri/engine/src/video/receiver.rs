//! From one person's packets to their newest picture.
//!
//! `push` hands a packet over without ever blocking; a media thread assembles, decodes and publishes.
//! A frame is decoded some 3 ms (720p) after its last packet; only a gap waits, see [`super::assembler`]. It is published
//! when the voice that was captured with it is heard, or later where repairs are frequent, see `super::playout`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::assembler::{AccessUnit, Assembler, Output};
use super::content::Content;
use super::encoder::RTP_HZ;
use super::frame::Frame;
use super::freeze::FreezeMeter;
use super::h264::H264Decoder;
use super::hold::Hold;
use super::keyframe_requests::KeyframeRequests;
use super::media_thread::{MediaThread, StopFlag};
use super::pattern::{PatternMeter, wall_micros};
use super::playout::{Cue, Playout};
use super::slot::FrameSlot;
use super::stats::{RateMeter, VideoInboundStats};
use crate::transport::clock::{PictureDelay, SenderClock, VoiceDelay};
use crate::transport::packet::RtpPacket;

/// Packets between the network and the media thread: a second at 20 Mbit/s. When it is full the machine
/// cannot keep up; everything queued is dropped and decoding goes on from the next keyframe.
const QUEUE: usize = 2048;

/// How soon the thread notices that it is to stop.
const IDLE: Duration = Duration::from_millis(100);

/// A picture that waited this long for the decoder is not worth decoding: the machine was asleep, or
/// is too slow, and must catch up from a keyframe.
const MAX_BEHIND: Duration = Duration::from_secs(1);

/// For how long the machine counts as being behind after it had to catch up. One that is too slow must do so every few
/// seconds.
const BEHIND_FOR: Duration = Duration::from_secs(10);

/// What the receiver wants sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feedback {
    /// These packets again.
    Nack(Vec<u16>),
    /// A keyframe. Rate-limited already.
    Keyframe,
}

/// Receives one stream; ends when dropped.
pub struct VideoReceiver {
    packets: SyncSender<RtpPacket>,
    shared: Arc<Shared>,
    _thread: MediaThread,
}

#[derive(Default)]
struct Shared {
    measured: Mutex<Measured>,
    /// Apart from the rest, because comparing a picture holds it for some milliseconds.
    pattern: Mutex<PatternMeter>,
    /// What the sender says about its clock, and the voice that goes with the picture.
    clock: Mutex<Option<SenderClock>>,
    voice: OnceLock<Arc<VoiceDelay>>,
    /// When pictures are shown, for the voice that waits for them.
    delay: Arc<PictureDelay>,
    overflowed: AtomicBool,
}

/// What the thread writes and `stats` reads.
#[derive(Default)]
struct Measured {
    stats: VideoInboundStats,
    decoded: RateMeter,
    freezes: FreezeMeter,
    paused_since: Option<Instant>,
    /// When something was last left undecoded because it had waited for too long.
    caught_up: Option<Instant>,
}

impl VideoReceiver {
    /// Publishes decoded frames into `output`; `feedback` is called on the media thread and must not block.
    pub fn start(
        output: Arc<FrameSlot>,
        feedback: impl Fn(Feedback) + Send + Sync + 'static,
    ) -> Self {
        Self::of(Content::Camera, output, feedback)
    }

    /// The same for pictures of this kind.
    pub fn of(
        content: Content,
        output: Arc<FrameSlot>,
        feedback: impl Fn(Feedback) + Send + Sync + 'static,
    ) -> Self {
        let (packets, queue) = sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            pattern: Mutex::new(PatternMeter::of(content)),
            ..Shared::default()
        });
        let seen = Arc::clone(&shared);
        let thread = MediaThread::spawn("video-receive", move |stop| {
            Work::new(&queue, &seen, &output, &feedback).run(stop);
        });
        Self {
            packets,
            shared,
            _thread: thread,
        }
    }

    /// Takes a packet; never blocks.
    pub fn push(&self, packet: RtpPacket) {
        if let Err(TrySendError::Full(_)) = self.packets.try_send(packet) {
            self.shared.overflowed.store(true, Ordering::Release);
        }
    }

    /// From now on pictures are shown when this voice is heard.
    pub fn follow(&self, voice: Arc<VoiceDelay>) {
        // Whoever follows one voice already goes on with it.
        let _ = self.shared.voice.set(voice);
    }

    /// How long after their capture pictures are shown while they are held back, for the voice that goes with them.
    pub fn delay(&self) -> Arc<PictureDelay> {
        self.shared.delay.clone()
    }

    /// What the sender says about its timestamps and its clock.
    pub fn set_clock(&self, clock: SenderClock) {
        *self.shared.clock() = Some(clock);
    }

    /// Says whether pictures are to be expected: while the sender's camera is off, silence is no freeze.
    pub fn set_expected(&self, expected: bool) {
        let mut measured = self.shared.measured();
        let now = Instant::now();
        match (expected, measured.paused_since) {
            (false, None) => {
                measured.paused_since = Some(now);
                measured.freezes.pause();
            }
            (true, Some(since)) => {
                measured.paused_since = None;
                measured.freezes.pause();
                measured.decoded.paused_for(now - since);
            }
            _ => {}
        }
    }

    /// Whether pictures are to be expected.
    pub fn is_expected(&self) -> bool {
        self.shared.measured().paused_since.is_none()
    }

    /// What happened so far.
    pub fn stats(&self) -> VideoInboundStats {
        let pattern = self.shared.pattern().stats();
        let measured = self.shared.measured();
        let now = Instant::now();
        VideoInboundStats {
            fps: measured.decoded.rate(now),
            mean_fps: measured.decoded.mean_rate(),
            freeze_count: measured.freezes.count(),
            total_freezes_duration: measured.freezes.total(),
            pattern,
            behind: measured.caught_up.is_some_and(|at| now - at < BEHIND_FOR),
            ..measured.stats
        }
    }
}

impl Shared {
    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> MutexGuard<'_, Option<SenderClock>> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a picture was captured and its voice is heard.
    fn cue(&self, timestamp: u32, now: Instant) -> Option<Cue> {
        let clock = (*self.clock())?;
        let captured = clock.captured(timestamp, RTP_HZ as u32);
        let voice = self.voice.get().and_then(|voice| voice.get(now));
        Some(Cue { captured, voice })
    }

    fn pattern(&self) -> MutexGuard<'_, PatternMeter> {
        self.pattern.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The media thread's own state; begun anew if the thread dies.
struct Work<'a> {
    queue: &'a Receiver<RtpPacket>,
    shared: &'a Shared,
    output: &'a FrameSlot,
    feedback: &'a (dyn Fn(Feedback) + Send + Sync),
    assembler: Assembler,
    decoder: H264Decoder,
    requests: KeyframeRequests,
    hold: Hold,
    playout: Playout,
    heard: Option<Instant>,
    /// Complete pictures that were not decoded.
    undecoded: u64,
}

impl<'a> Work<'a> {
    fn new(
        queue: &'a Receiver<RtpPacket>,
        shared: &'a Shared,
        output: &'a FrameSlot,
        feedback: &'a (dyn Fn(Feedback) + Send + Sync),
    ) -> Self {
        Self {
            queue,
            shared,
            output,
            feedback,
            assembler: Assembler::new(),
            decoder: H264Decoder::new(),
            requests: KeyframeRequests::default(),
            hold: Hold::default(),
            playout: Playout::default(),
            heard: None,
            undecoded: 0,
        }
    }

    fn run(mut self, stop: &StopFlag) {
        while !stop.is_stopped() {
            match self.queue.recv_timeout(self.patience(Instant::now())) {
                Ok(packet) => self.take(packet),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.shared.overflowed.swap(false, Ordering::AcqRel) {
                self.catch_up();
            }
            self.work(Instant::now());
        }
    }

    fn patience(&self, now: Instant) -> Duration {
        let deadlines = [self.assembler.deadline(), self.playout.deadline()];
        deadlines
            .into_iter()
            .flatten()
            .map(|deadline| deadline.saturating_duration_since(now))
            .fold(IDLE, Duration::min)
    }

    fn take(&mut self, packet: RtpPacket) {
        let now = Instant::now();
        self.heard = Some(now);
        self.assembler.push(packet, now);
    }

    /// The machine could not keep up: what is queued is old, and has holes.
    fn catch_up(&mut self) {
        tracing::warn!(
            "video packets came faster than they could be decoded; waiting for a keyframe"
        );
        while self.queue.try_recv().is_ok() {}
        self.shared.measured().caught_up = Some(Instant::now());
        self.assembler.await_keyframe();
    }

    fn work(&mut self, now: Instant) {
        while let Some(output) = self.assembler.poll(now) {
            while let Some(wait) = self.assembler.waited() {
                self.hold.waited(wait, now);
            }
            if let Some(wait) = self.assembler.second_repair() {
                self.hold.expect(wait, now);
            }
            match output {
                Output::AccessUnit(unit) => self.decode(unit),
                Output::Nack(numbers) => (self.feedback)(Feedback::Nack(numbers)),
            }
        }
        self.show(Instant::now());
        let asks = self
            .requests
            .poll(self.assembler.wants_keyframe(), self.heard, now);
        self.count(asks);
        if asks {
            (self.feedback)(Feedback::Keyframe);
        }
    }

    fn decode(&mut self, unit: AccessUnit) {
        if unit.arrived.elapsed() > MAX_BEHIND && !unit.keyframe {
            self.undecoded += 1;
            self.shared.measured().caught_up = Some(Instant::now());
            self.assembler.await_keyframe();
            return;
        }
        match self.decoder.decode(&unit.data) {
            Ok(Some(frame)) => {
                let wall = wall_micros();
                {
                    let mut measured = self.shared.measured();
                    measured.stats.frames_decoded += 1;
                    measured.stats.key_frames_decoded += u64::from(unit.keyframe);
                    measured.stats.width = frame.width;
                    measured.stats.height = frame.height;
                    measured.decoded.add(unit.data.len(), frame.captured);
                }
                self.hold(&unit, &frame);
                self.show(frame.captured);
                self.shared.pattern().observe(&frame, wall);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a picture could not be decoded");
                self.undecoded += 1;
                self.shared.measured().stats.decode_errors += 1;
                self.assembler.await_keyframe();
            }
        }
        self.assembler.recycle(unit);
    }

    /// Lets a picture, decoded just now, wait for its time.
    fn hold(&mut self, unit: &AccessUnit, frame: &Arc<Frame>) {
        let now = frame.captured;
        let cue = self.shared.cue(unit.timestamp, now);
        let hold = self.hold.get(now);
        self.playout.push(Arc::clone(frame), cue, hold, now);
        let (delay, hold) = self
            .playout
            .held()
            .map_or((0, 0), |held| (held.delay, held.hold));
        self.shared.delay.set(delay, hold, now);
    }

    fn show(&mut self, now: Instant) {
        let Some(frame) = self.playout.pop(now) else {
            return;
        };
        {
            let mut measured = self.shared.measured();
            if measured.paused_since.is_none() {
                measured.freezes.frame(now);
            }
        }
        self.output.publish(frame);
    }

    /// Copies the counts of the parts to where `stats` reads them.
    fn count(&self, asked_keyframe: bool) {
        let parts = self.assembler.stats();
        let mut measured = self.shared.measured();
        let stats = &mut measured.stats;
        stats.av_offset_ms = self.playout.offset_ms();
        stats.hold_ms = self
            .playout
            .held()
            .map_or(0.0, |held| held.hold as f64 / 1e3);
        stats.frames_received = parts.frames_received;
        stats.frames_dropped = parts.frames_dropped + self.undecoded;
        stats.packets_received = parts.packets_received;
        stats.packets_lost = parts.packets_lost;
        stats.retransmitted_packets = parts.packets_retransmitted;
        stats.nacks = parts.nacks;
        stats.plis += u64::from(asked_keyframe);
    }
}
