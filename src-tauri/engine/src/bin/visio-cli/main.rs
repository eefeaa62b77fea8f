//! The engine without a window: for servers, for tests, and for the curious.
//!
//! Progress goes to stderr, in the user's language; results go to stdout. Exit status: 0 when all went well, 1 when the call could not be
//! had (the last line on stderr says why and what to do), 2 for a wrong command line.

mod chat;
mod devices;
mod doctor;
mod film;
mod invite;
mod join;
mod screen;
mod seconds;
mod signals;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use visio_engine::video::h264::{Library, LibraryError};
use words::Words;

/// Visio's engine without a window.
#[derive(Parser)]
#[command(name = "visio-cli", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List this machine's cameras, microphones and speakers.
    Devices(devices::Options),
    /// Look why there is no call: the devices, the server, and every way through the network.
    Doctor(doctor::Options),
    /// Write the test pattern into a file, as a film without sound.
    Film(film::Options),
    /// Make a room on a server, and print its invite.
    Invite(invite::Options),
    /// Join the call of an invite.
    Join(join::Options),
}

fn main() -> ExitCode {
    let log = std::env::var("VISIO_LOG").ok();
    let log: Option<Targets> = log.and_then(|asked| asked.parse().ok());
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .finish()
        .with(log.unwrap_or_else(|| Targets::new().with_default(LevelFilter::ERROR)))
        .init();
    let cli = Cli::parse();
    let words = Words::of_the_system();
    if let Err(error) = use_codec() {
        tracing::error!(%error, "the codec that VISIO_CODEC names is not used");
        eprintln!("{}", words.say("trouble.codecSpoiled", &[]));
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Verb::Devices(options) => devices::run(&options, &words),
            Verb::Doctor(options) => doctor::run(options, &words).await,
            Verb::Film(options) => film::run(&options),
            Verb::Invite(options) => invite::run(&options, &words).await,
            Verb::Join(options) => join::run(options, &words).await,
        }
    });
    // Device threads may still wait for their systems: the process does not wait for them.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Codes pictures with the file that `VISIO_CODEC` names, in a build that has no codec inside.
fn use_codec() -> Result<(), LibraryError> {
    match std::env::var_os("VISIO_CODEC").filter(|file| !file.is_empty()) {
        Some(file) => Library::use_file(file.as_ref()),
        None => Ok(()),
    }
}
