//! A message of a usual length that carries the time at which it was sent.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Trouble;

/// An offer's length, sealed and written.
const LENGTH: usize = 1500;

/// Where the time stands in what is sealed: after the version and the number, which the server reads.
const TIME: std::ops::Range<usize> = 9..17;

/// As much of the text as holds the time: whole groups of four characters, three bytes each.
const HEAD: usize = 24;

/// What looks to a server like the sealed message with this number. `began` is when the measurement began.
pub fn write(number: u64, began: Instant) -> String {
    let now = began.elapsed().as_nanos() as u64;
    let head = [&[1][..], &number.to_be_bytes(), &now.to_be_bytes(), &[0]].concat();
    let head = URL_SAFE_NO_PAD.encode(head);
    let rest = LENGTH - head.len();
    head + &"A".repeat(rest)
}

/// How long such a message was on its way.
pub fn age(sealed: &str, began: Instant) -> Result<Duration, Trouble> {
    let now = began.elapsed();
    let head = sealed.get(..HEAD).ok_or("a message came shortened")?;
    let head = URL_SAFE_NO_PAD.decode(head)?;
    let sent = u64::from_be_bytes(head[TIME].try_into()?);
    Ok(now.saturating_sub(Duration::from_nanos(sent)))
}

/// What is told of all: how many came of how many, and the time that half of them, and all but one in a hundred, took.
pub fn told(mut ages: Vec<Duration>, sent: u64) -> serde_json::Value {
    ages.sort_unstable();
    let at = |share: f64| {
        let index = (ages.len() as f64 * share) as usize;
        ages.get(index)
            .map_or(f64::NAN, |age| age.as_secs_f64() * 1e3)
    };
    serde_json::json!({ "sent": sent, "came": ages.len(), "p50_ms": at(0.5), "p99_ms": at(0.99) })
}
