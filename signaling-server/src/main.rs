//! The program: options, logs, signals.

use clap::Parser;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use visio_server::{Config, Server, data};

mod commands;

#[cfg_attr(unix, path = "stop_unix.rs")]
#[cfg_attr(not(unix), path = "stop_other.rs")]
mod stop;

/// Visio's server: introduces people who share an invite to one another, and learns nothing about
/// them.
///
/// With --domain it obtains a certificate and is reached by everybody; without, by this machine alone.
///
/// On start it prints a line, "listening on URL", and with --domain another that says what a firewall
/// must let through. Logs go to standard error, without
/// names, addresses or secrets.
#[derive(Debug, clap::Parser)]
#[command(name = "visio-server", version, args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<commands::Command>,

    #[command(flatten)]
    config: Config,

    /// What to log: error, warn, info, debug; or of each part something else, as in warn,visio_server=debug.
    #[arg(long, value_name = "FILTER", env = "VISIO_LOG", default_value = "info")]
    log: Targets,

    /// How to log.
    #[arg(
        long,
        value_name = "FORMAT",
        env = "VISIO_LOG_FORMAT",
        default_value = "text"
    )]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    let done = match options.command.take() {
        Some(command) => command.run(),
        None => run(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("visio-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    match options.log_format {
        LogFormat::Text => log.finish().with(options.log).init(),
        LogFormat::Json => log.json().finish().with(options.log).init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Before anybody is told that the server runs, so that it can be stopped from then on.
        let mut stop = stop::Stop::listen()?;
        let data = options.config.data.clone();
        let first_start = !data.join("rooms.redb").exists();
        let server = Server::bind(options.config).await?;
        println!("listening on {}", server.url());
        if let Some(firewall) = server.firewall() {
            println!("a firewall must let through {firewall}");
        }
        if first_start && std::io::stdout().is_terminal() {
            // To a person, and not into a log that others may read.
            println!("host code {}", data::host_code(&data)?.reveal());
        }
        stop.wait().await;
        tracing::info!("stopping");
        server.shutdown().await;
        Ok(())
    })
}
