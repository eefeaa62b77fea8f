//! One person's voice, or their music, from packets to sound for the mix.
//!
//! Packets are pushed by the network's thread into a small inbox and never wait for the decoder; the playout thread takes
//! them out, decodes what the jitter buffer says, and hands on as many samples as the speaker wants. While the sender rests
//! a [`ComfortNoise`] is heard; where that begins and ends the two sounds are cross-faded. Music has two channels all the way
//! (see [`Sound`]); what is measured, and the noise of the room, has one. Latency: the jitter buffer's target, which is longer while this person's pictures are held back, so that lips and voice stay together.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::comfort::ComfortNoise;
use super::decoder::{AudioDecoder, carries_fec, packet_samples};
use super::gap::Gaps;
use super::jitter::{Frame, JitterBuffer, Pace};
use super::level::{LevelMeter, SharedLevel};
use super::pace;
use super::sound::{SEAM_SAMPLES, Sound};
use super::stats::{AudioInboundStats, Histogram};
use super::tone_detector::ToneDetector;
use crate::transport::clock::{self, Micros, PictureDelay, SenderClock, VoiceDelay};
use crate::transport::packet::RtpPacket;

/// Packets between the network and the playout thread: 2 s of them. When full the oldest is dropped, and counted.
const INBOX_PACKETS: usize = 100;

/// By so much a voice may be earlier than its picture before it waits: people notice at 45 ms (ITU-R BT.1359), and the delay
/// keeps within some 10 ms of its target.
const EARLIER_THAN_PICTURE: Micros = 30_000;

/// One person's voice in the mix. Give it packets; it is heard through the [`Speaker`](super::Speaker) that made it, until
/// the last handle is dropped.
pub struct AudioSource {
    inbox: Mutex<Inbox>,
    voice: Mutex<Voice>,
    level: SharedLevel,
    speaking: AtomicBool,
    delay: Arc<VoiceDelay>,
}

#[derive(Default)]
struct Inbox {
    packets: VecDeque<Arrival>,
    clock: Option<SenderClock>,
    picture: Option<Arc<PictureDelay>>,
    discarded: u64,
}

/// What came off the network.
enum Arrival {
    Packet(RtpPacket),
    /// A copy of a packet, in one that was numbered so many later.
    Copy(RtpPacket, u16),
}

/// What the playout thread works on.
struct Voice {
    buffer: JitterBuffer,
    decoder: AudioDecoder,
    /// Decoded, not yet played: less than a frame between two calls.
    ready: Sound,
    frame: Sound,
    /// What a frame begins out of, or ends in.
    seam: Sound,
    /// Room for the mean of two channels.
    mean: Vec<f32>,
    comfort: ComfortNoise,
    /// What was heard last was no voice.
    quiet: bool,
    meter: LevelMeter,
    tone: ToneDetector,
    waits: Histogram,
    not_opus: u64,
    /// Samples that stand for a packet which was there and was of no use.
    invented_samples: u64,
    fec_recovered: u64,
    gaps: Gaps,
}

impl AudioSource {
    pub(crate) fn new() -> Self {
        Self {
            inbox: Mutex::default(),
            voice: Mutex::new(Voice::new()),
            level: SharedLevel::new(),
            speaking: AtomicBool::new(false),
            delay: Arc::default(),
        }
    }

    /// What the sender says about its timestamps and its clock.
    pub fn set_clock(&self, clock: SenderClock) {
        lock(&self.inbox).clock = Some(clock);
    }

    /// How long after its capture this voice is heard, for the picture that waits for it.
    pub fn delay(&self) -> Arc<VoiceDelay> {
        self.delay.clone()
    }

    /// From now on this voice waits for that picture, where pictures are held back. Whichever came last is followed.
    pub fn follow(&self, picture: Arc<PictureDelay>) {
        lock(&self.inbox).picture = Some(picture);
    }

    /// Takes a packet in, in any order, whatever it holds. Never blocks on decoding.
    pub fn push(&self, packet: RtpPacket) {
        self.take_in(Arrival::Packet(packet));
    }

    /// Takes in a copy of an earlier packet, which came along with the packet that is numbered `behind` later and was
    /// pushed just before.
    pub fn push_copy(&self, copy: RtpPacket, behind: u16) {
        self.take_in(Arrival::Copy(copy, behind));
    }

