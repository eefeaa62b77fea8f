//! `cargo xtask COMMAND`: everything a developer or CI does with this workspace, in one program that needs only Rust.

mod bench;
mod check;
mod demo;
mod guest;
mod package;
mod packages;
mod setup;
mod step;
mod structure;
mod tally;

use std::process::ExitCode;

use visio_tests::Result;

const HELP: &str = "\
cargo xtask COMMAND

  setup [build|demo|test]   install the system packages that are missing (default: all of them)
  demo                      a call on this machine: server, companion and the app
  test [STEP...]            run every check and test, or only the named steps (`test --list` names them)
  bench [PART...] [--write] measure; --write puts the numbers into README.md
  bench network [ROW...]    calls over bad links, side by side with a browser; --write: docs/NETWORK.md
  bench endurance           a call of ten minutes in which one thing after another goes wrong
  package [app|server]      build what people install: the packages of the app and of the server
  package try [FILE.deb]    install the app's package on a clean Debian, start it there by a link, look, remove it
  package manifest DIR URL  write the checksums and the manifest of the release whose files are in DIR
  guest 'COMMAND'           run a command in the emulated machine with a camera and a sound card
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let outcome: Result<bool> = match command {
        "setup" => setup::command(rest),
        "test" => check::command(rest),
        "demo" => demo::command(rest),
        "bench" => bench::command(rest),
        "package" => package::command(rest),
        "guest" => guest::command(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(true)
        }
        other => {
            eprint!("There is no command {other}.\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}
