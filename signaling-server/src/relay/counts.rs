//! What the relay counts, for whoever watches over the server. Its thread publishes it once a second,
//! so that counting costs a packet nothing that others could notice.

use std::sync::atomic::{AtomicU64, Ordering};

/// What there is, and what has happened since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Allocations that there are.
    pub allocations: u64,
    /// Relayed addresses that there are.
    pub addresses: u64,
    /// Allocations that were ever made.
    pub made: u64,
    /// Bytes relayed, both directions together.
    pub bytes: u64,
    /// Packets that bounds on bandwidth have held back.
    pub held_back: u64,
}

/// The same, for other threads to read.
#[derive(Debug, Default)]
pub struct RelayCounts {
    allocations: AtomicU64,
    addresses: AtomicU64,
    made: AtomicU64,
    bytes: AtomicU64,
    held_back: AtomicU64,
}

impl RelayCounts {
    /// What is so now, and how many packets more were held back.
    pub(super) fn publish(&self, now: Counted, held_back: u64) {
        let all = [
            (&self.allocations, now.allocations),
            (&self.addresses, now.addresses),
            (&self.made, now.made),
            (&self.bytes, now.bytes),
        ];
        for (counter, value) in all {
            counter.store(value, Ordering::Relaxed);
        }
        self.held_back.fetch_add(held_back, Ordering::Relaxed);
    }

    /// What was published last.
    pub fn now(&self) -> Counted {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            allocations: read(&self.allocations),
            addresses: read(&self.addresses),
            made: read(&self.made),
            bytes: read(&self.bytes),
            held_back: read(&self.held_back),
        }
    }
}
