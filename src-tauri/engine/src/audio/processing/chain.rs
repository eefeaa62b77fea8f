//! One microphone's processing: the far end, the processor, and when there is nothing to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::far_end::FarEnd;
use super::tap::{Played, Tap};
use super::{BLOCK_SAMPLES, Block, Canceller, Treatment, Untouched, VoiceProcessor};
use crate::audio::resampler::Resampler;
use crate::audio::stamped::StampedEnd;
use crate::audio::{SAMPLE_RATE, duration_of};

/// The speaker counts as heard for so long after its last sound: a large room's echo, and a pause between sentences.
const STILL_HEARD: Duration = Duration::from_secs(2);

/// Cleans blocks of 10 ms. Lives as long as its microphone; devices come and go beneath it.
pub(crate) struct Chain {
    tap: Option<Arc<Tap>>,
    speaker: Option<SpeakerSound>,
    far: FarEnd,
    treatment: Treatment,
    processor: Box<dyn VoiceProcessor>,
    /// The processor has been given a far end, and expects one with each block from now on.
    far_began: bool,
    block: Block,
}

impl Chain {
    /// Knows of no speaker yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            tap: None,
            speaker: None,
            far: FarEnd::new(now),
            treatment: Treatment::Untouched,
            processor: Box::new(Untouched),
            far_began: false,
            block: [0.0; BLOCK_SAMPLES],
        }
    }

    /// From now on hears by `tap` what the speaker of this room plays.
    pub(crate) fn hear(&mut self, tap: Arc<Tap>) {
        self.tap = Some(tap);
        self.speaker = None;
    }

    /// Another microphone or speaker: the room sounds different, and what is known of the echo is wrong.
    pub(crate) fn start_over(&mut self) {
        let treatment = std::mem::replace(&mut self.treatment, Treatment::Untouched);
        self.treat(treatment);
    }

    /// Treats what follows like this. A processor that was not at work before knows nothing of the room.
    pub(crate) fn treat(&mut self, treatment: Treatment) {
        if self.treatment == treatment {
            return;
        }
        self.treatment = treatment;
        self.far_began = false;
        self.processor = match treatment {
            Treatment::Voice { noise_suppression } => Box::new(Canceller::new(noise_suppression)),
            Treatment::Untouched | Treatment::Music => Box::new(Untouched),
        };
    }

    /// How sound is treated.
    pub(crate) fn treatment(&self) -> Treatment {
        self.treatment
    }

    /// Cleans a block whose first sample was captured at `captured_at`. While muted, only an echo must be told from a voice:
    /// with nothing to be heard from the speaker, the block stays as it is.
    pub(crate) fn clean(&mut self, near: &mut Block, captured_at: Instant, muted: bool) {
        self.listen(captured_at);
        if !matches!(self.treatment, Treatment::Voice { .. }) {
            return;
        }
        let heard = self.far.block(captured_at, STILL_HEARD, &mut self.block);
        if muted && !heard {
            return;
        }
        // Until somebody was heard the canceller rests, and costs half.
        self.far_began |= heard;
        if self.far_began {
            self.processor.far(&self.block);
        }
        self.processor.near(near);
    }

    /// Takes in what was played since the last block.
    fn listen(&mut self, now: Instant) {
        if let Some(played) = self.tap.as_ref().and_then(|tap| tap.take()) {
            self.speaker = SpeakerSound::new(played);
            self.far = FarEnd::new(now);
            // What was learned of the old speaker's echo is worse than nothing: 6 dB in the first second instead of 35.
            if self.far_began {
                self.start_over();
            }
        }
        if let Some(speaker) = &mut self.speaker {
            speaker.drain(&mut self.far);
        }
    }
}

/// What one speaker plays, brought to 48 kHz.
struct SpeakerSound {
    end: StampedEnd,
    rate: u32,
    resampler: Resampler,
    raw: Vec<f32>,
    converted: Vec<f32>,
    /// The device's position that is to come next.
    expected: u64,
    /// Samples at 48 kHz so far, gaps included.
    produced: u64,
}

impl SpeakerSound {
    fn new(played: Played) -> Option<Self> {
        let resampler = Resampler::new(played.rate, SAMPLE_RATE).ok()?;
        Some(Self {
            end: played.end,
            rate: played.rate,
            resampler,
            raw: Vec::new(),
            converted: Vec::new(),
            expected: 0,
            produced: 0,
        })
    }

    fn drain(&mut self, far: &mut FarEnd) {
        self.raw.clear();
        while let Some(piece) = self.end.take(&mut self.raw) {
            let gap = piece.position.saturating_sub(self.expected);
            self.produced += self.at_48_khz(gap);
            // What the resampler still holds of earlier pieces comes out first, and is heard that much earlier.
            let held = self.at_48_khz(piece.position).saturating_sub(self.produced);
            let at = piece
                .at
                .checked_sub(duration_of(held as usize))
                .unwrap_or(piece.at);
            self.expected = piece.position + piece.frames as u64;
            self.converted.clear();
            self.resampler.process(&self.raw, &mut self.converted);
            far.played(self.produced, &self.converted, at);
            self.produced += self.converted.len() as u64;
            self.raw.clear();
        }
    }

    fn at_48_khz(&self, frames: u64) -> u64 {
        (u128::from(frames) * u128::from(SAMPLE_RATE) / u128::from(self.rate)) as u64
    }
}

#[cfg(test)]
mod tests;
