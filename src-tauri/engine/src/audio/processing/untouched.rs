//! The processor that changes nothing.

use super::{Block, VoiceProcessor};

/// Leaves a voice as it is: for music, and for tests of the way itself.
#[derive(Debug, Default)]
pub(crate) struct Untouched;

impl VoiceProcessor for Untouched {
    fn far(&mut self, _: &Block) {}

    fn near(&mut self, _: &mut Block) {}
}
