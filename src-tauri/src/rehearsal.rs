//! A call without a network or other people: to see, and to measure, what this machine's window can draw.
//!
//! `VISIO_REHEARSAL=4` opens the window in a call with four people, each of whom shows the test pattern at 720p. It is drawn
//! and encoded once; then every picture is received, decoded, scaled and drawn for each of them, as in a real call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde_json::{Value, json};
use visio_engine::transport::layer::Layer;
use visio_engine::transport::packet::RtpPacket;
use visio_engine::video::{
    Camera, CameraSpec, Content, EncodedVideo, Feedback, FrameSlot, LayerConfig, VideoEncoder,
    VideoReceiver,
};

use crate::frames::tile::TileId;

/// What each of the people sends.
const LAYER: LayerConfig = LayerConfig {
    content: Content::Camera,
    layer: Layer::High,
    max_width: 1280,
    max_height: 720,
    fps: 30.0,
    bitrate_bps: 1_500_000,
};

/// Where each of their pictures comes from.
const CAMERA: CameraSpec = CameraSpec::Pattern {
    width: 1280,
    height: 720,
    fps: 30,
};

/// The running rehearsal. It ends when it is dropped.
pub struct Rehearsal {
    slots: HashMap<TileId, Arc<FrameSlot>>,
    _camera: Camera,
    _encoder: Arc<OnceLock<VideoEncoder>>,
}

impl Rehearsal {
    /// Starts one with so many people.
    pub fn start(people: u8) -> Rehearsal {
        let slots: HashMap<_, _> = (1..=people)
            .map(|number| (tile(number), FrameSlot::new()))
            .collect();
        let encoder = Arc::new(OnceLock::<VideoEncoder>::new());
        let receivers: Vec<_> = slots
            .values()
            .map(|slot| {
                let encoder = encoder.clone();
                VideoReceiver::start(slot.clone(), move |feedback| {
                    if let (Feedback::Keyframe, Some(encoder)) = (feedback, encoder.get()) {
                        encoder.request_keyframe();
                    }
                })
            })
            .collect();
        let filmed = FrameSlot::new();
        let camera = Camera::start(CAMERA, filmed.clone(), |_| {});
        let sequence = AtomicU16::new(0);
        let sending = VideoEncoder::start(filmed, LAYER, move |frame| {
            send(&frame, &sequence, &receivers)
        });
        let _ = encoder.set(sending);
        Rehearsal {
            slots,
            _camera: camera,
            _encoder: encoder,
        }
    }

    /// Where the pictures of a tile are.
    pub fn slots(&self) -> impl Fn(TileId) -> Option<Arc<FrameSlot>> + Send + Sync + 'static {
        let slots = self.slots.clone();
        move |tile| slots.get(&tile).cloned()
    }

    /// The call as the page is told it.
    pub fn state(&self) -> Value {
        let mut tiles: Vec<_> = self.slots.keys().copied().collect();
        tiles.sort();
        let people: Vec<_> = tiles
            .iter()
            .enumerate()
            .map(|(index, tile)| person(index + 1, *tile))
            .collect();
        let device = |spec: &str| json!({ "spec": spec, "status": "none", "device": null, "muted": false, "level": 0.0, "speaking": false, "off": false, "width": 0, "height": 0 });
        json!({
            "phase": "calling",
            "trouble": null,
            "invite": { "link": "", "code": "", "server": "" },
            "me": { "id": tile(u8::MAX), "name": "", "microphone": device("none"), "camera": device("none"), "speaker": device("none") },
            "people": people,
            "devices": { "cameras": [], "microphones": [], "speakers": [] },
        })
    }
}

fn tile(number: u8) -> TileId {
    TileId::new([number; 16])
}

fn person(number: usize, tile: TileId) -> Value {
    json!({
        "id": tile, "name": format!("{number}"), "calling": true, "muted": true, "cameraOff": false, "speaking": false,
        "connection": "connected", "picture": true, "quality": "unknown", "video": null,
    })
}

/// Hands one frame to every receiver, as a network without loss or delay would.
fn send(frame: &EncodedVideo, sequence: &AtomicU16, receivers: &[VideoReceiver]) {
    let last = frame.payloads.len().saturating_sub(1);
    for (index, payload) in frame.payloads.iter().enumerate() {
        let packet = RtpPacket {
            sequence: sequence.fetch_add(1, Ordering::Relaxed),
            timestamp: frame.timestamp,
            marker: index == last,
            payload: payload.clone(),
            arrived: Instant::now(),
        };
        for receiver in receivers {
            receiver.push(packet.clone());
        }
    }
}
