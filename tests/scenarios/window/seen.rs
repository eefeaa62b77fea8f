//! What can be read off the screen: the stamps in the pictures of the test pattern.

use std::time::Instant;

use visio_engine::video::Frame;
use visio_engine::video::pattern::Stamp;
use visio_tests::Picture;

/// Reads the stamp out of the part of the screen where a picture lies: left, top, width and height. A mirrored picture is
/// read from right to left. `None` where there is no picture of the pattern.
pub fn stamp(
    screen: &Picture,
    [left, top, width, height]: [u32; 4],
    mirrored: bool,
) -> Option<Stamp> {
    let (width, height) = (width & !1, height & !1);
    let mut frame = Frame::new(width, height, Instant::now());
    let luma = frame.planes_mut().y;
    for y in 0..height {
        for x in 0..width {
            let from = if mirrored { width - 1 - x } else { x };
            luma[(y * width + x) as usize] = luma_of(screen.pixel(left + from, top + y));
        }
    }
    Stamp::read(&frame)
}

/// Luma of an sRGB colour, BT.601 in studio range, as the engine's frames have it.
fn luma_of([red, green, blue]: [u8; 3]) -> u8 {
    let weighted = 66 * u32::from(red) + 129 * u32::from(green) + 25 * u32::from(blue);
    (16 + ((weighted + 128) >> 8)) as u8
}
