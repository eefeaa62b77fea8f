//! What a person does in the chat, with the clock and the chance that it takes.

use std::time::{SystemTime, UNIX_EPOCH};

use visio_protocol::{ChatText, ClockTime, MessageId};

use crate::call::Command;

/// Writes this to everybody. What can't be shown of it is left out; of nothing, nothing comes.
pub fn say(text: &str) -> Command {
    Command::Say {
        id: MessageId::random(),
        clock: clock(),
        text: ChatText::new(text),
    }
}

/// Raises the hand, or lowers it.
pub fn raise_hand(up: bool) -> Command {
    Command::RaiseHand(up.then(clock))
}

/// Now, by this computer's clock.
pub(super) fn clock() -> ClockTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    ClockTime::default().plus(since.unwrap_or_default())
}
