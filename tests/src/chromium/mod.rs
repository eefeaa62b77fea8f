//! The rival: calls between headless Chromiums over the same links, with the same film and the same ceiling.
//!
//! - [`Browser`]: a browser and its one page
//! - `page.html`: that page, one side of a plain WebRTC call
//! - [`Peers`]: pages in a call with one another; what they have to say to each other is carried by hand
//! - [`rival`]: a row's call
//! - `statistics`: what a page's getStats tells, as the rows measure it; pure

mod browser;
mod peers;
pub mod rival;
mod statistics;

pub use browser::Browser;
pub use peers::{Media, Peers};

use crate::Need;

/// What a browser needs from the machine.
pub const NEEDS: &[Need] = &[Need::System("linux"), Need::Program("chromium", "chromium")];
