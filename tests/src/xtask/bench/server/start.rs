//! How soon a server is ready, what it holds in memory when nobody is there, and how large the program is.

use std::time::{Duration, Instant};

use visio_tests::{Binaries, Result, Server, usage};

use super::super::repeat;
use super::super::table::{Row, Spread};

/// After its start, until nothing more is going on.
const SETTLES: Duration = Duration::from_secs(2);

const MEGABYTE: f64 = 1e6;

pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let runs = repeat(|| {
        let began = Instant::now();
        let server = Server::start(binaries)?;
        let ready = began.elapsed().as_secs_f64() * 1e3;
        std::thread::sleep(SETTLES);
        Ok((ready, usage::resident(server.process_id())? / MEGABYTE))
    })?;
    let ready = Spread::of(runs.iter().map(|run| run.0));
    let memory = Spread::of(runs.iter().map(|run| run.1));
    let size = std::fs::metadata(binaries.path("visio-server")?)?.len() as f64 / MEGABYTE;
    Ok(vec![Row::new(
        "server: start to ready; memory when idle; program",
        "≤ 50 ms; ≤ 15 MB; ≤ 10 MB",
        &format!(
            "{}; {}; {size:.1} MB",
            ready.shown(0, " ms"),
            memory.shown(1, " MB")
        ),
        ready.max <= 50.0 && memory.max <= 15.0 && size <= 10.0,
    )])
}
