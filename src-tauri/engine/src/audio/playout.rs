//! From all voices to the speaker.
//!
//! The playout thread sleeps until the device's callback has taken something, then mixes exactly as much as is missing from
//! the [`Cushion`]. With no device that asks (none chosen, none there, or one that hangs) a clock takes its place, so that
//! voices are still decoded and measured and nothing piles up. Latency: the cushion, one device buffer and 2.5 ms.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::conversion::Conversion;
use super::cushion::Cushion;
use super::inbound::AudioSource;
use super::ring::PlaybackEnd;
use super::sound::Sound;
use super::test_sound::TestSound;
use super::wav::WavSink;
use super::{SAMPLE_RATE, duration_of, mixer};

/// Without a device that asks, this much is mixed at a time: 10 ms.
const CLOCKED_SAMPLES: usize = 480;

/// A device that has not asked for so long does not set the pace any more.
const STALLED_AFTER: Duration = Duration::from_millis(200);

/// A device asks through its callback, which wakes the thread; this is for when it does not.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The clock, when it is behind by more than this, forgets what it missed instead of hurrying.
const MOST_BEHIND: Duration = Duration::from_millis(200);

/// Where the sound goes.
pub(super) enum Output {
    Nothing,
    /// A device that is yet to be opened.
    Awaited,
    Device(PlaybackEnd),
    File(WavSink),
}

/// What others may know and change while the thread runs.
#[derive(Default)]
pub(super) struct Shared {
    /// Voices to mix. Whoever holds a voice keeps it alive; here it is only looked up.
    pub(super) sources: Mutex<Vec<Weak<AudioSource>>>,
    pub(super) test_sound: AtomicBool,
    pub(super) stop: AtomicBool,
}

