//! Speaks into the air of a room.

use std::io::Write;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::Rooms;
use crate::trouble::During;
use crate::{Result, Trouble};

/// Buffered between the mouth and the air.
const LATENCY: &str = "--latency-msec=10";

/// Samples handed on at a time: 5 ms.
const PIECE: usize = 240;

/// A sound that goes on until this is dropped.
pub struct Mouth {
    player: Child,
    stop: Arc<AtomicBool>,
    writer: Option<JoinHandle<()>>,
}

impl Mouth {
    /// Speaks into the sink `air`. `sound` gives the sample of each moment, 48,000 a second, full scale ±1.
    pub fn speak(
        rooms: &Rooms,
        air: &str,
        sound: impl Fn(u64) -> f32 + Send + 'static,
    ) -> Result<Self> {
        let mut player = rooms
            .command("pacat")
            .args([
                "--playback",
                "--raw",
                "--format=float32le",
                "--rate=48000",
                "--channels=1",
                LATENCY,
            ])
            .arg(format!("--device={air}"))
            .stdin(Stdio::piped())
            .spawn()
            .during("starting pacat")?;
        let stdin = player
            .stdin
            .take()
            .ok_or_else(|| Trouble::new("pacat has no input"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let writer = std::thread::spawn(move || write(stdin, &sound, &stopped));
        Ok(Self {
            player,
            stop,
            writer: Some(writer),
        })
    }
}

/// Writes as fast as the player takes, which is as fast as the air carries.
fn write(mut player: ChildStdin, sound: &impl Fn(u64) -> f32, stop: &AtomicBool) {
    let mut position = 0;
    while !stop.load(Ordering::Relaxed) {
        let piece: Vec<u8> = (position..position + PIECE as u64)
            .flat_map(|n| sound(n).to_le_bytes())
            .collect();
        position += PIECE as u64;
        if player.write_all(&piece).is_err() {
            return;
        }
    }
}

impl Drop for Mouth {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Frees a writer that waits for a player which waits for a room that is gone.
        let _ = self.player.kill();
        let _ = self.player.wait();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
