//! Rehearses a loud room and says how the processing of voices did, in one line of JSON: how much fainter the echo was sent
//! than it came (dB), how alike the near voice stayed while both talked (0 to 1), and what 10 ms of sound cost (ms).
//!
//! `cargo run -p visio-engine --release --example echo`, or as a part of `cargo xtask bench echo`.

use serde_json::json;
use visio_engine::audio::Treatment;
use visio_engine::audio::rehearsal::Rehearsal;

/// Until the echo is to be gone, in seconds.
const SETTLE: u32 = 5;

/// Watched from then on, in seconds.
const WATCH: u32 = 10;

fn main() {
    let mut room = Rehearsal::new(Treatment::of(true, false));
    room.play(SETTLE, false);
    let reduced = room.play(WATCH, false).echo_reduced_db();
    let kept = room.play(WATCH, true).near_kept();
    let cost = room.cost().as_secs_f64() * 1_000.0;
    let figures = json!({ "reduced_db": reduced, "near_kept": kept, "cost_ms": cost });
    println!("{figures}");
}
