//! What we ask of those who send to us over one line: when all of them are held up, that each sends its part. They are told
//! by REMB (draft-alvestrand-rmcat-remb), and keep to the least of that and their own estimate.
//!
//! On the session's task, ten times a second; costs microseconds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use visio_protocol::SessionId;

use super::per_link::PerLink;
use super::shared_line::{Flow, SharedLine};
use crate::link::Link;
use crate::transport::bitrate::Bitrate;
use crate::transport::ladder::HEADER_BYTES;

/// The time over which is measured what arrives: some pictures, and several of the tenths in which is looked.
const WINDOW: Duration = Duration::from_secs(1);

/// One connection, and how what comes over it does.
pub(super) struct Source {
    pub session: SessionId,
    pub link: Arc<Link>,
    /// How long it has waited in queues; none while that can't be told.
    pub queue: Option<Duration>,
    /// Packets of their voice that came, and that were lost.
    pub voice: (u64, u64),
    /// Whether they send a picture, or should.
    pub picture: bool,
}

/// What comes over our line, and what it carries.
#[derive(Default)]
pub(super) struct Receiving {
    downlink: SharedLine,
    lines: PerLink<Link, Line>,
}

#[derive(Default)]
struct Line {
    /// The oldest [`WINDOW`] ago.
    samples: VecDeque<Sample>,
}

/// What had come by some time.
#[derive(Clone, Copy)]
struct Sample {
    at: Instant,
    /// Headers included.
    bytes: u64,
    /// Packets of voice.
    came: u64,
    lost: u64,
}

impl Sample {
    fn new(source: &Source, now: Instant) -> Self {
        let stats = source.link.stats();
        let (audio, video) = (stats.audio_received, stats.video_received);
        let screen = stats.screen_received;
        let (came, lost) = source.voice;
        Self {
            at: now,
            bytes: audio.bytes
                + video.bytes
                + screen.bytes
                + (audio.packets + video.packets + screen.packets) * HEADER_BYTES,
            came,
            lost,
        }
    }
}

impl Receiving {
    /// Looks at how everything arrives, and asks those who should send less.
    pub fn observe(&mut self, sources: &[Source], now: Instant) {
        self.lines
            .keep(sources.iter().map(|source| (source.session, &source.link)));
        let flows: Vec<_> = sources
            .iter()
            .zip(self.lines.iter_mut())
            .map(|(source, line)| line.flow(source, now))
            .collect();
        self.downlink.observe(&flows, now);
        for source in sources {
            let most = self.downlink.bound();
            source.link.ask_at_most(most.filter(|_| source.picture));
        }
    }
}

impl Line {
    /// How it does, over the last second.
    fn flow(&mut self, source: &Source, now: Instant) -> Flow {
        let newest = Sample::new(source, now);
        self.samples.push_back(newest);
        while self
            .samples
            .get(1)
            .is_some_and(|second| now - second.at >= WINDOW)
        {
            self.samples.pop_front();
        }
        let oldest = *self.samples.front().unwrap_or(&newest);
        let bytes = newest.bytes.saturating_sub(oldest.bytes);
        let came = newest.came.saturating_sub(oldest.came);
        let lost = newest.lost.saturating_sub(oldest.lost);
        Flow {
            arrived: Bitrate::of(bytes, (now - oldest.at).max(WINDOW / 4)),
            queue: source.queue,
            loss: lost as f32 / (came + lost).max(1) as f32,
            picture: source.picture,
        }
    }
}
