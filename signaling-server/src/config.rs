//! What can be set, with its defaults, their units and their reasons. Each is an option of the
//! program and an environment variable.

use crate::certificate::CertificateOptions;
use crate::client_address::ProxyOptions;
use crate::guard::GuardOptions;
use crate::metrics::MetricsOptions;
use crate::relay::RelayOptions;
use crate::shared::SharedOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// All that a server needs to know to start.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Where to listen: an address and a port; port 0 takes a free one. Several are separated by
    /// commas. Without it, port 443 of all addresses with a certificate, and 127.0.0.1:8080 without.
    #[arg(long, value_name = "ADDR", env = "VISIO_LISTEN", value_delimiter = ',')]
    pub listen: Vec<SocketAddr>,

    /// The folder with what must outlive a restart: rooms and the host code. Made when missing,
    /// readable by its owner alone.
    #[arg(
        long,
        value_name = "DIR",
        env = "VISIO_DATA",
        default_value = "visio-data"
    )]
    pub data: PathBuf,

    /// The certificate.
    #[command(flatten)]
    pub certificate: CertificateOptions,

    /// Reverse proxies.
    #[command(flatten)]
    pub proxies: ProxyOptions,

    /// How much of everything.
    #[command(flatten)]
    pub limits: Limits,

    /// How much of it for one address.
    #[command(flatten)]
    pub guard: GuardOptions,

    /// The relay.
    #[command(flatten)]
    pub relay: RelayOptions,

    /// Numbers about it.
    #[command(flatten)]
    pub metrics: MetricsOptions,

    /// Other servers.
    #[command(flatten)]
    pub shared: SharedOptions,
}

impl Config {
    /// The defaults, at this address and with this data folder.
    pub fn new(listen: SocketAddr, data: impl Into<PathBuf>) -> Self {
        Self {
            listen: vec![listen],
            data: data.into(),
            certificate: CertificateOptions::default(),
            proxies: ProxyOptions::default(),
            limits: Limits::default(),
            guard: GuardOptions::default(),
            relay: RelayOptions::default(),
            metrics: MetricsOptions::default(),
            shared: SharedOptions::default(),
        }
    }
}

