//! Watches a camera through the engine's own code, and tells what happens: for a look at a camera that
//! misbehaves, and for trials with emulated ones.
//!
//! `cargo run -p visio-engine --example camera -- [SPEC [SECONDS [LAYOUT]]]`, with a SPEC as
//! `visio-cli --camera` takes it, and for `device:ID` perhaps the only LAYOUT of pixels to be used: mjpeg,
//! yuyv or nv12. Prints the cameras of this machine, then a line for each event and each second with pictures.

use std::time::{Duration, Instant};

use visio_engine::video::source::{PixelFormat, open_camera};
use visio_engine::video::{Camera, CameraSpec, Frame, FrameSlot, cameras};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .init();
    let mut arguments = std::env::args().skip(1);
    let spec: CameraSpec = arguments.next().as_deref().unwrap_or("default").parse()?;
    let seconds = arguments.next().as_deref().unwrap_or("10").parse()?;
    spec.check()?;
    for camera in cameras() {
        println!("camera {} ({})", camera.id, camera.name);
    }
    let end = Instant::now() + Duration::from_secs(seconds);
    match (spec, arguments.next()) {
        (CameraSpec::Device(id), Some(layout)) => read(&id, &layout, end),
        (spec, _) => watch(spec, end),
    }
}

/// As a call does: opened again whenever it fails.
fn watch(spec: CameraSpec, end: Instant) -> Result<(), Box<dyn std::error::Error>> {
    let mut report = Report::new();
    let start = report.start;
    let slot = FrameSlot::new();
    let _camera = Camera::start(spec, slot.clone(), move |event| {
        println!("{:.1} s: {event:?}", start.elapsed().as_secs_f32());
    });
    let mut seen = 0;
    while Instant::now() < end {
        if let Some((number, frame)) = slot.wait_newer(seen, Duration::from_millis(100)) {
            seen = number;
            report.picture(&frame);
        }
    }
    report.end();
    Ok(())
}

/// One layout of pixels, once.
fn read(id: &str, layout: &str, end: Instant) -> Result<(), Box<dyn std::error::Error>> {
    let layout = match layout {
        "mjpeg" => PixelFormat::Mjpeg,
        "yuyv" => PixelFormat::Yuyv,
        "nv12" => PixelFormat::Nv12,
        other => return Err(format!("no such layout: {other}").into()),
    };
    let mut report = Report::new();
    let mut source = open_camera(id, &[layout])?;
    while Instant::now() < end {
        report.picture(&*source.next_frame()?);
    }
    report.end();
    Ok(())
}

struct Report {
    start: Instant,
    pictures: u32,
    second: u64,
}

impl Report {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            pictures: 0,
            second: 0,
        }
    }

    fn picture(&mut self, frame: &Frame) {
        self.pictures += 1;
        let elapsed = self.start.elapsed();
        if elapsed.as_secs() < self.second {
            return;
        }
        self.second = elapsed.as_secs() + 1;
        let mean = |plane: &[u8]| {
            let sum: u64 = plane.iter().map(|&value| u64::from(value)).sum();
            sum / plane.len() as u64
        };
        println!(
            "{:.1} s: {} pictures, {}x{}, mean Y {} U {} V {}, left U {} V {}",
            elapsed.as_secs_f32(),
            self.pictures,
            frame.width,
            frame.height,
            mean(frame.y()),
            mean(frame.u()),
            mean(frame.v()),
            // vivid shows colour bars, which differ from left to right.
            frame.u()[frame.width as usize / 5],
            frame.v()[frame.width as usize / 5],
        );
    }

    fn end(&self) {
        let seconds = self.start.elapsed().as_secs_f32();
        println!("{} pictures in {seconds:.1} s", self.pictures);
    }
}