    fn take_in(&self, arrival: Arrival) {
        let mut inbox = lock(&self.inbox);
        if inbox.packets.len() == INBOX_PACKETS {
            inbox.packets.pop_front();
            inbox.discarded += 1;
        }
        inbox.packets.push_back(arrival);
    }

    /// Packets that came, and that were lost: of the stats what costs no Fourier transform.
    pub fn packets(&self) -> (u64, u64) {
        let overflown = lock(&self.inbox).discarded;
        let stats = lock(&self.voice).stats(overflown);
        (stats.packets_received, stats.packets_lost)
    }

    /// What this voice went through so far.
    pub fn stats(&self) -> AudioInboundStats {
        let overflown = lock(&self.inbox).discarded;
        let (stats, tone) = {
            let voice = lock(&self.voice);
            (voice.stats(overflown), voice.tone.clone())
        };
        // A Fourier transform, so not while the playout thread may be waiting for the lock.
        AudioInboundStats {
            tone_hz: tone.tone_hz(),
            ..stats
        }
    }

    /// RMS level of what is being heard, in dBFS.
    pub fn level(&self) -> f32 {
        self.level.get()
    }

    /// Whether this person speaks, or did within the last 300 ms.
    pub fn is_speaking(&self) -> bool {
        self.speaking.load(Ordering::Relaxed)
    }

    /// Leaves in `out` the next samples, to be heard `ahead` from `now` on as far as the device tells. Playout thread only.
    pub(crate) fn fill(&self, samples: usize, out: &mut Sound, now: Instant, ahead: Duration) {
        let (arrived, clock, picture) = {
            let mut inbox = lock(&self.inbox);
            let picture = inbox.picture.as_ref().and_then(|picture| picture.get(now));
            (std::mem::take(&mut inbox.packets), inbox.clock, picture)
        };
        let mut voice = lock(&self.voice);
        arrived
            .into_iter()
            .for_each(|arrival| voice.accept(arrival));
        let picture = clock.zip(picture);
        let picture = picture.and_then(|(clock, picture)| least(clock, picture, ahead));
        voice.buffer.wait_for_picture(picture);
        let spoke = voice.fill(samples, out, now);
        let played =
            clock.and_then(|clock| voice.buffer.played_at(clock.timestamp).zip(Some(clock)));
        if let Some((at, clock)) = played.filter(|_| spoke) {
            self.delay.set(clock.micros(), at + ahead, now);
        }
        self.level.set(voice.meter.level_dbfs());
        self.speaking.store(voice.meter.voice(), Ordering::Relaxed);
    }
}

/// When what was captured with the clock's timestamp should be played at the earliest, given how much later than its
/// capture a picture is shown and how much of that is hold; and for how long it may wait for that.
fn least(
    clock: SenderClock,
    (shown, hold): (Micros, Micros),
    ahead: Duration,
) -> Option<(u32, Instant, Duration)> {
    let heard = clock::local_instant(clock.micros() + shown - EARLIER_THAN_PICTURE)?;
    let most = Duration::from_micros(hold.max(0) as u64);
    Some((clock.timestamp, heard.checked_sub(ahead)?, most))
}

