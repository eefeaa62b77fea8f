//! The chain from a frame to packets and back, through the real codec.

mod ladder;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::assembler::{Assembler, Output};
use super::content::Content;
use super::encoder::{EncodedVideo, LayerConfig, VideoEncoder};
use super::frame::Frame;
use super::h264::{Encoded, H264Decoder, H264Encoder};
use super::packetizer::packetize;
use super::pattern::{Pattern, PatternMeter, Stamp, wall_micros};
use super::receiver::{Feedback, VideoReceiver};
use super::slot::FrameSlot;
use crate::transport::layer::Layer;
use crate::transport::packet::RtpPacket;

/// Long enough for a loaded machine; no test waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(20);

/// Frames of the pattern, one after the other.
struct Drawing {
    pattern: Pattern,
    number: u32,
}

impl Drawing {
    fn new() -> Self {
        Self {
            pattern: Pattern::new(),
            number: 0,
        }
    }

    fn next(&mut self, width: u32, height: u32) -> Frame {
        let stamp = Stamp {
            number: self.number,
            micros: wall_micros(),
            width,
            height,
        };
        self.number += 1;
        self.pattern.picture(&stamp)
    }
}

/// Payloads as the packets that arrive at the other side.
struct Wire {
    sequence: u16,
    timestamp: u32,
}

impl Wire {
    fn new() -> Self {
        Self {
            sequence: 65_000,
            timestamp: 0,
        }
    }

    fn packets(&mut self, payloads: &[bytes::Bytes]) -> Vec<RtpPacket> {
        self.timestamp = self.timestamp.wrapping_add(3000);
        let last = payloads.len() - 1;
        payloads
            .iter()
            .enumerate()
            .map(|(index, payload)| {
                self.sequence = self.sequence.wrapping_add(1);
                RtpPacket {
                    sequence: self.sequence,
                    timestamp: self.timestamp,
                    marker: index == last,
                    payload: payload.clone(),
                    arrived: Instant::now(),
                }
            })
            .collect()
    }
}

/// The packets of `frames` frames of the pattern, the first a keyframe.
fn encoded_frames(width: u32, height: u32, frames: u64) -> Vec<Vec<bytes::Bytes>> {
    let mut drawing = Drawing::new();
    let mut encoder = H264Encoder::new(500_000, 30.0);
    let mut stream = Vec::new();
    (0..frames)
        .filter_map(|number| {
            let frame = drawing.next(width, height);
            let encoded = encoder.encode(&frame, number * 33, &mut stream).unwrap();
            (encoded != Encoded::Skipped).then(|| packetize(&stream))
        })
        .collect()
}

#[test]
fn the_pattern_at_720p_and_its_bitrate_arrives_faithfully() {
    let mut drawing = Drawing::new();
    let mut encoder = H264Encoder::new(1_500_000, 30.0);
    let (mut assembler, mut decoder) = (Assembler::new(), H264Decoder::new());
    let (mut wire, mut meter) = (Wire::new(), PatternMeter::default());
    let (mut stream, mut bytes, mut skipped) = (Vec::new(), 0, 0);
    let seconds = 6;
    for number in 0..30 * seconds {
        let frame = drawing.next(1280, 720);
        if encoder.encode(&frame, number * 33, &mut stream).unwrap() == Encoded::Skipped {
            skipped += 1;
            continue;
        }
        bytes += stream.len() as u64;
        for packet in wire.packets(&packetize(&stream)) {
            assembler.push(packet, Instant::now());
        }
        while let Some(Output::AccessUnit(unit)) = assembler.poll(Instant::now()) {
            let frame = decoder.decode(&unit.data).unwrap().unwrap();
            meter.observe(&frame, wall_micros());
        }
    }
    let stats = meter.stats().unwrap();
    let (psnr, bitrate) = (stats.psnr_db.unwrap(), bytes * 8 / seconds);
    println!(
        "{psnr:.1} dB, {bitrate} bit/s, {skipped} skipped, {:?}",
        stats.latency_ms
    );
    assert!(psnr >= 36.0, "{psnr} dB at {bitrate} bit/s");
    assert!((1_000_000..1_700_000).contains(&bitrate), "{bitrate} bit/s");
    assert_eq!(skipped, stats.frames_missing);
    assert!(skipped <= 3, "{skipped} frames left out");
}

