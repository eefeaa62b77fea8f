//! What is done to a microphone's sound before it is encoded: echo out, noise down, level even.
//!
//! ```text
//! speaker callback → stamped ring → FarEnd (what is heard when) ─┐
//! microphone callback → stamped ring → 10 ms blocks → Chain → VoiceProcessor → encoder
//! ```
//!
//! - [`far_end`] finds, by the streams' own timestamps, what the speaker plays while a block is captured;
//! - [`VoiceProcessor`] is the seam to whatever cancels the echo: [`canceller`] does, [`untouched`] does nothing;
//! - [`chain`] brings them together for one microphone, and decides when there is nothing to do.
//!
//! Everything here runs on the capture thread, with times handed in; it is pure but for the ring in which the far end
//! comes. Latency, measured: 5 ms for splitting bands and cutting blocks, 6 more for the noise suppressor's window, and 4 more
//! from when somebody is first heard, for the canceller's. Music and untouched sound are not held back at all.

mod canceller;
mod chain;
mod far_end;
mod tap;
mod treatment;
mod untouched;

#[cfg(test)]
mod abuse;

pub(crate) use self::canceller::Canceller;
pub(crate) use self::chain::Chain;
pub(crate) use self::tap::Tap;
pub(crate) use self::treatment::SharedTreatment;
pub use self::treatment::Treatment;
pub(crate) use self::untouched::Untouched;

/// Samples of a block at 48 kHz mono: 10 ms, the step in which echo cancellers work.
pub(crate) const BLOCK_SAMPLES: usize = 480;

/// 10 ms of mono sound at 48 kHz, full scale ±1.
pub(crate) type Block = [f32; BLOCK_SAMPLES];

/// Cleans one person's voice, block by block.
pub(crate) trait VoiceProcessor: Send {
    /// What the speaker plays while the next block is captured, or slightly ahead of it.
    fn far(&mut self, block: &Block);

    /// The next block from the microphone, cleaned in place.
    fn near(&mut self, block: &mut Block);
}
