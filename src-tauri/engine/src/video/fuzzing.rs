//! What is fuzzed here: everything that parses bytes of a peer, a camera or a file. `fuzz/` drives these
//! functions with libFuzzer; the tests below drive them with the same seeds and some thousand changes of each.

use std::hint::black_box;
use std::io::Cursor;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::assembler::{Assembler, Output};
use super::frame::{Frame, FramePool};
use super::h264::{H264Decoder, SequenceParameters};
#[cfg(target_os = "linux")]
use super::source::StreamFormat;
use super::source::{JpegDecoder, Y4mReader};
use crate::transport::packet::RtpPacket;

/// Bytes before each packet in the input of [`packets`]: sequence number and length as `u16`, big endian,
/// then a byte of 3,000 ticks each, then a byte whose lowest bit is the marker.
pub const PACKET_HEADER: usize = 6;

/// Between two packets of a fuzzed stream.
const PACKET_TIME: Duration = Duration::from_millis(3);

/// Packets, in whatever order and shape, through the assembler and the decoder.
pub fn packets(input: &[u8]) {
    let (mut assembler, mut decoder) = (Assembler::new(), H264Decoder::new());
    let mut now = Instant::now();
    let mut rest = input;
    while let Some((packet, more)) = take_packet(rest, now) {
        rest = more;
        now += PACKET_TIME;
        assembler.push(packet, now);
        drain(&mut assembler, &mut decoder, now);
    }
    while let Some(deadline) = assembler.deadline() {
        now = now.max(deadline);
        drain(&mut assembler, &mut decoder, now);
    }
}

fn drain(assembler: &mut Assembler, decoder: &mut H264Decoder, now: Instant) {
    while let Some(output) = assembler.poll(now) {
        if let Output::AccessUnit(unit) = output {
            if decoder.decode(&unit.data).is_err() {
                assembler.await_keyframe();
            }
            assembler.recycle(unit);
        }
    }
}

fn take_packet(input: &[u8], arrived: Instant) -> Option<(RtpPacket, &[u8])> {
    let (header, rest) = input.split_first_chunk::<PACKET_HEADER>()?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]])).min(rest.len());
    let (payload, rest) = rest.split_at(length);
    let packet = RtpPacket {
        sequence: u16::from_be_bytes([header[0], header[1]]),
        timestamp: u32::from(header[4]) * 3000,
        marker: header[5] & 1 == 1,
        payload: Bytes::copy_from_slice(payload),
        arrived,
    };
    Some((packet, rest))
}

/// A sequence parameter set.
pub fn sequence_parameters(input: &[u8]) {
    let _ = black_box(SequenceParameters::parse(input));
}

/// A y4m file: its header and three frames.
pub fn y4m(input: &[u8]) {
    if let Ok(mut reader) = Y4mReader::new(Cursor::new(input)) {
        let (width, height) = reader.size();
        let mut frame = Frame::new(width, height, Instant::now());
        for _ in 0..3 {
            let _ = reader.read_looped(&mut frame);
        }
    }
}

/// What PipeWire says of the pictures of a stream.
#[cfg(target_os = "linux")]
pub fn stream_format(input: &[u8]) {
    let _ = black_box(StreamFormat::read(input));
}

/// A camera's JPEG buffer.
pub fn jpeg(input: &[u8]) {
    let mut decoder = JpegDecoder::default();
    let _ = black_box(decoder.decode(input, Instant::now(), &mut FramePool::new()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{self, Changes};
    use std::path::Path;

    const CHANGES: Changes = Changes {
        copies: 400,
        edits: 4,
        span: 40,
    };

    #[test]
    fn damaged_streams_neither_crash_nor_hang_assembler_and_decoder() {
        corpus::run("video_packets", CHANGES, packets);
    }

    #[test]
    fn damaged_parameter_sets_are_survived() {
        corpus::run("video_sps", CHANGES, sequence_parameters);
    }

    #[test]
    fn damaged_y4m_files_are_survived() {
        corpus::run("video_y4m", CHANGES, y4m);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn damaged_formats_of_a_stream_are_survived() {
        corpus::run("video_stream_format", CHANGES, stream_format);
    }

    #[test]
    fn damaged_camera_pictures_are_survived() {
        corpus::run("video_jpeg", CHANGES, jpeg);
    }

    /// How the seeds came to be: `cargo test -p visio-engine -- --ignored seeds_are_written`.
    #[test]
    #[ignore = "writes the seed corpus of fuzz/"]
    fn the_seeds_are_written() {
        use crate::video::h264::{Encoded, H264Encoder, annex_b_units};
        use crate::video::packetizer::packetize;
        use crate::video::pattern::{Pattern, Stamp};

        let write = |target: &str, name: &str, bytes: &[u8]| {
            std::fs::create_dir_all(corpus::folder(target)).unwrap();
            std::fs::write(corpus::folder(target).join(name), bytes).unwrap();
        };
        let (mut encoder, mut stream) = (H264Encoder::new(200_000, 30.0), Vec::new());
        let (mut input, mut sequence) = (Vec::new(), 65_533u16);
        for number in 0..4u32 {
            let stamp = Stamp {
                number,
                micros: 0,
                width: 96,
                height: 64,
            };
            let frame = Pattern::new().picture(&stamp);
            if number == 3 {
                encoder.force_keyframe();
            }
            if encoder
                .encode(&frame, u64::from(number) * 33, &mut stream)
                .unwrap()
                == Encoded::Skipped
            {
                continue;
            }
            let payloads = packetize(&stream);
            for (index, payload) in payloads.iter().enumerate() {
                let marker = u8::from(index + 1 == payloads.len());
                input.extend_from_slice(&sequence.to_be_bytes());
                input.extend_from_slice(&(payload.len() as u16).to_be_bytes());
                input.extend_from_slice(&[number as u8, marker]);
                input.extend_from_slice(payload);
                sequence = sequence.wrapping_add(1);
            }
            if number == 0 {
                write(
                    "video_sps",
                    "baseline",
                    annex_b_units(&stream).next().unwrap(),
                );
            }
        }
        write("video_packets", "keyframe-deltas-keyframe", &input);
        #[cfg(target_os = "linux")]
        write(
            "video_stream_format",
            "offer",
            &crate::video::source::StreamFormat::example(),
        );
        let mut y4m = b"YUV4MPEG2 W4 H4 F30:1 Ip A1:1 C420jpeg\n".to_vec();
        for value in [40, 200] {
            y4m.extend_from_slice(b"FRAME\n");
            y4m.extend_from_slice(&[value; 24]);
        }
        write("video_y4m", "two-frames", &y4m);
        let bars = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/video/bars.jpg");
        write("video_jpeg", "bars", &std::fs::read(bars).unwrap());
    }
}
