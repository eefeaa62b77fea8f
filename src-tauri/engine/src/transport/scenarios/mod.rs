//! The links of bad days, each as a scenario in virtual time: what the estimate and the pacer make of them.
//!
//! Every scenario runs with several seeds, and both people send over the same bad line, reports
//! included. A figure that is asserted is one that people were promised.

mod changing;
mod hours;
mod shared;
mod steady;

use std::time::Duration;

use super::bitrate::Bitrate;
use super::simulator::{AUDIO_RATE, Call, Conditions, Loss, Random};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

/// What a picture of 720 rows may take.
const HD: Bitrate = Bitrate::from_kbps(1500);

/// All that is wanted with such a picture.
const WANTED: Bitrate = Bitrate::from_kbps(HD.bps() / 1000 + AUDIO_RATE.bps() / 1000);

/// From here on the picture has 720 rows.
const HD_FROM: Bitrate = Bitrate::from_kbps(1200);

/// The same scenario with each seed.
fn with_seeds(scenario: impl Fn(u64)) {
    (1..=4).for_each(scenario);
}

fn kbps(kbps: u64) -> Bitrate {
    Bitrate::from_kbps(kbps)
}

/// The line of most scenarios.
fn clean(rate: u64, round_trip_ms: u32) -> Conditions {
    Conditions::clean(kbps(rate), round_trip_ms * MS)
}
