//! PipeWire, as far as a stream of pictures needs it.
//!
//! The library is loaded when a screen is shared for the first time, so that Visio starts where it is not installed. What it and
//! the other side say is in SPA's own format, which is written and read here.

mod format;
mod library;
mod pod;
mod rows;
mod stream;

pub use format::Format;
pub use library::Library;
pub use stream::Stream;
