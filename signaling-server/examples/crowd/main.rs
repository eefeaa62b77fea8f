//! A crowd for one server: what `cargo xtask bench server` measures it with. Each command says what it found in one line of
//! JSON on standard output.
//!
//! - [`door`]: a connection to a server, plain or encrypted
//! - [`member`]: one session: it enters a room, listens and speaks
//! - [`idle`]: thousands of streams on which nothing happens
//! - [`signals`]: messages among thousands of streams, and how long they take
//! - [`rival`]: the same messages through PeerJS's server
//! - [`pace`]: who speaks when, and what came of it
//! - [`message`]: a message that carries the time at which it was sent

mod door;
mod idle;
mod member;
mod message;
mod pace;
mod rival;
mod signals;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// What any of it may fail with: it is told, and the bench ends.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
enum Command {
    /// Holds idle streams until it is ended, and says how many once they have settled.
    Idle {
        #[command(flatten)]
        server: Server,
    },
    /// Sends messages from session to session, and says how long they took, in milliseconds.
    Signals {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        load: Load,
    },
    /// The same through a PeerJS server.
    Rival {
        /// Where that listens.
        #[arg(long)]
        at: SocketAddr,
        /// Clients in all.
        #[arg(long)]
        streams: usize,
        #[command(flatten)]
        load: Load,
    },
    /// Makes a certificate for a host, and writes it and its key.
    Certificate {
        host: String,
        certificate: PathBuf,
        key: PathBuf,
    },
}

/// Which server, and how many sessions it has.
#[derive(clap::Args)]
struct Server {
    /// Where it listens.
    #[arg(long)]
    at: SocketAddr,
    /// The code with which rooms are made there.
    #[arg(long)]
    host_code: String,
    /// Its certificate, if it has one.
    #[arg(long)]
    trust: Option<PathBuf>,
    /// Sessions, each with its stream.
    #[arg(long)]
    streams: usize,
}

/// What is said among them.
#[derive(clap::Args, Clone, Copy)]
struct Load {
    /// Messages per second, in all.
    #[arg(long)]
    rate: u32,
    /// For how many seconds.
    #[arg(long)]
    seconds: u32,
}

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    match Command::parse() {
        Command::Idle { server } => idle::hold(&server).await,
        Command::Signals { server, load } => signals::send(&server, load).await,
        Command::Rival { at, streams, load } => rival::send(at, streams, load).await,
        Command::Certificate {
            host,
            certificate,
            key,
        } => {
            let made = rcgen::generate_simple_self_signed([host])?;
            std::fs::write(certificate, made.cert.pem())?;
            Ok(std::fs::write(key, made.signing_key.serialize_pem())?)
        }
    }
}
