//! `cargo xtask bench server`: what one server bears, on this machine, beside those that others use for the same.
//!
//! - [`crowd`]: the program that plays thousands of clients
//! - [`streams`]: idle event streams, plain and encrypted
//! - [`signals`]: messages among thousands of streams, beside PeerJS's server
//! - [`relay`]: what is relayed per CPU-second, beside coturn
//! - [`start`]: how soon it is ready, how small it is
//! - [`way_in`]: a call whose only way is the relay over TLS

mod crowd;
mod relay;
mod signals;
mod start;
mod streams;
mod way_in;

use visio_tests::{Binaries, Result};

use super::table::Row;

/// Measures all of it, one after the other; each row is told as soon as it is known, because all of them take ten minutes.
pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let crowd = crowd::Crowd::build(binaries)?;
    let parts: [&dyn Fn() -> Result<Vec<Row>>; 5] = [
        &|| start::measure(binaries),
        &|| streams::measure(binaries, &crowd),
        &|| signals::measure(binaries, &crowd),
        &|| relay::measure(binaries),
        &|| way_in::measure(binaries, &crowd),
    ];
    let mut rows = Vec::new();
    for part in parts {
        for row in part()? {
            eprintln!("  {}: {}", row.what, row.measured);
            rows.push(row);
        }
    }
    Ok(rows)
}
