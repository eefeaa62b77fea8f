//! Calls over links that are not perfect: what each link does, and what a call over it must be like. The scenarios run these
//! rows with Visio; `cargo xtask bench network` runs them with Visio and with a browser, and prints both.
//!
//! - [`Row`], `list`: a link, what happens to it, and what must be reached
//! - [`Limit`]: one thing that must be reached, and whether it was
//! - [`Measured`]: what came of a run, the same of Visio and of a browser
//! - `play`: runs a call and changes its link meanwhile
//! - [`visio`]: the call, by `visio-cli`; its rival is [`crate::chromium`]'s

mod limit;
mod list;
mod measured;
mod play;
pub mod visio;

pub use limit::{Finding, Limit};
pub use list::{ROWS, row};
pub use measured::{Measured, Received, Second, VIDEO_CEILING};
pub use play::{Call, play};

use std::time::Duration;

use crate::net::Impairment;

/// A call over a link.
#[derive(Debug)]
pub struct Row {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The link and what happens to it, for people.
    pub link: &'static str,
    /// How many people; the last of them has the link, the others have a perfect one.
    pub people: usize,
    /// The link, both ways, when the call begins.
    pub start: Impairment,
    /// What happens, by the time since the last person began to join.
    pub script: &'static [(Duration, Change)],
    /// How long the call lasts.
    pub lasts: Duration,
    /// What must be reached.
    pub limits: &'static [Limit],
    /// Whether it runs with the scenarios. The others, which are long or whose limits are not reached yet (`cut-short`,
    /// `narrow`, `three`), run only in the bench, which says so.
    pub every_run: bool,
    /// Whether a browser is measured too. Three of them are too much for two cores.
    pub rival: bool,
}

/// Something that happens to the link, or on it.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// From now on it is like this, both ways.
    Link(Impairment),
    /// Somebody behind it begins to download, and goes on until the end.
    Download,
    /// Its host gets another address.
    Address,
}
