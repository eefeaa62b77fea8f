//! Y4M, the plain format for uncompressed video: a line of parameters, then a line and the planes of
//! each frame. Read here: 4:2:0, 8 bits, progressive.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use thiserror::Error;

use crate::video::frame::{Frame, MAX_SIDE, PlanesMut};

/// Longest line of parameters, bytes; real ones have 60.
const MAX_LINE: u64 = 512;

/// Frame rates that make sense, per second.
const MAX_FPS: f64 = 240.0;

/// Why a file cannot be played.
#[derive(Debug, Error)]
pub enum Y4mError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It does not begin with `YUV4MPEG2`.
    #[error("this is no y4m video")]
    NotY4m,
    /// A size, a rate or a line that makes no sense.
    #[error("the y4m header is damaged ({0})")]
    Header(&'static str),
    /// A colour space, depth or interlacing that is not played.
    #[error("only progressive 4:2:0 with 8 bits can be played, this is {0}")]
    Unsupported(String),
    /// Not even one frame.
    #[error("the y4m video has no complete frame")]
    Empty,
}

/// What the first line says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Y4mHeader {
    /// Pixels per row, as in the file; may be odd.
    pub width: usize,
    /// Rows, as in the file; may be odd.
    pub height: usize,
    /// Frames per second.
    pub fps: f32,
}

impl Y4mHeader {
    /// Reads the first line, without its end.
    ///
    /// # Errors
    /// When it is no such line, or one of a kind that is not played.
    pub fn parse(line: &[u8]) -> Result<Self, Y4mError> {
        let line = std::str::from_utf8(line).map_err(|_| Y4mError::NotY4m)?;
        let mut words = line.split(' ');
        if words.next() != Some("YUV4MPEG2") {
            return Err(Y4mError::NotY4m);
        }
        let (mut width, mut height, mut fps) = (None, None, None);
        for word in words.filter(|word| !word.is_empty()) {
            let mut letters = word.chars();
            let (tag, value) = (letters.next(), letters.as_str());
            match tag {
                Some('W') => width = parse_side(value),
                Some('H') => height = parse_side(value),
                Some('F') => fps = parse_rate(value),
                Some('I') if !matches!(value, "p" | "?") => {
                    return Err(Y4mError::Unsupported("interlaced".into()));
                }
                Some('C') if !matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv") => {
                    let name: String = value.chars().take(16).collect();
                    return Err(Y4mError::Unsupported(name));
                }
                _ => {}
            }
        }
        Ok(Self {
            width: width.ok_or(Y4mError::Header("width"))?,
            height: height.ok_or(Y4mError::Header("height"))?,
            fps: fps.ok_or(Y4mError::Header("frame rate"))?,
        })
    }

    /// Width and height of a chroma plane.
    fn chroma(&self) -> (usize, usize) {
        (self.width.div_ceil(2), self.height.div_ceil(2))
    }
}

fn parse_side(value: &str) -> Option<usize> {
    let side = value.parse().ok()?;
    (2..=MAX_SIDE as usize).contains(&side).then_some(side)
}

fn parse_rate(value: &str) -> Option<f32> {
    let (frames, seconds) = value.split_once(':')?;
    let rate = f64::from(frames.parse::<u32>().ok()?) / f64::from(seconds.parse::<u32>().ok()?);
    (rate > 0.1 && rate <= MAX_FPS).then_some(rate as f32)
}

/// Reads frames, from the first again after the last.
pub struct Y4mReader<R = BufReader<File>> {
    input: R,
    header: Y4mHeader,
    first_frame: u64,
    row: Vec<u8>,
}

