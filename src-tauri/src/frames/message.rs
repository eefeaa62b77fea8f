//! How one frame is written for the page.
//!
//! Little endian: 16 bytes of the person's id, width and height as `u16` (the width's highest bit says that it is
//! the person's screen, and not their camera), the frame's number as `u32`, then the picture as tight
//! I420: `width × height` bytes of Y, then a quarter of that for each of U and V.

use visio_engine::video::Frame;

use super::tile::TileId;

/// Bytes before the picture.
pub const HEADER_BYTES: usize = 24;

/// In the width: a screen. No picture is so wide.
const SCREEN: u16 = 0x8000;

/// One message: `frame` as it is, for `tile`, numbered `number`.
pub fn frame_message(tile: TileId, number: u32, frame: &Frame) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER_BYTES + frame.data.len());
    message.extend_from_slice(tile.person());
    // An engine's frame is at most a few thousand pixels wide; a wider one would be refused by the page, not misread.
    let mark = if tile.is_screen() { SCREEN } else { 0 };
    let width = u16::try_from(frame.width).unwrap_or(0) | mark;
    message.extend_from_slice(&width.to_le_bytes());
    message.extend_from_slice(&u16::try_from(frame.height).unwrap_or(0).to_le_bytes());
    message.extend_from_slice(&number.to_le_bytes());
    message.extend_from_slice(&frame.data);
    message
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_layout_is_the_one_the_page_reads() {
        let frame = Frame {
            width: 4,
            height: 2,
            data: (0..12).collect(),
            captured: Instant::now(),
        };
        let tile: TileId = "000102030405060708090a0b0c0d0e0f".parse().unwrap();
        let message = frame_message(tile, 0x0403_0201, &frame);
        assert_eq!(message[..16], (0..16).collect::<Vec<u8>>());
        assert_eq!(message[16..24], [4, 0, 2, 0, 1, 2, 3, 4]);
        assert_eq!(message[HEADER_BYTES..], frame.data);
        let screen = frame_message(tile.screen(), 1, &frame);
        assert_eq!(screen[..18], [&message[..17], &[0x80]].concat());
    }
}
