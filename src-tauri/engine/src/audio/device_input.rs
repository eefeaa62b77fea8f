//! A microphone device's samples, cut into blocks of 10 ms at 48 kHz, each with the time at which it was captured.
//!
//! Runs on the capture thread. Latency: a block is complete 10 ms after its first sample; the resampler's 4 ms where the
//! device has another rate.

use std::time::Instant;

use super::SAMPLE_RATE;
use super::processing::{BLOCK_SAMPLES, Block};
use super::resampler::Resampler;
use super::ring::CaptureEnd;
use super::stream_clock::StreamClock;

/// More of a backlog than this, in parts of a second (100 ms), is old news: the thread was stuck, and only the newest is sent.
const BACKLOGS_PER_SECOND: u32 = 10;

/// 10 ms of captured sound.
pub(super) struct Captured<'a> {
    /// The first channel, or the mean of all when one was asked for.
    pub(super) left: &'a mut Block,
    /// The second channel, if the device has two and both were asked for.
    pub(super) right: Option<&'a mut Block>,
    /// When its first sample was captured.
    pub(super) at: Instant,
}

/// An open device.
pub(super) struct DeviceInput {
    end: CaptureEnd,
    clock: StreamClock,
    raw: Vec<f32>,
    left: Channel,
    right: Option<Channel>,
    /// The device's position that is to come next.
    expected: u64,
    /// The position of the first sample in the channels, at 48 kHz.
    position: f64,
}

/// One channel on its way to 48 kHz.
struct Channel {
    resampler: Resampler,
    ready: Vec<f32>,
}

impl Channel {
    fn new(rate: u32) -> Option<Self> {
        let resampler = Resampler::new(rate, SAMPLE_RATE).ok()?;
        Some(Self {
            resampler,
            ready: Vec::new(),
        })
    }
}

impl DeviceInput {
    /// `None` for a device whose rate makes no sense.
    pub(super) fn new(end: CaptureEnd, now: Instant) -> Option<Self> {
        let left = Channel::new(end.rate)?;
        Some(Self {
            clock: StreamClock::new(SAMPLE_RATE, now),
            raw: Vec::new(),
            left,
            right: None,
            expected: 0,
            position: 0.0,
            end,
        })
    }

    /// Whether the device is gone for good.
    pub(super) fn is_abandoned(&self) -> bool {
        self.end.is_abandoned()
    }

    /// Hands on every block that is complete by now, with both channels of a stereo device where `stereo` asks for them.
    pub(super) fn pump(&mut self, stereo: bool, mut on_block: impl FnMut(Captured<'_>)) {
        let both = stereo && self.end.channels() == 2;
        if both != self.right.is_some() {
            self.right = both.then(|| Channel::new(self.end.rate)).flatten();
            // The two start together.
            self.position += self.left.ready.len() as f64;
            self.left.ready.clear();
        }
        self.take_in();
        while let Some((left, rest)) = self.left.ready.split_first_chunk_mut::<BLOCK_SAMPLES>() {
            let at = self.clock.time_of(self.position);
            let right = self
                .right
                .as_mut()
                .and_then(|right| right.ready.first_chunk_mut::<BLOCK_SAMPLES>());
            on_block(Captured { left, right, at });
            let kept = rest.len();
            self.position += BLOCK_SAMPLES as f64;
            keep_last(&mut self.left.ready, kept);
            if let Some(right) = &mut self.right {
                keep_last(&mut right.ready, kept);
            }
        }
    }

    fn take_in(&mut self) {
        let scale = f64::from(SAMPLE_RATE) / f64::from(self.end.rate);
        self.raw.clear();
        while let Some(piece) = self.end.take(&mut self.raw) {
            let lost = piece.position.saturating_sub(self.expected);
            self.position += lost as f64 * scale;
            self.expected = piece.position + piece.frames as u64;
            self.clock
                .note((piece.position as f64 * scale) as u64, piece.at);
        }
        let channels = self.end.channels();
        let most = (self.end.rate / BACKLOGS_PER_SECOND) as usize;
        let stale = (self.raw.len() / channels).saturating_sub(most);
        self.position += stale as f64 * scale;
        let fresh = &self.raw[stale * channels..];
        match (&mut self.right, channels) {
            (Some(right), 2) => {
                split(fresh, 0, &mut self.left);
                split(fresh, 1, right);
            }
            (_, 2) => {
                let mean: Vec<f32> = fresh
                    .chunks_exact(2)
                    .map(|pair| (pair[0] + pair[1]) * 0.5)
                    .collect();
                self.left.resampler.process(&mean, &mut self.left.ready);
            }
            _ => self.left.resampler.process(fresh, &mut self.left.ready),
        }
    }
}

fn split(interleaved: &[f32], channel: usize, to: &mut Channel) {
    let samples: Vec<f32> = interleaved
        .chunks_exact(2)
        .map(|pair| pair[channel])
        .collect();
    to.resampler.process(&samples, &mut to.ready);
}

fn keep_last(samples: &mut Vec<f32>, kept: usize) {
    let used = samples.len().saturating_sub(kept);
    samples.drain(..used);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::ring::capture_ring;
    use super::*;

    #[test]
    fn blocks_carry_the_time_at_which_they_were_captured() {
        let (mut feed, end) = capture_ring(44_100, 1, Arc::default(), std::thread::current());
        let start = Instant::now();
        let mut input = DeviceInput::new(end, start).unwrap();
        let mut times = Vec::new();
        for n in 0..100 {
            let at = start + Duration::from_millis(10 * n);
            feed.push::<f32>(&[0.1; 441], 1, at);
            input.pump(false, |captured| times.push(captured.at));
        }
        assert!(times.len() >= 98);
        for (n, at) in (0_u32..).zip(&times) {
            let expected = start + Duration::from_millis(10) * n;
            let off = at.max(&expected).duration_since(*at.min(&expected));
            assert!(off < Duration::from_millis(5), "block {n}: {off:?}");
        }
    }

    #[test]
    fn of_a_backlog_only_the_newest_is_kept_and_the_times_skip_the_rest() {
        let (mut feed, end) = capture_ring(48_000, 1, Arc::default(), std::thread::current());
        let start = Instant::now();
        let mut input = DeviceInput::new(end, start).unwrap();
        for n in 0..20 {
            let at = start + Duration::from_millis(10 * n);
            feed.push::<f32>(&[0.1; 480], 1, at);
        }
        let mut times = Vec::new();
        input.pump(false, |captured| times.push(captured.at));
        assert_eq!(times.len(), 10, "100 ms");
        assert!(times[0].duration_since(start) >= Duration::from_millis(99));
    }

    #[test]
    fn a_stereo_device_gives_both_channels_when_asked_and_their_mean_otherwise() {
        let (mut feed, end) = capture_ring(48_000, 2, Arc::default(), std::thread::current());
        let mut input = DeviceInput::new(end, Instant::now()).unwrap();
        let stereo: Vec<f32> = [0.5, 0.25].repeat(480);
        let mut heard = Vec::new();
        for both in [false, true, false] {
            feed.push::<f32>(&stereo, 2, Instant::now());
            input.pump(both, |captured| {
                heard.push((captured.left[100], captured.right.map(|right| right[100])));
            });
        }
        assert_eq!(heard, [(0.375, None), (0.5, Some(0.25)), (0.375, None)]);
    }
}
