//! What can be set about the relay. Each is an option of the program and an environment variable.

use super::bucket::Rate;
use super::credentials::RelaySecret;
use super::quota::Bounds;
use crate::config::seconds;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// The ports that RFC 6335 leaves to whoever wants one, and RFC 8656, section 7.2, to relays.
const PORTS: &str = "49152-65535";

/// The relay of this server, or another one that clients are sent to.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Relay")]
pub struct RelayOptions {
    /// Where to listen for STUN and TURN, over UDP and over TCP: an address and a port, usually 3478.
    /// Several are separated by commas. Without it this server does not relay.
    #[arg(
        id = "turn-listen",
        long,
        value_name = "ADDR",
        env = "VISIO_TURN_LISTEN",
        value_delimiter = ','
    )]
    pub listen: Vec<SocketAddr>,

    /// The address at which the internet reaches this machine, where it is not the one to listen on:
    /// behind a provider's NAT, say. One of each family, separated by a comma.
    #[arg(
        long = "relay-ip",
        value_name = "IP",
        env = "VISIO_RELAY_IP",
        value_delimiter = ','
    )]
    pub ips: Vec<IpAddr>,

    /// The name by which clients find the relay; without it they are told its address.
    #[arg(long = "relay-host", value_name = "NAME", env = "VISIO_RELAY_HOST")]
    pub host: Option<String>,

    /// The UDP ports of relayed addresses. A firewall must let them through.
    #[arg(long = "relay-ports", value_name = "FIRST-LAST", env = "VISIO_RELAY_PORTS", default_value = PORTS)]
    pub ports: Ports,

    /// Relay into private networks too. Only where everybody who may call may also reach them.
    #[arg(long = "relay-lan", env = "VISIO_RELAY_LAN")]
    pub lan: bool,

    /// Relayed addresses in all. Each costs a port and an open file.
    #[arg(
        long = "relay-max-addresses",
        value_name = "N",
        env = "VISIO_RELAY_MAX_ADDRESSES",
        default_value_t = 4_000
    )]
    pub max_addresses: usize,

    /// Relayed addresses of one session. A call of nine asks for one per person and way (UDP, TCP,
    /// TLS), and for as many again when it looks for a new path.
    #[arg(
        long = "relay-session-addresses",
        value_name = "N",
        env = "VISIO_RELAY_SESSION_ADDRESSES",
        default_value_t = 64
    )]
    pub session_addresses: usize,

    /// Kilobits a second that are relayed in all, both directions together; 0 for no bound.
    #[arg(
        long = "relay-bandwidth",
        value_name = "KBPS",
        env = "VISIO_RELAY_BANDWIDTH",
        default_value_t = 1_000_000
    )]
    pub bandwidth: u64,

    /// Kilobits a second that are relayed for one session, both directions together; 0 for no bound.
    /// A call of nine at full quality takes about 40,000.
    #[arg(
        long = "relay-session-bandwidth",
        value_name = "KBPS",
        env = "VISIO_RELAY_SESSION_BANDWIDTH",
        default_value_t = 60_000
    )]
    pub session_bandwidth: u64,

    /// Streams (TCP) to the relay at a time; further ones are closed.
    #[arg(
        long = "relay-max-streams",
        value_name = "N",
        env = "VISIO_RELAY_MAX_STREAMS",
        default_value_t = 2_000
    )]
    pub max_streams: usize,

    /// Seconds for which the credentials that a session is given are good. What was begun with them
    /// goes on for longer.
    #[arg(long = "relay-credential-time", value_name = "SECONDS", env = "VISIO_RELAY_CREDENTIAL_TIME", default_value = "21600", value_parser = seconds)]
    pub credential_time: Duration,

    /// Another relay (coturn, eturnal) to send clients to instead of this one, as
    /// turn:HOST:PORT?transport=udp. Several are separated by commas.
    #[arg(long = "turn-url", value_name = "URL", env = "VISIO_TURN_URL", value_delimiter = ',', requires = "secret", value_parser = url)]
    pub urls: Vec<String>,

    /// The secret that the other relay makes passwords from (coturn: static-auth-secret). Without
    /// --turn-url it is that of this server's relay, which otherwise makes one of its own.
    #[arg(
        id = "secret",
        long = "turn-secret",
        value_name = "SECRET",
        env = "VISIO_TURN_SECRET",
        hide_env_values = true
    )]
    pub secret: Option<RelaySecret>,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            ips: Vec::new(),
            host: None,
            ports: Ports(49_152..=65_535),
            lan: false,
            max_addresses: 4_000,
            session_addresses: 64,
            bandwidth: 1_000_000,
            session_bandwidth: 60_000,
            max_streams: 2_000,
            credential_time: Duration::from_secs(6 * 60 * 60),
            urls: Vec::new(),
            secret: None,
        }
    }
}

impl RelayOptions {
    /// Open files that the relay may need: one for each relayed address, stream and listener.
    pub(crate) fn max_files(&self) -> usize {
        if self.listen.is_empty() {
            0
        } else {
            self.max_addresses + self.max_streams + 2 * self.listen.len()
        }
    }

    /// How much of everything.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            addresses: self.max_addresses,
            session_addresses: self.session_addresses,
            rate: Rate {
                kbps: self.bandwidth,
            },
            session_rate: Rate {
                kbps: self.session_bandwidth,
            },
        }
    }
}

/// A range of ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports(pub RangeInclusive<u16>);

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.start(), self.0.end())
    }
}

impl FromStr for Ports {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let range = text.split_once('-').and_then(|(first, last)| {
            let range = first.trim().parse().ok()?..=last.trim().parse().ok()?;
            (*range.start() >= 1024 && !range.is_empty()).then_some(range)
        });
        range
            .map(Self)
            .ok_or("two ports from 1024 to 65535, the smaller one first, as in 49152-65535")
    }
}

/// The longest URL, as the protocol bounds it.
fn url(text: &str) -> Result<String, String> {
    let known = ["stun:", "stuns:", "turn:", "turns:"];
    let known = known.iter().any(|scheme| text.starts_with(scheme));
    if known && text.len() <= visio_protocol::relay::MAX_URL {
        Ok(text.to_owned())
    } else {
        Err("a URL such as turn:relay.example.org:3478?transport=udp".to_owned())
    }
}
