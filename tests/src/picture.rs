//! A picture of a screen: read from the framebuffer of a virtual display, saved as PNG.

use std::io::BufWriter;
use std::path::Path;

use crate::trouble::During;
use crate::{Result, Trouble};

/// Pixels, row by row from the top, three bytes (red, green, blue) each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

/// The 25 words with which a file in the X window dump format begins (XWDFile.h), as far as they matter here.
mod word {
    pub const HEADER_BYTES: usize = 0;
    pub const VERSION: usize = 1;
    pub const WIDTH: usize = 4;
    pub const HEIGHT: usize = 5;
    pub const BYTE_ORDER: usize = 7;
    pub const BITS_PER_PIXEL: usize = 11;
    pub const BYTES_PER_LINE: usize = 12;
    pub const COLOURS: usize = 19;
}

/// The only version of the format there is.
const XWD_VERSION: u32 = 7;
/// The size of one colour map entry, which stand between the header and the pixels.
const COLOUR_BYTES: usize = 12;

impl Picture {
    /// Reads an X window dump of 32 bits per pixel, which is what Xvfb keeps its framebuffer in.
    pub fn from_xwd(dump: &[u8]) -> Result<Self> {
        let word = |index: usize| {
            let bytes = dump
                .get(index * 4..index * 4 + 4)
                .ok_or_else(|| Trouble::new("the window dump ends early"))?;
            Ok::<u32, Trouble>(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        if word(word::VERSION)? != XWD_VERSION || word(word::BITS_PER_PIXEL)? != 32 {
            return Err(Trouble::new("the window dump is not of 32 bits per pixel"));
        }
        let (width, height) = (word(word::WIDTH)?, word(word::HEIGHT)?);
        let little_endian = word(word::BYTE_ORDER)? == 0;
        let start =
            word(word::HEADER_BYTES)? as usize + word(word::COLOURS)? as usize * COLOUR_BYTES;
        let stride = word(word::BYTES_PER_LINE)? as usize;
        let mut rgb = Vec::new();
        for row in 0..height as usize {
            let line = start + row * stride;
            let pixels = dump.get(line..line + width as usize * 4);
            for pixel in pixels
                .ok_or_else(|| Trouble::new("the window dump ends early"))?
                .chunks_exact(4)
            {
                rgb.extend(if little_endian {
                    [pixel[2], pixel[1], pixel[0]]
                } else {
                    [pixel[1], pixel[2], pixel[3]]
                });
            }
        }
        Ok(Self { width, height, rgb })
    }

    /// The colour at `x`, `y`; black outside of the picture.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let at = (y as usize * self.width as usize + x as usize) * 3;
        match self.rgb.get(at..at + 3) {
            Some(&[red, green, blue]) if x < self.width => [red, green, blue],
            _ => [0; 3],
        }
    }

    /// Saves it as a PNG file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file = std::fs::File::create(path).during(path.display())?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().during(path.display())?;
        writer.write_image_data(&self.rgb).during(path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pixels, red and blue, behind a header of 100 bytes and one colour map entry.
    fn dump() -> Vec<u8> {
        let mut words = [0u32; 25];
        words[word::HEADER_BYTES] = 100;
        words[word::VERSION] = XWD_VERSION;
        words[word::WIDTH] = 2;
        words[word::HEIGHT] = 1;
        words[word::BITS_PER_PIXEL] = 32;
        words[word::BYTES_PER_LINE] = 8;
        words[word::COLOURS] = 1;
        let mut dump: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        dump.extend([0; COLOUR_BYTES]);
        dump.extend([0, 0, 255, 0, 255, 0, 0, 0]);
        dump
    }

    #[test]
    fn a_framebuffer_is_read_in_the_order_of_its_bytes() {
        let picture = Picture::from_xwd(&dump()).expect("a whole dump");
        assert_eq!(
            (picture.pixel(0, 0), picture.pixel(1, 0)),
            ([255, 0, 0], [0, 0, 255])
        );
        assert_eq!(picture.pixel(2, 0), [0; 3]);
    }

    #[test]
    fn half_a_framebuffer_is_an_error() {
        let dump = dump();
        assert!(Picture::from_xwd(&dump[..dump.len() - 1]).is_err());
        assert!(Picture::from_xwd(&[]).is_err());
    }
}