fn start_encoder(
    slot: &Arc<FrameSlot>,
    config: LayerConfig,
) -> (VideoEncoder, Receiver<Arc<EncodedVideo>>) {
    let (sender, receiver) = channel();
    let encoder = VideoEncoder::start(Arc::clone(slot), config, move |picture| {
        let _ = sender.send(picture);
    });
    (encoder, receiver)
}

const SMALL: LayerConfig = LayerConfig {
    content: Content::Camera,
    layer: Layer::Low,
    max_width: 320,
    max_height: 180,
    fps: 30.0,
    bitrate_bps: 300_000,
};

#[test]
fn a_layer_is_scaled_to_its_size_and_begins_with_a_keyframe() {
    let slot = FrameSlot::new();
    let (encoder, pictures) = start_encoder(&slot, SMALL);
    slot.publish(Arc::new(Drawing::new().next(1280, 720)));
    let picture = pictures.recv_timeout(PATIENCE).unwrap();
    assert!(picture.keyframe);
    assert_eq!((picture.width, picture.height), (320, 180));
    assert_eq!(encoder.stats().encoders, 1);
}

#[test]
fn requests_for_keyframes_before_the_next_frame_are_one() {
    let slot = FrameSlot::new();
    let mut drawing = Drawing::new();
    let (encoder, pictures) = start_encoder(&slot, SMALL);
    let mut next = |at: u64| {
        let mut frame = drawing.next(320, 180);
        frame.captured += Duration::from_millis(at * 40);
        slot.publish(Arc::new(frame));
        pictures.recv_timeout(PATIENCE).unwrap().keyframe
    };
    assert!(next(0) && !next(1));
    encoder.request_keyframe();
    encoder.request_keyframe();
    assert!(next(2) && !next(3));
}

#[test]
fn an_inactive_layer_costs_nothing_and_comes_back_with_a_keyframe() {
    let slot = FrameSlot::new();
    let mut drawing = Drawing::new();
    let (encoder, pictures) = start_encoder(&slot, SMALL);
    slot.publish(Arc::new(drawing.next(320, 180)));
    assert!(pictures.recv_timeout(PATIENCE).unwrap().keyframe);
    encoder.set_active(false);
    assert_eq!(encoder.stats().encoders, 0);
    encoder.set_active(true);
    let mut frame = drawing.next(320, 180);
    frame.captured += Duration::from_millis(40);
    slot.publish(Arc::new(frame));
    assert!(pictures.recv_timeout(PATIENCE).unwrap().keyframe);
}

#[test]
fn timestamps_run_at_90_khz_and_never_stand_still() {
    let slot = FrameSlot::new();
    let mut drawing = Drawing::new();
    let (_encoder, pictures) = start_encoder(&slot, SMALL);
    let start = Instant::now();
    let mut timestamps = Vec::new();
    for milliseconds in [0, 100, 200] {
        let mut frame = drawing.next(320, 180);
        frame.captured = start + Duration::from_millis(milliseconds);
        slot.publish(Arc::new(frame));
        timestamps.push(pictures.recv_timeout(PATIENCE).unwrap().timestamp);
    }
    assert!(timestamps[1].abs_diff(timestamps[0] + 9000) <= 1);
    assert!(timestamps[2].abs_diff(timestamps[1] + 9000) <= 1);
}

/// A receiver, its output and what it asks for.
fn start_receiver() -> (VideoReceiver, Arc<FrameSlot>, Receiver<Feedback>) {
    let slot = FrameSlot::new();
    let (sender, feedback) = channel();
    let sender = Mutex::new(sender);
    let receiver = VideoReceiver::start(Arc::clone(&slot), move |wanted| {
        let _ = sender.lock().unwrap().send(wanted);
    });
    (receiver, slot, feedback)
}

#[test]
fn a_person_is_seen_from_the_first_keyframe_on() {
    let (receiver, slot, _) = start_receiver();
    let (mut wire, mut seen) = (Wire::new(), 0);
    for payloads in encoded_frames(320, 180, 3) {
        for packet in wire.packets(&payloads) {
            receiver.push(packet);
        }
        let (number, frame) = slot.wait_newer(seen, PATIENCE).unwrap();
        seen = number;
        assert_eq!((frame.width, frame.height), (320, 180));
    }
    let stats = receiver.stats();
    assert_eq!((stats.frames_decoded, stats.key_frames_decoded), (3, 1));
    assert_eq!(
        (stats.packets_lost, stats.decode_errors, stats.plis),
        (0, 0, 0)
    );
}

