//! What the other side says about our packets: which arrived, and when on its own clock.
//!
//! The plain form of transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01);
//! the link turns RTCP into it and back. Pure; costs one vector per report, some twenty a second.

use std::time::Duration;

/// One report about a stretch of our packets, of all streams of one link together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransportReport {
    /// Transport-wide numbers in the order they were sent, each with the time it arrived on the
    /// other side's own clock (any origin; only differences count), or `None` where it did not.
    /// A packet named as missing may still be named as arrived by a later report.
    pub packets: Vec<(u16, Option<Duration>)>,
}

impl TransportReport {
    /// How many of the packets arrived.
    pub fn arrived(&self) -> usize {
        self.packets.iter().filter(|(_, at)| at.is_some()).count()
    }
}
