//! Watches a camera through the engine's own code, and tells what happens: for a look at a camera that
//! misbehaves, and for the tests with emulated ones.
//!
//! `cargo run -p visio-engine --example camera -- [SPEC [SECONDS]]`, with a SPEC as `visio-cli --camera` takes it.
//! Prints the cameras of this machine, then a line for each event and for each second with pictures.

use std::time::{Duration, Instant};

use visio_engine::video::{Camera, CameraSpec, FrameSlot, cameras};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let spec: CameraSpec = arguments.next().as_deref().unwrap_or("default").parse()?;
    let seconds: u64 = arguments.next().as_deref().unwrap_or("10").parse()?;
    spec.check()?;
    for camera in cameras() {
        println!("camera {} ({})", camera.id, camera.name);
    }
    let start = Instant::now();
    let slot = FrameSlot::new();
    let camera = Camera::start(spec, slot.clone(), move |event| {
        println!("{:.1} s: {event:?}", start.elapsed().as_secs_f32());
    });
    let (mut seen, mut pictures, mut second) = (0, 0, 1);
    while start.elapsed() < Duration::from_secs(seconds) {
        let newest = slot.wait_newer(seen, Duration::from_millis(100));
        if let Some((number, frame)) = &newest {
            seen = *number;
            pictures += 1;
            if start.elapsed() >= Duration::from_secs(second) {
                let mean = |plane: &[u8]| {
                    plane.iter().map(|&value| u64::from(value)).sum::<u64>() / plane.len() as u64
                };
                println!(
                    "{:.1} s: {pictures} pictures, {}x{}, mean Y {} U {} V {}",
                    start.elapsed().as_secs_f32(),
                    frame.width,
                    frame.height,
                    mean(frame.y()),
                    mean(frame.u()),
                    mean(frame.v()),
                );
                second = start.elapsed().as_secs() + 1;
            }
        }
    }
    drop(camera);
    println!("{pictures} pictures in {seconds} s");
    Ok(())
}
