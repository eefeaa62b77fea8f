//! What was measured, named as in W3C webrtc-stats.

mod chat;
mod meter;
mod peer;
mod process;
mod quality;
mod report;
mod timeline;

pub use chat::{ChatReport, MessageReport};
pub use meter::meter;
pub use peer::{AudioReport, PeerReport, VideoReport, milliseconds};
pub use process::ProcessUse;
pub use quality::quality;
pub use report::{AudioSent, LayerReport, Report, VideoSent};
pub use timeline::{Moment, Timeline};
