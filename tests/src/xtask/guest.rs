//! `cargo xtask guest 'COMMAND'`: a look into the emulated machine that the camera and sound card scenarios run in.

use visio_tests::{Guest, Result, Trouble};

/// Runs a shell command in a guest with the kernel's test camera and a loopback sound card.
pub fn command(arguments: &[String]) -> Result<bool> {
    let [command] = arguments else {
        return Err(Trouble::new("usage: cargo xtask guest 'COMMAND'"));
    };
    let outcome = Guest::new()?
        .module("vivid")
        .module("snd-aloop")
        .run(command)?;
    print!("{}", outcome.output);
    eprintln!(
        "The guest was up after {:.1} s; {:.1} s in all.",
        outcome.boot.as_secs_f64(),
        outcome.wall.as_secs_f64()
    );
    Ok(outcome.status == 0)
}
