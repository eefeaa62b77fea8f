//! Motion JPEG: one picture out of a camera's buffer.
//!
//! The buffer is the whole map that the driver shares: after the picture lie the remains of larger
//! ones, so it is first cut at its end-of-image marker. Some cameras leave out the Huffman tables,
//! which are then the standard's own.

use std::sync::Arc;
use std::time::Instant;

use thiserror::Error;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::video::frame::{Frame, FramePool, MAX_SIDE};

/// An APP0 segment as AVI files have it: it tells the decoder to use the standard's Huffman tables
/// where the picture brings none.
const AVI1: [u8; 18] = *b"\xff\xe0\x00\x10AVI1\0\0\0\0\0\0\0\0\0\0";

/// Scans in a progressive picture, beyond which only an attacker goes.
const MAX_SCANS: usize = 16;

/// Why a buffer is no picture.
#[derive(Debug, Error)]
pub enum JpegError {
    /// There is no JPEG in it.
    #[error("this is no JPEG picture")]
    NotJpeg,
    /// The decoder found it broken.
    #[error("broken JPEG picture: {0}")]
    Broken(String),
}

/// Decodes JPEG pictures into I420, keeping its memory.
#[derive(Default)]
pub struct JpegDecoder {
    source: Vec<u8>,
    pixels: Vec<u8>,
}

impl JpegDecoder {
    /// Decodes the picture at the start of `data`.
    ///
    /// # Errors
    /// When there is none, or it is broken or larger than [`MAX_SIDE`].
    pub fn decode(
        &mut self,
        data: &[u8],
        captured: Instant,
        pool: &mut FramePool,
    ) -> Result<Arc<Frame>, JpegError> {
        let layout = Layout::of(data).ok_or(JpegError::NotJpeg)?;
        let mut picture = &data[..layout.end];
        if !layout.has_huffman_tables {
            self.source.clear();
            self.source.extend_from_slice(&picture[..2]);
            self.source.extend_from_slice(&AVI1);
            self.source.extend_from_slice(&picture[2..]);
            picture = &self.source;
        }
        let options = DecoderOptions::default()
            .set_max_width(MAX_SIDE as usize)
            .set_max_height(MAX_SIDE as usize)
            .jpeg_set_max_scans(MAX_SCANS)
            .jpeg_set_out_colorspace(ColorSpace::YCbCr);
        let broken = |error: zune_jpeg::errors::DecodeErrors| JpegError::Broken(error.to_string());
        let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(picture), options);
        decoder.decode_headers().map_err(broken)?;
        if decoder.input_colorspace() == Some(ColorSpace::Luma) {
            decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::Luma));
        }
        let (width, height) = decoder.dimensions().ok_or(JpegError::NotJpeg)?;
        let size = decoder.output_buffer_size().ok_or(JpegError::NotJpeg)?;
        self.pixels.resize(size, 0);
        decoder.decode_into(&mut self.pixels).map_err(broken)?;
        let components = size / (width * height).max(1);
        if width < 2 || height < 2 || !matches!(components, 1 | 3) {
            return Err(JpegError::Broken(
                "not a picture of one or three colours".into(),
            ));
        }
        pool.draw(width as u32, height as u32, captured, |frame| {
            subsample(&self.pixels, width, components, frame);
            Ok(())
        })
    }
}

/// The picture at the start of a buffer: everything up to its end-of-image marker. A picture without
/// one is returned as it is; `None` where none begins.
pub fn trim_to_end_of_image(data: &[u8]) -> Option<&[u8]> {
    Layout::of(data).map(|layout| &data[..layout.end])
}

/// Where a picture ends, and what it brings.
struct Layout {
    end: usize,
    has_huffman_tables: bool,
}

impl Layout {
    /// Walks the markers (ITU-T T.81, annex B).
    fn of(data: &[u8]) -> Option<Self> {
        if !data.starts_with(&[0xff, 0xd8]) {
            return None;
        }
        let mut at = 2;
        let mut layout = Self {
            end: data.len(),
            has_huffman_tables: false,
        };
        while let Some([0xff, marker, rest @ ..]) = data.get(at..) {
            match *marker {
                // Fill bytes before a marker.
                0xff => at += 1,
                // End of image.
                0xd9 => {
                    layout.end = at + 2;
                    return Some(layout);
                }
                // Markers that stand alone: restarts, TEM, start of image, and an escaped 0xff.
                0x00 | 0x01 | 0xd0..=0xd8 => at = next_marker(data, at + 2),
                segment => {
                    layout.has_huffman_tables |= segment == 0xc4;
                    let Some(length) = rest.first_chunk().map(|length| u16::from_be_bytes(*length))
                    else {
                        return Some(layout);
                    };
                    at = next_marker(data, at + 2 + usize::from(length.max(2)));
                }
            }
        }
        Some(layout)
    }
}

/// The next 0xff, over the entropy-coded data that follows a scan's header or a restart marker.
fn next_marker(data: &[u8], from: usize) -> usize {
    let rest = data.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|&byte| byte == 0xff)
        .unwrap_or(rest.len())
}

