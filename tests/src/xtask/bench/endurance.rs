//! `cargo xtask bench endurance`: ten minutes of a call of four in which one thing after another goes wrong.

use std::time::Duration;

use visio_tests::{Result, Trouble, endurance};

const LASTS: Duration = Duration::from_secs(600);

pub fn command() -> Result<bool> {
    let binaries = super::binaries(false)?;
    if let Some(reason) = endurance::missing() {
        return Err(Trouble::new(reason));
    }
    for (what, after) in endurance::endure(&binaries, LASTS)? {
        println!(
            "{:>6.1} s until all saw and heard all: {what}",
            after.as_secs_f64()
        );
    }
    Ok(true)
}