/// The body of the playout thread; returns when told to stop.
pub(super) fn run(shared: &Arc<Shared>, outputs: &Receiver<Output>) {
    let mut mix = Mix::new(shared.clone());
    let mut output = Running::Clock(Clock::new(None));
    let mut awaits_device = false;
    while !shared.stop.load(Ordering::Acquire) {
        loop {
            match outputs.try_recv() {
                Ok(Output::Nothing) => {
                    (output, awaits_device) = (Running::Clock(Clock::new(None)), false)
                }
                Ok(Output::Awaited) => {
                    (output, awaits_device) = (Running::Clock(Clock::new(None)), true)
                }
                Ok(Output::File(file)) => {
                    (output, awaits_device) = (Running::Clock(Clock::new(Some(file))), false)
                }
                Ok(Output::Device(end)) if awaits_device => output = Running::device(end),
                // A device that was opened just before something else was chosen comes too late.
                Ok(Output::Device(_)) => {}
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        let sleep = output.pump(&mut mix, Instant::now());
        std::thread::park_timeout(sleep);
    }
}

/// An output at work.
enum Running {
    Device(Box<DeviceOutput>),
    Clock(Clock),
}

impl Running {
    fn device(end: PlaybackEnd) -> Self {
        DeviceOutput::new(end).map_or_else(
            || Self::Clock(Clock::new(None)),
            |device| Self::Device(Box::new(device)),
        )
    }

    /// Mixes what is wanted by now; how long to sleep, unless woken.
    fn pump(&mut self, mix: &mut Mix, now: Instant) -> Duration {
        match self {
            Self::Device(device) if device.end.is_abandoned() => {
                let mut clock = Clock::new(None);
                let sleep = clock.pump(mix, now);
                *self = Self::Clock(clock);
                sleep
            }
            Self::Device(device) => device.pump(mix, now),
            Self::Clock(clock) => clock.pump(mix, now),
        }
    }
}

/// Mixes 10 ms every 10 ms, into a file or into nothing.
struct Clock {
    file: Option<WavSink>,
    due: Option<Instant>,
}

impl Clock {
    fn new(file: Option<WavSink>) -> Self {
        Self { file, due: None }
    }

    fn pump(&mut self, mix: &mut Mix, now: Instant) -> Duration {
        let mut due = self
            .due
            .filter(|due| now.saturating_duration_since(*due) < MOST_BEHIND)
            .unwrap_or(now);
        while due <= now {
            let sound = mix.next(CLOCKED_SAMPLES, now, Duration::ZERO);
            if let Some(Err(why)) = self.file.as_mut().map(|file| file.write(sound)) {
                tracing::warn!(%why, "the sound is no longer written to its file");
                self.file = None;
            }
            due += duration_of(CLOCKED_SAMPLES);
        }
        self.due = Some(due);
        due - now
    }
}

/// Keeps a device's ring filled.
struct DeviceOutput {
    end: PlaybackEnd,
    conversion: Conversion,
    cushion: Cushion,
    asked: u64,
    asked_at: Option<Instant>,
    instead: Clock,
}

impl DeviceOutput {
    fn new(end: PlaybackEnd) -> Option<Self> {
        let conversion = Conversion::new(SAMPLE_RATE, end.rate, end.channels()).ok()?;
        let cushion = Cushion::new(end.rate);
        Some(Self {
            end,
            conversion,
            cushion,
            asked: 0,
            asked_at: None,
            instead: Clock::new(None),
        })
    }

    fn pump(&mut self, mix: &mut Mix, now: Instant) -> Duration {
        let asked = self.end.asked();
        if asked > self.asked {
            let began = self.asked == 0;
            self.asked = asked;
            self.asked_at = Some(now);
            let (largest, ran_dry) = self.end.take_demand();
            // The very first request is always too early.
            self.cushion.note(now, largest, ran_dry && !began);
        }
        if self
            .asked_at
            .is_none_or(|asked| now.duration_since(asked) > STALLED_AFTER)
        {
            return self.instead.pump(mix, now);
        }
        self.instead.due = None;
        self.refill(mix, now);
        LOOK_EVERY
    }

    fn refill(&mut self, mix: &mut Mix, now: Instant) {
        loop {
            let missing = self.cushion.frames().saturating_sub(self.end.filled());
            let samples = (missing as u64 * u64::from(SAMPLE_RATE))
                .div_ceil(u64::from(self.end.rate)) as usize;
            if samples == 0 {
                return;
            }
            // What is in the ring goes first, and before it what the device took last.
            let before = self.end.filled() + self.cushion.appetite();
            let ahead = Duration::from_secs_f64(before as f64 / f64::from(self.end.rate));
            let sound = mix.next(samples.min(CLOCKED_SAMPLES), now, ahead);
            self.end.push(self.conversion.run(sound));
        }
    }
}

/// All voices and the test sound.
struct Mix {
    shared: Arc<Shared>,
    test_sound: Option<TestSound>,
    sum: Sound,
    voice: Sound,
}

impl Mix {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            test_sound: None,
            sum: Sound::default(),
            voice: Sound::default(),
        }
    }

    /// The next samples of everything together, heard `ahead` from `now` on.
    fn next(&mut self, samples: usize, now: Instant, ahead: Duration) -> &Sound {
        self.sum.silence(samples);
        for source in self.sources() {
            source.fill(samples, &mut self.voice, now, ahead);
            mixer::add(&mut self.sum, &self.voice);
        }
        if self.shared.test_sound.swap(false, Ordering::Relaxed) {
            self.test_sound = Some(TestSound::default());
        }
        if let Some(sound) = &mut self.test_sound {
            let mut goes_on = true;
            self.voice.silence(samples);
            self.voice.each(|channel| goes_on = sound.fill(channel));
            mixer::add(&mut self.sum, &self.voice);
            if !goes_on {
                self.test_sound = None;
            }
        }
        mixer::limit(&mut self.sum);
        &self.sum
    }

    fn sources(&self) -> Vec<Arc<AudioSource>> {
        let mut sources = self
            .shared
            .sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sources.retain(|source| source.strong_count() > 0);
        sources.iter().filter_map(Weak::upgrade).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::FRAME_SAMPLES;
    use super::super::level::{SILENCE_DBFS, rms_dbfs};
    use super::super::music::MusicEncoder;
    use super::super::ring::{PlaybackFeed, playback_ring};
    use super::super::tone::Tone;
    use super::*;
    use crate::transport::packet::RtpPacket;

    fn device(rate: u32, channels: usize) -> (PlaybackFeed, DeviceOutput) {
        let (feed, end) = playback_ring(rate, channels, Arc::default(), std::thread::current());
        (feed, DeviceOutput::new(end).unwrap())
    }

    /// Lets a device of `rate` Hz take 10 ms of stereo every 10 ms; what its left channel heard.
    fn play(rate: u32, seconds: u32) -> Vec<f32> {
        let shared = Arc::new(Shared::default());
        shared.test_sound.store(true, Ordering::Relaxed);
        let mut mix = Mix::new(shared);
        let (mut feed, mut output) = device(rate, 2);
        let mut now = Instant::now();
        let mut heard = Vec::new();
        let mut buffer = vec![0.0_f32; rate as usize / 50];
        for _ in 0..seconds * 100 {
            feed.fill(&mut buffer, 2);
            heard.extend(buffer.chunks_exact(2).map(|frame| frame[0]));
            output.pump(&mut mix, now);
            now += Duration::from_millis(10);
        }
        heard
    }

    #[test]
    fn the_test_sound_is_heard_whole_at_any_rate_without_a_gap() {
        for rate in [44_100, 48_000, 96_000] {
            let heard = play(rate, 2);
            let expected = TestSound::SAMPLES as f32 / 48_000.0;
            let first =
                heard.iter().position(|sample| sample.abs() > 0.01).unwrap() as f32 / rate as f32;
            let last = heard
                .iter()
                .rposition(|sample| sample.abs() > 0.001)
                .unwrap() as f32
                / rate as f32;
            assert!(first < 0.04, "{rate}: begins after {first} s");
            assert!(
                (last - first - expected).abs() < 0.06,
                "{rate}: lasts {} s",
                last - first
            );
            let blocks =
                heard[rate as usize / 20..rate as usize * 4 / 5].chunks_exact(rate as usize / 100);
            assert!(
                blocks.clone().all(|block| rms_dbfs(block) > -45.0),
                "{rate}: a gap"
            );
        }
    }

    #[test]
    fn the_ring_holds_no_more_than_the_cushion() {
        let mut mix = Mix::new(Arc::default());
        let (mut feed, mut output) = device(48_000, 1);
        let mut now = Instant::now();
        for _ in 0..1_500 {
            feed.fill(&mut [0.0_f32; 480], 1);
            output.pump(&mut mix, now);
            now += Duration::from_millis(10);
        }
        assert_eq!(output.end.filled(), 600, "one request and 2.5 ms");
    }

    #[test]
    fn a_device_that_hangs_is_replaced_by_the_clock_and_voices_go_on() {
        let shared = Arc::new(Shared::default());
        let mut mix = Mix::new(shared.clone());
        let (mut feed, mut output) = device(48_000, 1);
        let mut now = Instant::now();
        feed.fill(&mut [0.0_f32; 480], 1);
        output.pump(&mut mix, now);
        shared.test_sound.store(true, Ordering::Relaxed);
        for _ in 0..150 {
            now += Duration::from_millis(10);
            output.pump(&mut mix, now);
        }
        assert!(mix.test_sound.is_none(), "played to its end, for nobody");
        assert_eq!(output.end.filled(), 600);
    }

    /// What is heard on each of a device's channels of music whose right channel is silent.
    fn play_left_only(rate: u32, channels: usize) -> Vec<f32> {
        let (shared, source) = (Arc::new(Shared::default()), Arc::new(AudioSource::new()));
        shared.sources.lock().unwrap().push(Arc::downgrade(&source));
        let mut mix = Mix::new(shared);
        let (mut feed, mut output) = device(rate, channels);
        let (mut music, mut tone) = (MusicEncoder::new(2).unwrap(), Tone::new(440.0, 0.25));
        let mut now = Instant::now();
        let mut buffer = vec![0.0_f32; rate as usize / 100 * channels];
        let mut heard = vec![Vec::new(); channels];
        for n in 0..300_u16 {
            if n % 2 == 0 {
                let mut left = [0.0; FRAME_SAMPLES];
                tone.fill(&mut left);
                let both: Vec<f32> = left.iter().flat_map(|left| [*left, 0.0]).collect();
                source.push(RtpPacket {
                    sequence: n / 2,
                    timestamp: u32::from(n / 2) * FRAME_SAMPLES as u32,
                    marker: false,
                    payload: music.encode(&both).unwrap(),
                    arrived: now,
                });
            }
            feed.fill(&mut buffer, channels);
            for frame in buffer.chunks_exact(channels).filter(|_| n > 200) {
                for (heard, sample) in heard.iter_mut().zip(frame) {
                    heard.push(*sample);
                }
            }
            output.pump(&mut mix, now);
            now += Duration::from_millis(10);
        }
        heard.iter().map(|channel| rms_dbfs(channel)).collect()
    }

    #[test]
    fn what_is_on_the_left_is_heard_on_the_left_of_two_channels_and_halved_on_the_only_one() {
        const SENT_DBFS: f32 = -15.05;
        for rate in [44_100, 48_000] {
            let levels = play_left_only(rate, 2);
            assert!((levels[0] - SENT_DBFS).abs() < 0.5, "{rate}: {levels:?}");
            assert!(levels[1] < levels[0] - 40.0, "{rate}: {levels:?}");
            let levels = play_left_only(rate, 6);
            assert!((levels[0] - SENT_DBFS).abs() < 0.5, "{rate}: {levels:?}");
            assert!(levels[2..].iter().all(|level| *level == SILENCE_DBFS));
            let levels = play_left_only(rate, 1);
            let mean = SENT_DBFS - 6.02;
            assert!((levels[0] - mean).abs() < 0.5, "{rate}: {levels:?}");
        }
    }
}