impl Y4mReader {
    /// Opens a file, and makes sure that it has at least one frame.
    ///
    /// # Errors
    /// When it cannot be read or played.
    pub fn open(path: &Path) -> Result<Self, Y4mError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: BufRead + Seek> Y4mReader<R> {
    /// Reads the header, and makes sure that there is at least one frame.
    ///
    /// # Errors
    /// When there is no video that can be played.
    pub fn new(mut input: R) -> Result<Self, Y4mError> {
        let line = read_line(&mut input)?.ok_or(Y4mError::NotY4m)?;
        let header = Y4mHeader::parse(&line)?;
        let first_frame = input.stream_position()?;
        let mut reader = Self {
            input,
            header,
            first_frame,
            row: Vec::new(),
        };
        let (width, height) = reader.size();
        let mut probe = Frame::new(width, height, std::time::Instant::now());
        if !reader.read(probe.planes_mut())? {
            return Err(Y4mError::Empty);
        }
        reader.rewind()?;
        Ok(reader)
    }

    /// What the first line says.
    pub fn header(&self) -> &Y4mHeader {
        &self.header
    }

    /// The size of the frames that are read: that of the file, cut to even.
    pub fn size(&self) -> (u32, u32) {
        (
            self.header.width as u32 & !1,
            self.header.height as u32 & !1,
        )
    }

    /// Reads the next frame into planes of [`Y4mReader::size`], beginning again after the last.
    ///
    /// # Errors
    /// When the file has changed since it was opened.
    pub fn read_looped(&mut self, frame: &mut Frame) -> Result<(), Y4mError> {
        if self.read(frame.planes_mut())? {
            return Ok(());
        }
        self.rewind()?;
        if self.read(frame.planes_mut())? {
            return Ok(());
        }
        Err(Y4mError::Empty)
    }

    fn rewind(&mut self) -> Result<(), Y4mError> {
        self.input.seek(SeekFrom::Start(self.first_frame))?;
        Ok(())
    }

    /// False at the end, and where the last frame is cut short.
    fn read(&mut self, planes: PlanesMut<'_>) -> Result<bool, Y4mError> {
        match read_line(&mut self.input)? {
            None => return Ok(false),
            Some(line) if line.starts_with(b"FRAME") => {}
            Some(_) => return Err(Y4mError::Header("no frame where one should be")),
        }
        let luma = (self.header.width, self.header.height);
        let chroma = self.header.chroma();
        let (width, height) = (luma.0 & !1, luma.1 & !1);
        Ok(self.read_plane(luma, planes.y, width, height)?
            && self.read_plane(chroma, planes.u, width / 2, height / 2)?
            && self.read_plane(chroma, planes.v, width / 2, height / 2)?)
    }

    fn read_plane(
        &mut self,
        (from_width, from_height): (usize, usize),
        to: &mut [u8],
        width: usize,
        height: usize,
    ) -> Result<bool, Y4mError> {
        if (from_width, from_height) == (width, height) {
            return read_whole(&mut self.input, to);
        }
        self.row.resize(from_width, 0);
        for y in 0..from_height {
            if !read_whole(&mut self.input, &mut self.row)? {
                return Ok(false);
            }
            if y < height {
                to[y * width..][..width].copy_from_slice(&self.row[..width]);
            }
        }
        Ok(true)
    }
}

/// A line without its end; `None` at the end of the file.
fn read_line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>, Y4mError> {
    let mut line = Vec::new();
    input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.starts_with(b"YUV4MPEG2") => Err(Y4mError::Header("line")),
        Some(_) => Ok(None),
    }
}

fn read_whole(input: &mut impl Read, buffer: &mut [u8]) -> Result<bool, Y4mError> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::time::Instant;

    fn video(header: &str, frames: &[&[u8]]) -> Vec<u8> {
        let mut bytes = format!("YUV4MPEG2 {header}\n").into_bytes();
        for frame in frames {
            bytes.extend_from_slice(b"FRAME\n");
            bytes.extend_from_slice(frame);
        }
        bytes
    }

    fn open(bytes: Vec<u8>) -> Result<Y4mReader<Cursor<Vec<u8>>>, Y4mError> {
        Y4mReader::new(Cursor::new(bytes))
    }

    fn read(reader: &mut Y4mReader<Cursor<Vec<u8>>>) -> Vec<u8> {
        let (width, height) = reader.size();
        let mut frame = Frame::new(width, height, Instant::now());
        reader.read_looped(&mut frame).unwrap();
        frame.data
    }

    #[test]
    fn frames_are_read_in_a_loop() {
        let bytes = video(
            "W2 H2 F30000:1001 Ip A1:1 C420mpeg2 XYSCSS=420MPEG2",
            &[&[1; 6], &[2; 6]],
        );
        let mut reader = open(bytes).unwrap();
        assert!((reader.header().fps - 29.97).abs() < 0.01);
        let seen: Vec<u8> = (0..5).map(|_| read(&mut reader)[0]).collect();
        assert_eq!(seen, [1, 2, 1, 2, 1]);
    }

    #[test]
    fn odd_sizes_are_cut_to_even() {
        let luma = [1, 2, 9, 3, 4, 9, 9, 9, 9];
        let frame = [&luma[..], &[5, 9, 9, 9], &[6, 9, 9, 9]].concat();
        let mut reader = open(video("W3 H3 F25:1", &[&frame])).unwrap();
        assert_eq!(read(&mut reader), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_last_frame_cut_short_is_passed_over() {
        let mut reader = open(video("W2 H2 F25:1", &[&[1; 6], &[2; 3]])).unwrap();
        assert_eq!([read(&mut reader)[0], read(&mut reader)[0]], [1, 1]);
    }

    #[test]
    fn what_cannot_be_played_is_refused_with_the_reason() {
        let refuse = |bytes: Vec<u8>| open(bytes).err().map(|error| error.to_string()).unwrap();
        assert!(refuse(b"RIFF....WAVE".to_vec()).contains("no y4m"));
        assert!(refuse(vec![]).contains("no y4m"));
        assert!(refuse(vec![0xff; 5000]).contains("no y4m"));
        assert!(refuse(video("W2 H2 F25:1 C444", &[&[1; 12]])).contains("444"));
        assert!(refuse(video("W2 H2 F25:1 C420p10", &[&[1; 12]])).contains("420p10"));
        assert!(refuse(video("W2 H2 F25:1 It", &[&[1; 6]])).contains("interlaced"));
        assert!(refuse(video("W2 H2 F25:1", &[])).contains("no complete frame"));
        assert!(refuse(video("W2 H2 F25:1", &[&[1; 5]])).contains("no complete frame"));
        for header in [
            "H2 F25:1",
            "W99999 H2 F25:1",
            "W2 H2",
            "W2 H2 F0:1",
            "W2 H2 F1:0",
            "W-2 H2 F1:1",
        ] {
            assert!(
                refuse(video(header, &[&[1; 6]])).contains("damaged"),
                "{header}"
            );
        }
    }
}