/// A thread that panicked while holding a lock left plain data behind: good enough to go on with.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Voice {
    fn new() -> Self {
        Self {
            buffer: JitterBuffer::new(),
            decoder: AudioDecoder::new(),
            ready: Sound::default(),
            frame: Sound::default(),
            seam: Sound::default(),
            mean: Vec::new(),
            comfort: ComfortNoise::new(),
            quiet: true,
            meter: LevelMeter::new(),
            tone: ToneDetector::new(),
            waits: Histogram::new(),
            not_opus: 0,
            invented_samples: 0,
            fec_recovered: 0,
            gaps: Gaps::default(),
        }
    }

    fn accept(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Packet(packet) => match packet_samples(&packet.payload) {
                Some(samples) => self.buffer.insert(packet, samples),
                None => self.not_opus += 1,
            },
            Arrival::Copy(copy, behind) => {
                if let Some(samples) = packet_samples(&copy.payload) {
                    self.buffer.insert_copy(copy, samples, behind);
                }
            }
        }
    }

    /// Whether anything of it came from a packet.
    fn fill(&mut self, samples: usize, out: &mut Sound, now: Instant) -> bool {
        let mut spoke = false;
        while self.ready.len() < samples {
            let frame = self.buffer.take(now);
            spoke |= matches!(frame, Frame::Packet { .. });
            self.decode(frame);
            let mean = self.frame.mean(&mut self.mean);
            self.meter.feed(mean);
            self.tone.feed(mean);
            self.ready.append(&self.frame);
        }
        self.ready.take_front(samples, out);
        spoke
    }

    /// Leaves the sound of one frame in `self.frame`.
    fn decode(&mut self, frame: Frame) {
        match frame {
            Frame::Packet {
                payload,
                samples,
                waited,
                pace,
            } => {
                self.waits.add(waited);
                if self.decoder.decode(&payload, samples, &mut self.frame) {
                    self.gaps.heard();
                } else {
                    let concealed = self.frame.len();
                    self.gaps.missed(concealed);
                    self.invented_samples += concealed as u64;
                }
                self.comfort.hear(self.frame.mean(&mut self.mean));
                self.adjust(pace);
                self.come_back();
            }
            Frame::Recovered { following, samples } => {
                // Without a copy in it, the decoder continues from what it knows.
                match carries_fec(&following) {
                    true => {
                        self.gaps.heard();
                        self.fec_recovered += 1;
                    }
                    false => {
                        self.gaps.missed(samples);
                        self.invented_samples += samples as u64;
                    }
                }
                self.decoder.recover(&following, samples, &mut self.frame);
                self.come_back();
            }
            Frame::Concealed { samples, last } => {
                self.gaps.missed(samples);
                self.decoder.conceal(samples, &mut self.frame);
                if last {
                    self.frame.fade_out();
                    self.quiet = true;
                } else {
                    self.come_back();
                }
            }
            Frame::Rest { samples } => {
                self.gaps.rested();
                self.rest(samples);
            }
            Frame::Silence { samples } => {
                self.gaps.missed(samples);
                self.frame.silence(samples);
                self.quiet = true;
            }
        }
    }

    /// Nobody speaks at the other end.
    fn rest(&mut self, samples: usize) {
        if !self.quiet {
            self.comfort.settle();
        }
        noise(&mut self.comfort, samples, &mut self.frame);
        if !self.quiet {
            self.decoder.conceal(SEAM_SAMPLES, &mut self.seam);
            self.frame.fade_from(&self.seam);
        }
        self.decoder.rest();
        self.quiet = true;
    }

    /// A voice begins where there was none, out of the noise of the room.
    fn come_back(&mut self) {
        if !std::mem::take(&mut self.quiet) {
            return;
        }
        noise(&mut self.comfort, SEAM_SAMPLES, &mut self.seam);
        self.frame.fade_from(&self.seam);
    }

    fn adjust(&mut self, pace: Pace) {
        match pace {
            Pace::AsIs => {}
            Pace::Shrink(haste) => {
                let lag = pace::shrink(&mut self.frame, haste) as i64;
                self.buffer.stretched(-lag);
            }
            Pace::Stretch(haste) => {
                let lag = pace::stretch(&mut self.frame, haste) as i64;
                self.buffer.stretched(lag);
            }
        }
    }

    fn stats(&self, overflown: u64) -> AudioInboundStats {
        let counts = self.buffer.counts();
        AudioInboundStats {
            packets_received: counts.received + self.not_opus,
            packets_lost: self.buffer.lost().saturating_sub(self.not_opus + overflown),
            packets_discarded: counts.discarded
                + self.not_opus
                + overflown
                + self.decoder.malformed(),
            total_samples: counts.total_samples,
            concealed_samples: counts.concealed_samples + self.invented_samples,
            fec_recovered: self.fec_recovered,
            redundant_recovered: counts.recovered,
            longest_gap: self.gaps.longest(),
            jitter_buffer_ms: self.waits.spread(),
            level_dbfs: self.meter.level_dbfs(),
            tone_hz: None,
        }
    }
}

/// So much of the noise of the room. It has no sides.
fn noise(comfort: &mut ComfortNoise, samples: usize, out: &mut Sound) {
    out.silence(samples);
    out.each(|channel| comfort.fill(channel));
}

#[cfg(test)]
mod tests;
