//! Quality in a word.

use crate::audio::AudioInboundStats;
use crate::call::Quality;
use crate::link::LinkStats;
use crate::video::VideoInboundStats;

/// Round trip from which talk begins to collide. ITU-T G.114: 150 ms one way is still good, 400 ms the limit.
const FAIR_RTT_MS: f64 = 250.0;
/// See [`FAIR_RTT_MS`].
const WEAK_RTT_MS: f64 = 600.0;
/// Share of the sound that had to be made up; from here on it is heard as flaws.
const FAIR_CONCEALED: f64 = 0.01;
/// Share of the sound that had to be made up; from here on words are lost.
const WEAK_CONCEALED: f64 = 0.05;
/// Pictures a second under which movement is seen to stutter, for what is sent at 15 or more.
const FAIR_FPS: f64 = 12.0;

/// How good a connection is, in a word, from what was measured of it.
pub fn quality(link: &LinkStats, video: &VideoInboundStats, audio: &AudioInboundStats) -> Quality {
    let Some(rtt) = link.rtt else {
        return Quality::Unknown;
    };
    let rtt_ms = rtt.as_secs_f64() * 1e3;
    let concealed = audio.concealed_ratio();
    if rtt_ms > WEAK_RTT_MS || concealed > WEAK_CONCEALED {
        Quality::Weak
    } else if rtt_ms > FAIR_RTT_MS
        || concealed > FAIR_CONCEALED
        || (video.fps > 0.0 && video.fps < FAIR_FPS)
    {
        Quality::Fair
    } else {
        Quality::Good
    }
}
