//! What is counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use visio_protocol::refusal::Refusal;

/// What has happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    signals: AtomicU64,
    /// Connections that were closed at once: their address had too many.
    turned_away: AtomicU64,
    /// By their name in the protocol, of which there are a few.
    refusals: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    /// A request was answered, with this refusal or with what it asked for.
    pub(crate) fn answered(&self, refusal: Option<&Refusal>) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(refusal) = refusal {
            *self.lock().entry(name(refusal)).or_default() += 1;
        }
    }

    /// So many messages were handed on.
    pub(crate) fn handed_on(&self, messages: usize) {
        self.signals.fetch_add(messages as u64, Ordering::Relaxed);
    }

    /// A connection was closed at once.
    pub(crate) fn turn_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn signals(&self) -> u64 {
        self.signals.load(Ordering::Relaxed)
    }

    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    pub(super) fn refusals(&self) -> Vec<(String, u64)> {
        let refusals = self.lock();
        refusals
            .iter()
            .map(|(name, count)| (name.clone(), *count))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As the protocol writes it.
fn name(refusal: &Refusal) -> String {
    let written = serde_json::to_value(refusal).unwrap_or_default();
    written["refused"].as_str().unwrap_or("other").to_owned()
}
