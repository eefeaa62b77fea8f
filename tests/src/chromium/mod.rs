//! Headless Chromiums: the rival, in calls with one another over the same links, with the same film and the same ceiling; and guests,
//! who use Visio's own page.
//!
//! - [`Browser`]: a browser and its one page
//! - `page.html`: that page, one side of a plain WebRTC call
//! - [`Peers`]: pages in a call with one another; what they have to say to each other is carried by hand
//! - [`PageGuest`]: Visio's own page, used by a guest
//! - [`rival`]: a row's call
//! - `trust`: a certificate that it believes in
//! - `statistics`: what a page's getStats tells, as the rows measure it; pure

mod browser;
mod guest;
mod peers;
pub mod rival;
mod statistics;
mod trust;

pub use browser::{Browser, Start};
pub use guest::{PageGuest, Shown, Visit};
pub use peers::{Media, Peers};

use crate::Need;

/// What a browser needs from the machine.
pub const NEEDS: &[Need] = &[Need::System("linux"), Need::Program("chromium", "chromium")];

/// The same, to believe in a certificate.
pub const TRUST_NEEDS: &[Need] = &[Need::Program("certutil", "libnss3-tools")];
