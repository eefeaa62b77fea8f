//! Where no way to look at the screen is known.

use super::Target;
use crate::device::DeviceProblem;
use crate::video::source::{ScreenInfo, Source};

pub fn list() -> Vec<ScreenInfo> {
    Vec::new()
}

/// # Errors
/// Always.
pub fn open(_: &Target) -> Result<Box<dyn Source>, DeviceProblem> {
    Err(DeviceProblem::None)
}