#[test]
fn who_joins_in_mid_stream_asks_for_a_keyframe_once() {
    let (receiver, _, feedback) = start_receiver();
    let mut wire = Wire::new();
    let frames = encoded_frames(320, 180, 4);
    for payloads in &frames[1..] {
        for packet in wire.packets(payloads) {
            receiver.push(packet);
        }
    }
    assert_eq!(feedback.recv_timeout(PATIENCE), Ok(Feedback::Keyframe));
    drop(receiver);
    assert!(feedback.try_recv().is_err());
}

#[test]
fn a_size_that_changes_in_mid_stream_is_followed() {
    let (receiver, slot, _) = start_receiver();
    let (mut wire, mut seen) = (Wire::new(), 0);
    for (width, height) in [(320, 180), (640, 360), (180, 320)] {
        for payloads in encoded_frames(width, height, 2) {
            for packet in wire.packets(&payloads) {
                receiver.push(packet);
            }
            let (number, frame) = slot.wait_newer(seen, PATIENCE).unwrap();
            seen = number;
            assert_eq!((frame.width, frame.height), (width, height));
        }
    }
}

#[test]
fn garbage_is_counted_answered_with_a_request_and_survived() {
    let (receiver, slot, feedback) = start_receiver();
    let mut wire = Wire::new();
    let frames = encoded_frames(320, 180, 2);
    let mut damaged: Vec<bytes::Bytes> = frames[0].clone();
    for payload in damaged.iter_mut().skip(1) {
        let bytes: Vec<u8> = payload
            .iter()
            .enumerate()
            .map(|(at, byte)| if at < 3 { *byte } else { byte ^ 0x5a })
            .collect();
        *payload = bytes.into();
    }
    for packet in wire.packets(&damaged) {
        receiver.push(packet);
    }
    assert_eq!(feedback.recv_timeout(PATIENCE), Ok(Feedback::Keyframe));
    for payloads in &frames {
        for packet in wire.packets(payloads) {
            receiver.push(packet);
        }
    }
    assert!(slot.wait_newer(0, PATIENCE).is_some());
    assert_eq!(receiver.stats().decode_errors, 1);
}

#[test]
fn a_keyframe_in_mid_call_makes_nobody_wait() {
    let mut drawing = Drawing::new();
    let mut encoder = H264Encoder::new(1_500_000, 30.0);
    let (mut stream, mut run, mut longest, mut keyframes) = (Vec::new(), 0, 0, Vec::new());
    for number in 0..180 {
        if number % 60 == 30 {
            encoder.force_keyframe();
        }
        let frame = drawing.next(1280, 720);
        match encoder.encode(&frame, number * 33, &mut stream).unwrap() {
            Encoded::Skipped => run += 1,
            encoded => {
                run = 0;
                if encoded == Encoded::Keyframe {
                    keyframes.push(stream.len());
                }
            }
        }
        longest = longest.max(run);
    }
    println!("keyframes of {keyframes:?} bytes, at most {longest} frames left out in a row");
    assert_eq!(keyframes.len(), 4);
    assert!(longest <= 2, "{longest} frames in a row were left out");
}

#[test]
fn a_rate_that_changes_in_mid_call_is_followed_without_a_keyframe() {
    let mut drawing = Drawing::new();
    let mut encoder = H264Encoder::new(800_000, 30.0);
    let mut stream = Vec::new();
    let mut second = |encoder: &mut H264Encoder, second: u64| -> (usize, bool) {
        let (mut bytes, mut keyframe) = (0, false);
        for number in 0..30 {
            let frame = drawing.next(640, 360);
            let milliseconds = second * 1000 + number * 33;
            let encoded = encoder.encode(&frame, milliseconds, &mut stream).unwrap();
            keyframe |= encoded == Encoded::Keyframe;
            bytes += stream.len();
        }
        (bytes * 8, keyframe)
    };
    assert!(second(&mut encoder, 0).1);
    encoder.set_bitrate(200_000);
    second(&mut encoder, 1);
    let (bits, keyframe) = second(&mut encoder, 2);
    println!("{bits} bit/s");
    assert!(!keyframe && bits < 300_000, "{bits} bit/s");
}
