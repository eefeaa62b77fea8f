//! The rig itself: what the other scenarios stand on must hold.

use libtest_mimic::{Failed, Trial};
use visio_tests::{Display, Need};

use crate::scenario::{ensure, scenario};

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![scenario(
        "a virtual display can be looked at",
        &[Need::Program("Xvfb", "xvfb")],
        virtual_display,
    )]
}

fn virtual_display() -> Result<(), Failed> {
    let display = Display::start(640, 480)?;
    let picture = display.picture()?;
    ensure((picture.width, picture.height) == (640, 480), || {
        format!("it is {} × {}", picture.width, picture.height)
    })?;
    ensure(picture.rgb.len() == 640 * 480 * 3, || {
        "its pixels are not all there".to_owned()
    })
}
