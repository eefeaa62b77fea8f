//! What is written in the call: everybody keeps it, so that those present can tell who comes late. `PROTOCOL.md`, section 9, says how.
//!
//! Pure. What is done about it stands in `update/talk.rs`.

mod log;
mod remark;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use visio_protocol::{ClockTime, MessageId, Reaction};

pub use remark::{Remark, RemarkShown, Source};

use log::Log;

/// A time that is further ahead of the clock here counts as this far ahead: two clocks that far apart don't meet, since each
/// may differ from the server's by ten minutes.
const MOST_AHEAD: Duration = Duration::from_secs(20 * 60);

/// So long a reaction is shown.
const REACTION_SHOWN_FOR: Duration = Duration::from_secs(5);

/// Reactions of one's own come no faster.
const REACTIONS_APART: Duration = Duration::from_millis(500);

/// What is written. The window is handed only the number of its version, and asks for the rest when that has changed: a state is told ten
/// times a second.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chat {
    /// Another number, other words.
    pub revision: u64,
    #[serde(skip)]
    log: Arc<Log>,
    /// The greatest time in anything that was seen.
    #[serde(skip)]
    newest: ClockTime,
}

impl Chat {
    /// All that is kept, in the order that is the same for all.
    pub fn remarks(&self) -> &[Remark] {
        self.log.remarks()
    }

    /// Whatever is kept, by its ids.
    pub(super) fn ids(&self) -> Vec<MessageId> {
        self.remarks().iter().map(|remark| remark.id).collect()
    }

    /// A time for something new of mine: after all that I have seen.
    pub(super) fn stamp(&mut self, clock: ClockTime) -> ClockTime {
        let after_all = self.newest.plus(Duration::from_millis(1));
        self.newest = clock.max(after_all);
        self.newest
    }

    /// Somebody's time, as it counts here.
    pub(super) fn note(&mut self, at: ClockTime, clock: ClockTime) -> ClockTime {
        let at = at.min(clock.plus(MOST_AHEAD));
        self.newest = self.newest.max(at);
        at
    }

    /// Takes in what somebody wrote; what is known already changes nothing, unless it now comes from its author.
    pub(super) fn add(&mut self, remark: Remark) {
        if Arc::make_mut(&mut self.log).add(remark) {
            self.revision += 1;
        }
    }

    /// Changes remarks; `change` says whether it has.
    pub(super) fn change(&mut self, mut change: impl FnMut(&mut Remark) -> bool) {
        let would = |remark: &Remark| change(&mut remark.clone());
        if !self
            .remarks()
            .iter()
            .filter(|it| !it.waiting.is_empty())
            .any(would)
        {
            return;
        }
        let log = Arc::make_mut(&mut self.log);
        for remark in log.remarks_mut() {
            change(remark);
        }
        self.revision += 1;
    }
}

/// A reaction while it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReactionShown {
    /// What it is.
    pub kind: Reaction,
    /// Counts the reactions of one person: the same again is shown again.
    pub number: u32,
    #[serde(skip)]
    at: Instant,
}

impl ReactionShown {
    /// This reaction, after that one. None when it would come too soon after it.
    pub(super) fn own(kind: Reaction, before: Option<Self>, now: Instant) -> Option<Self> {
        let soon = before.is_some_and(|it| now.duration_since(it.at) < REACTIONS_APART);
        (!soon).then(|| Self::of(kind, before, now))
    }

    /// This reaction, after that one.
    pub(super) fn of(kind: Reaction, before: Option<Self>, now: Instant) -> Self {
        let number = before.map_or(0, |it| it.number).wrapping_add(1);
        Self {
            kind,
            number,
            at: now,
        }
    }

    /// Whether it has been seen long enough.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.at) >= REACTION_SHOWN_FOR
    }
}
