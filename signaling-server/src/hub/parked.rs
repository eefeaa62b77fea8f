//! What was said to sessions that have not yet come back after a restart.

use super::mailbox::Letter;
use std::collections::HashMap;
use visio_protocol::{RoomId, SessionId};

/// Messages parked in all: a call of eight in which all return at once says about two hundred. At
/// 54 KiB for the longest that is bounded by 55 MB, for eight seconds.
const MAX_PARKED: usize = 1024;

/// Messages that wait for their recipients. Drop policy: when full, further ones are lost, as all
/// of them would be without it.
#[derive(Debug, Default)]
pub(super) struct Parked {
    waiting: HashMap<(SessionId, RoomId), Vec<Letter>>,
    count: usize,
}

impl Parked {
    pub(super) fn put(&mut self, to: SessionId, room: RoomId, letter: Letter) {
        if self.count < MAX_PARKED {
            self.count += 1;
            self.waiting.entry((to, room)).or_default().push(letter);
        }
    }

    /// What waits for this session in this room, in the order in which it was said.
    pub(super) fn take(&mut self, to: SessionId, room: RoomId) -> Vec<Letter> {
        let letters = self.waiting.remove(&(to, room)).unwrap_or_default();
        self.count -= letters.len();
        letters
    }
}
