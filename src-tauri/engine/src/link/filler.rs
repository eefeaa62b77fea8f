//! What fills up a probe of the path: packets of silence, as large as they are wanted.
//!
//! They go as shared sound. Of a picture each packet counts: one that is lost leaves a hole, and a receiver waits for it to be sent
//! again. Of silence a lost packet is silence. Nobody who plays them hears anything, because they are sound as the codec has
//! it: Opus with padding (RFC 6716, section 3.2.5).

use bytes::Bytes;

/// CELT, full band, one channel, frames of 20 ms, any number of them in a packet.
const TABLE_OF_CONTENTS: u8 = 0xf8 | 0b11;

/// One frame, with padding behind it.
const FRAME_COUNT: u8 = 0x40 | 1;

/// What an encoder makes of 20 ms of digital silence, without the table of contents.
const SILENCE: [u8; 2] = [0xff, 0xfe];

/// A length byte that says: so many of padding, and another length byte follows.
const MORE: u8 = 255;
const MORE_PADDING: usize = 254;

/// Ticks of the sound's clock from one filler to the next, 48 kHz: 20 ms.
pub(super) const TICKS: u32 = 960;

/// A packet of 20 ms of silence that is `bytes` long, or as short as they come.
pub(super) fn silence(bytes: usize) -> Bytes {
    let mut packet = vec![TABLE_OF_CONTENTS, FRAME_COUNT];
    // What is left beside the header and the frame, for lengths and padding together.
    let mut left = bytes.saturating_sub(packet.len() + SILENCE.len()).max(1);
    let mut padding = 0;
    while left > MORE_PADDING + 1 {
        packet.push(MORE);
        padding += MORE_PADDING;
        left -= MORE_PADDING + 1;
    }
    packet.push((left - 1) as u8);
    padding += left - 1;
    packet.extend(SILENCE);
    packet.resize(packet.len() + padding, 0);
    packet.into()
}

/// Whether these are what [`silence`] makes: nobody need decode it.
pub(super) fn is_one(payload: &[u8]) -> bool {
    payload.starts_with(&[TABLE_OF_CONTENTS, FRAME_COUNT])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::pacer::PADDING;

    #[test]
    fn whatever_its_size_it_is_opus_and_silent() {
        let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).unwrap();
        for bytes in [5, 6, 100, PADDING, 258, 259, 260, 261, 600, 1200] {
            let packet = silence(bytes);
            assert_eq!(packet.len(), bytes);
            assert!(is_one(&packet));
            let mut sound = [1_i16; 960];
            let frames = decoder.decode(&packet, &mut sound, false).unwrap();
            assert_eq!(frames, 960, "{bytes} bytes");
            assert!(sound.iter().all(|it| it.abs() <= 1), "{bytes} bytes");
        }
        assert_eq!(silence(0).len(), 5);
    }
}