/// Interleaved full range 4:4:4 (or luma alone) to planar studio range 4:2:0.
fn subsample(pixels: &[u8], width: usize, components: usize, frame: &mut Frame) {
    let even_width = frame.width as usize;
    let planes = frame.planes_mut();
    let stride = width * components;
    for (to, from) in planes
        .y
        .chunks_exact_mut(even_width)
        .zip(pixels.chunks_exact(stride))
    {
        for (to, pixel) in to.iter_mut().zip(from.chunks_exact(components)) {
            *to = (16 + (u32::from(pixel[0]) * 219 + 127) / 255) as u8;
        }
    }
    if components == 1 {
        planes.u.fill(128);
        planes.v.fill(128);
        return;
    }
    let (u_rows, v_rows) = (
        planes.u.chunks_exact_mut(even_width / 2),
        planes.v.chunks_exact_mut(even_width / 2),
    );
    for ((u, v), rows) in u_rows.zip(v_rows).zip(pixels.chunks_exact(2 * stride)) {
        let (upper, lower) = rows.split_at(stride);
        let squares = upper.chunks_exact(6).zip(lower.chunks_exact(6));
        for ((u, v), (upper, lower)) in u.iter_mut().zip(v).zip(squares) {
            let mean = |component: usize| {
                let [a, b] = [upper[component], upper[component + 3]].map(u32::from);
                let [c, d] = [lower[component], lower[component + 3]].map(u32::from);
                a + b + c + d // of four, each 0..=255
            };
            *u = studio_chroma(mean(1));
            *v = studio_chroma(mean(2));
        }
    }
}

/// The sum of four full range chroma values, as one studio range value: 128 stays 128.
fn studio_chroma(sum_of_four: u32) -> u8 {
    (16 + (sum_of_four * 224 + 512) / 1020) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64×48 SMPTE bars, 4:2:2 as most cameras give it, with the standard's Huffman tables.
    const BARS: &[u8] = include_bytes!("../../../testdata/video/bars.jpg");

    fn decode(data: &[u8]) -> Result<Arc<Frame>, JpegError> {
        JpegDecoder::default().decode(data, Instant::now(), &mut FramePool::new())
    }

    /// Luma and chroma in the middle of the first bar (75 % white) and of the fourth (green).
    fn assert_bars(frame: &Frame) {
        let near = |have: u8, want: u8| have.abs_diff(want) <= 4;
        assert_eq!((frame.width, frame.height), (64, 48));
        let (white, green) = (&frame.y()[64 * 10 + 4], &frame.y()[64 * 10 + 32]);
        assert!(near(*white, 180) && near(*green, 112), "{white} {green}");
        assert!(near(frame.u()[32 * 5 + 2], 128) && near(frame.u()[32 * 5 + 16], 72));
        assert!(near(frame.v()[32 * 5 + 2], 128) && near(frame.v()[32 * 5 + 16], 58));
    }

    #[test]
    fn a_picture_is_decoded_to_studio_range() {
        assert_bars(&decode(BARS).unwrap());
        assert_bars(&decode(&[BARS, &[0xff; 5000]].concat()).unwrap());
    }

    #[test]
    fn a_picture_without_huffman_tables_is_decoded_with_the_standards_own() {
        let mut without = BARS.to_vec();
        while let Some(at) = without.windows(2).position(|marker| marker == [0xff, 0xc4]) {
            let length = usize::from(u16::from_be_bytes([without[at + 2], without[at + 3]]));
            without.drain(at..at + 2 + length);
        }
        assert!(without.len() + 400 < BARS.len());
        assert_bars(&decode(&without).unwrap());
    }

    #[test]
    fn a_broken_picture_is_an_error() {
        assert!(matches!(decode(b"no picture"), Err(JpegError::NotJpeg)));
        assert!(matches!(
            decode(&BARS[..100]),
            Err(JpegError::Broken(_) | JpegError::NotJpeg)
        ));
    }

    #[test]
    fn what_lies_behind_the_picture_is_cut_off() {
        let picture =
            b"\xff\xd8\xff\xe0\x00\x04\xff\xd9\xff\xda\x00\x02ab\xff\x00c\xff\xd0d\xff\xd9";
        let buffer = [&picture[..], b"old \xff\xd9 bytes"].concat();
        assert_eq!(trim_to_end_of_image(&buffer), Some(&picture[..]));
    }

    #[test]
    fn a_picture_cut_short_is_left_as_it_is_and_anything_else_is_none() {
        let cut = b"\xff\xd8\xff\xda\x00\x02abc";
        assert_eq!(trim_to_end_of_image(cut), Some(&cut[..]));
        assert_eq!(
            trim_to_end_of_image(b"\xff\xd8\xff\xe0"),
            Some(&b"\xff\xd8\xff\xe0"[..])
        );
        assert_eq!(trim_to_end_of_image(b"RIFF"), None);
        assert_eq!(trim_to_end_of_image(&[]), None);
    }

    #[test]
    fn neutral_chroma_stays_neutral_and_the_ends_of_the_range_fit() {
        assert_eq!(studio_chroma(128 * 4), 128);
        assert_eq!((studio_chroma(0), studio_chroma(255 * 4)), (16, 240));
    }
}
