//! Numbers for whoever watches over the server, in Prometheus' text format, on an address of their
//! own: how much of everything there is, and nothing about anybody.
//!
//! Counting costs an atomic addition; the text is made when it is asked for.
//!
//! ```text
//! counters  what is counted
//! text      Prometheus' format
//! options   what can be set
//! serve     the listener
//! ```

mod counters;
mod options;
mod serve;
mod text;

pub(crate) use counters::Counters;
pub use options::MetricsOptions;
pub(crate) use serve::router;
