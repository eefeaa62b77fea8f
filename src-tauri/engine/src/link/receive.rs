//! The tasks that receive: one per remote track, from the connection into the sink.
//!
//! A packet is stamped with its arrival and handed on in the order in which it came; putting packets
//! in order is for who plays them.

use std::sync::Arc;
use std::time::Instant;

use rtc::rtp::Packet;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use super::event::MediaSink;
use super::lines::Line;
use super::shared::Shared;
use crate::transport::packet::RtpPacket;

/// Hands on what a track brings, until it ends.
pub(super) async fn receive(
    line: Line,
    track: Arc<dyn TrackRemote>,
    sink: Arc<dyn MediaSink>,
    shared: Arc<Shared>,
) {
    while let Some(event) = track.poll().await {
        match event {
            TrackRemoteEvent::OnRtpPacket(packet) => deliver(line, packet, &*sink, &shared),
            TrackRemoteEvent::OnEnded => return,
            _ => {}
        }
    }
}

fn deliver(line: Line, packet: Packet, sink: &dyn MediaSink, shared: &Shared) {
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
            sink.audio(packet);
        }
        Line::Camera => {
            counters.video_received.add(packet.payload.len());
            sink.video(packet);
        }
        // Nobody shares a screen yet; what comes is taken off the queue and let go.
        Line::Screen | Line::SharedSound => {}
    }
}
