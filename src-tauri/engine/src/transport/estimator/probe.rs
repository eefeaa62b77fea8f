//! A short burst faster than the estimate, sent to learn whether the path carries more.

use std::time::Duration;

use crate::transport::bitrate::Bitrate;

/// Names a probe; the packets sent for it carry it into [`Estimator::sent`](super::Estimator::sent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(pub u32);

/// What to send for a probe: media that waits, sped up, and padding for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its name.
    pub id: ProbeId,
    /// How fast its packets should leave.
    pub rate: Bitrate,
    /// How much to send in all, as counted by [`Estimator::sent`](super::Estimator::sent).
    pub bytes: usize,
    /// The least number of packets it must be made of; small ones will do.
    pub packets: usize,
}

impl Probe {
    /// How long it takes at its rate.
    pub fn duration(&self) -> Duration {
        self.rate.time_for(self.bytes as u64)
    }
}
