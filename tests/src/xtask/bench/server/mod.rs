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

/// Measures all of it, one after the other.
pub fn measure(binaries: &Binaries) -> Result<Vec<Row>> {
    let crowd = crowd::Crowd::build(binaries)?;
    let mut rows = start::measure(binaries)?;
    rows.extend(streams::measure(binaries, &crowd)?);
    rows.extend(signals::measure(binaries, &crowd)?);
    rows.extend(relay::measure(binaries)?);
    rows.extend(way_in::measure(binaries, &crowd)?);
    Ok(rows)
}