/// How much of everything, and how long.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Rooms in all. A room is 100 bytes in memory and on disk.
    #[arg(
        long,
        value_name = "N",
        env = "VISIO_MAX_ROOMS",
        default_value_t = 10_000
    )]
    pub max_rooms: usize,

    /// Sessions in all. An idle one costs about 12 KB, most of it in the kernel and the HTTP
    /// connection.
    #[arg(
        long,
        value_name = "N",
        env = "VISIO_MAX_SESSIONS",
        default_value_t = 20_000
    )]
    pub max_sessions: usize,

    /// Sessions in one room, those that only watch included; at most 512, which is what a list of
    /// them may hold.
    #[arg(long, value_name = "N", env = "VISIO_MAX_ROOM_SESSIONS", default_value_t = 128, value_parser = room_sessions)]
    pub max_room_sessions: usize,

    /// Rooms that one session may be in.
    #[arg(
        long,
        value_name = "N",
        env = "VISIO_MAX_SESSION_ROOMS",
        default_value_t = 64
    )]
    pub max_session_rooms: usize,

    /// Connections at a time; further ones wait in the system's queue. A calling client holds two.
    #[arg(
        long,
        value_name = "N",
        env = "VISIO_MAX_CONNECTIONS",
        default_value_t = 40_000
    )]
    pub max_connections: usize,

    /// The longest body of a request, in bytes. The protocol's longest has 64 KiB.
    #[arg(long, value_name = "BYTES", env = "VISIO_MAX_BODY", default_value_t = visio_protocol::request::MAX_BODY)]
    pub max_body: usize,

    /// Events kept for each session, for a client that comes back.
    #[arg(
        long,
        value_name = "N",
        env = "VISIO_HISTORY_EVENTS",
        default_value_t = 256
    )]
    pub history_events: usize,

    /// Bytes of events kept for each session.
    #[arg(long, value_name = "BYTES", env = "VISIO_HISTORY_BYTES", default_value_t = 1024 * 1024)]
    pub history_bytes: usize,

    /// Seconds for which a delivered event is kept: longer than anybody may be away.
    #[arg(long, value_name = "SECONDS", env = "VISIO_HISTORY_AGE", default_value = "60", value_parser = seconds)]
    pub history_age: Duration,

    /// Events waiting for a reader before it counts as too slow and is cut off; half of the
    /// history, so that it can go on from there.
    #[arg(
        long,
        value_name = "N",
        env = "VISIO_QUEUE_EVENTS",
        default_value_t = 128
    )]
    pub queue_events: usize,

    /// Seconds for which the place of a session that is not heard of is kept. A person who vanishes
    /// is to be gone within 10 s, and the silence is looked for twice a second.
    #[arg(long, value_name = "SECONDS", env = "VISIO_GRACE", default_value = "8", value_parser = seconds)]
    pub grace: Duration,

    /// Seconds for which a session that is gone may yet come back under its id, as if it had not been:
    /// a router that restarts takes one or two minutes, but who waits that long starts over anyway.
    #[arg(long, value_name = "SECONDS", env = "VISIO_RETURN_TIME", default_value = "60", value_parser = seconds)]
    pub return_time: Duration,

    /// Seconds between two signs of life of a calling client: three may get lost.
    #[arg(long, value_name = "SECONDS", env = "VISIO_KEEPALIVE", default_value = "2", value_parser = seconds)]
    pub keepalive: Duration,

    /// Seconds of silence on an event stream before a comment is sent: proxies end what is silent
    /// for 30 or 60.
    #[arg(long, value_name = "SECONDS", env = "VISIO_HEARTBEAT", default_value = "15", value_parser = seconds)]
    pub heartbeat: Duration,

    /// Seconds that a request may take to arrive.
    #[arg(long, value_name = "SECONDS", env = "VISIO_REQUEST_TIME", default_value = "10", value_parser = seconds)]
    pub request_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rooms: 10_000,
            max_sessions: 20_000,
            max_room_sessions: 128,
            max_session_rooms: 64,
            max_connections: 40_000,
            max_body: visio_protocol::request::MAX_BODY,
            history_events: 256,
            history_bytes: 1024 * 1024,
            history_age: Duration::from_secs(60),
            queue_events: 128,
            grace: Duration::from_secs(8),
            return_time: Duration::from_secs(60),
            keepalive: Duration::from_secs(2),
            heartbeat: Duration::from_secs(15),
            request_time: Duration::from_secs(10),
        }
    }
}

/// The longest time that can be set: a day.
const MAX_SECONDS: f64 = 86_400.0;

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("a number of seconds, more than 0 and at most a day".to_owned()),
    }
}

fn room_sessions(text: &str) -> Result<usize, String> {
    // The list of the others leaves out the one who asks.
    let most = visio_protocol::event::MAX_PRESENT + 1;
    match text.parse() {
        Ok(sessions) if (1..=most).contains(&sessions) => Ok(sessions),
        _ => Err(format!("a number from 1 to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Options {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn the_options_and_the_library_have_the_same_defaults() {
        let options = Options::parse_from(["visio-server", "--listen=127.0.0.1:8080"]).config;
        let defaults = Config::new(options.listen[0], options.data.clone());
        assert_eq!(format!("{options:?}"), format!("{defaults:?}"));
    }

    #[test]
    fn a_limit_that_makes_no_sense_is_refused() {
        for option in [
            "--grace=0",
            "--grace=soon",
            "--keepalive=-1",
            "--max-room-sessions=0",
            "--heartbeat=1e9",
            "--address-requests=many",
            "--address-streams=10/s",
            "--relay-ports=60000-50000",
            "--relay-ports=80-90",
            "--turn-url=turn:relay.example.org",
            "--turn-url=http://relay.example.org --turn-secret=s",
            "--domain=https://call.example.org",
            "--certificate=chain.pem",
            "--key=key.pem",
            "--http-listen=0.0.0.0:80",
            "--acme-directory=ftp://authority.example",
            "--trusted-proxy=localhost",
        ] {
            assert!(
                Options::try_parse_from(["visio-server", option]).is_err(),
                "{option}"
            );
        }
    }
}
