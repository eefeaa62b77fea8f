//! What a media stream needs to survive a network, as plain values.
//!
//! Pure: bytes and times in, decisions out. No socket, no clock, no thread of its own; the link
//! drives these from its tasks, the tests from a virtual clock.
//!
//! - [`bitrate`], [`layer`], [`take`]: the words in which the network speaks with the encoders
//! - [`ladder`]: who is sent which layer, and what each layer may cost
//! - [`lateness`]: the queue on the way here, as a voice tells it
//! - [`clock`]: when something was captured by the sender's clock
//! - [`packet`]: one received packet, the leaf that every media room shares
//! - [`transport_report`]: which of our packets arrived, and when
//! - [`estimator`]: how much may be sent to one person; `BANDWIDTH.md` tells how
//! - [`pacer`]: what leaves when
//! - [`history`]: what was sent of late, to answer a NACK from
//! - [`keyframe`]: how often a keyframe may be asked for
//! - [`arrivals`], [`transport_report`]: when each packet of a link arrived, told to who sent it
//! - [`red`]: copies of earlier packets of a voice
//! - [`report`]: what RTCP reports say about loss and round trip

pub mod arrivals;
pub mod bitrate;
pub mod clock;
pub mod estimator;
pub mod fuzzing;
pub mod history;
pub mod keyframe;
pub mod ladder;
pub mod lateness;
pub mod layer;
pub mod pacer;
pub mod packet;
pub mod red;
pub mod report;
#[cfg(test)]
pub mod simulator;
pub mod take;
pub mod transport_report;

#[cfg(test)]
mod scenarios;
