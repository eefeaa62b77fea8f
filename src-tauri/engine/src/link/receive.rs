//! The tasks that receive: one per remote track, from the connection into the sink.
//!
//! A packet is stamped with its arrival and handed on in the order in which it came; putting packets
//! in order is for who plays them. Copies of audio that came along with a packet are handed on after it. What the other
//! side reports about its clock goes the same way.

use std::sync::Arc;
use std::time::Instant;

use rtc::rtp::Packet;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use super::event::MediaSink;
use super::filler;
use super::lines::{Line, PayloadTypes};
use super::shared::Shared;
use crate::transport::clock::SenderClock;
use crate::transport::packet::RtpPacket;
use crate::transport::red;

/// Hands on what a track brings, until it ends.
pub(super) async fn receive(
    line: Line,
    track: Arc<dyn TrackRemote>,
    agreed: Option<PayloadTypes>,
    sink: Arc<dyn MediaSink>,
    shared: Arc<Shared>,
) {
    let mut clock = None;
    while let Some(event) = track.poll().await {
        match event {
            TrackRemoteEvent::OnRtpPacket(packet) => {
                set_clock(line, packet.header.ssrc, &mut clock, &*sink, &shared);
                deliver(line, packet, agreed, &*sink, &shared);
            }
            TrackRemoteEvent::OnEnded => return,
            _ => {}
        }
    }
}

/// Passes on what the other side's reports say, when it is new.
fn set_clock(
    line: Line,
    ssrc: u32,
    known: &mut Option<SenderClock>,
    sink: &dyn MediaSink,
    shared: &Shared,
) {
    let Some(clock) = shared.clocks.of(ssrc).filter(|new| *known != Some(*new)) else {
        return;
    };
    *known = Some(clock);
    match line {
        Line::Microphone => sink.audio_clock(clock),
        Line::Camera => sink.video_clock(clock),
        Line::Screen | Line::SharedSound => {}
    }
}

fn deliver(
    line: Line,
    packet: Packet,
    agreed: Option<PayloadTypes>,
    sink: &dyn MediaSink,
    shared: &Shared,
) {
    let payload_type = packet.header.payload_type;
    let packet = RtpPacket {
        sequence: packet.header.sequence_number,
        timestamp: packet.header.timestamp,
        marker: packet.header.marker,
        payload: packet.payload,
        arrived: Instant::now(),
    };
    let counters = &shared.counters;
    match line {
        Line::Microphone => {
            counters.audio_received.add(packet.payload.len());
            match agreed.filter(|agreed| agreed.red == Some(payload_type)) {
                Some(agreed) => unwrap(packet, agreed.media, sink),
                None => sink.audio(packet),
            }
        }
        Line::Camera => {
            counters.video_received.add(packet.payload.len());
            sink.video(packet);
        }
        Line::Screen => {
            counters.screen_received.add(packet.payload.len());
            sink.screen(packet);
        }
        Line::SharedSound if filler::is_one(&packet.payload) => {}
        Line::SharedSound => sink.sound(packet),
    }
}

/// The packet first, then the copies that came with it, from the newest to the oldest.
fn unwrap(packet: RtpPacket, codec: u8, sink: &dyn MediaSink) {
    for block in red::unwrap(&packet.payload, codec) {
        let part = RtpPacket {
            sequence: packet.sequence.wrapping_sub(block.behind),
            timestamp: packet.timestamp.wrapping_sub(block.offset),
            payload: block.payload,
            ..packet.clone()
        };
        match block.behind {
            0 => sink.audio(part),
            behind => sink.audio_copy(part, behind),
        }
    }
}
