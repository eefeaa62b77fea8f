//! What can be set about sharing rooms with other servers.

use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionAddr, IntoConnectionInfo as _};
use std::fmt;
use std::str::FromStr;

/// Several servers that are one.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Several servers")]
pub struct SharedOptions {
    /// A Redis over which this server shares its rooms with all others that name the same one, as
    /// redis://:PASSWORD@HOST:6379/0, or rediss:// where it encrypts. Without it this server is alone.
    #[arg(
        id = "redis",
        long,
        value_name = "URL",
        env = "VISIO_REDIS",
        hide_env_values = true
    )]
    pub redis: Option<RedisUrl>,
}

/// Where a Redis is, and how it lets us in. Shows neither name nor password.
#[derive(Clone)]
pub struct RedisUrl {
    pub(super) client: Client,
}

impl FromStr for RedisUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "an address such as redis://:PASSWORD@redis.example.org:6379/0";
        let known = ["redis://", "rediss://"];
        if !known.iter().any(|scheme| text.starts_with(scheme)) {
            return Err(wrong);
        }
        let info = text.into_connection_info().map_err(|_| wrong)?;
        // A change is a small packet that somebody waits for.
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = Client::open(info).map_err(|_| wrong)?;
        Ok(Self { client })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                write!(f, "{host}:{port}")
            }
            _ => f.write_str("an unknown place"),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_neither_name_nor_password() {
        let url: RedisUrl = "rediss://anna:geheim@redis.example.org:6380/3"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "redis.example.org:6380");
        assert_eq!(format!("{url:?}"), "RedisUrl(redis.example.org:6380)");
        let info = url.client.get_connection_info();
        assert_eq!(info.redis_settings().db(), 3);
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in [
            "",
            "redis.example.org",
            "http://redis.example.org",
            "redis://",
            "redis://a:b",
        ] {
            assert!(text.parse::<RedisUrl>().is_err(), "{text}");
        }
    }
}
