//! What can be set about how much one address, and one room, may ask for. Each is an option of the
//! program and an environment variable.

use super::bucket::Pace;

/// How much one address (of IPv6: one /64) and one room may ask for.
///
/// A limit is written as how many at once, and how many from then on: `400+10/s`, `10+6/min`; 0 is
/// none. The defaults let two hundred people behind one address join within a minute.
#[derive(Debug, Clone, clap::Args)]
#[command(
    next_help_heading = "Limits for one address, as AT ONCE+FROM THEN ON: 400+10/s, 10+6/min; 0 for none"
)]
pub struct GuardOptions {
    /// Connections at a time; further ones are closed. 0 for no limit. A calling client holds two or
    /// three.
    #[arg(
        long = "address-connections",
        value_name = "N",
        env = "VISIO_ADDRESS_CONNECTIONS",
        default_value_t = 1_000
    )]
    pub address_connections: u32,

    /// Requests of any kind. Joining a call of nine takes about 50, being in one half a request a
    /// second.
    #[arg(long = "address-requests", value_name = "LIMIT", env = "VISIO_ADDRESS_REQUESTS", default_value_t = REQUESTS)]
    pub requests: Pace,

    /// New event streams: one for each client, and each time that its network changes.
    #[arg(long = "address-streams", value_name = "LIMIT", env = "VISIO_ADDRESS_STREAMS", default_value_t = STREAMS)]
    pub streams: Pace,

    /// Rooms that it tries to create, with a host code or without.
    #[arg(long = "address-rooms", value_name = "LIMIT", env = "VISIO_ADDRESS_ROOMS", default_value_t = CREATIONS)]
    pub creations: Pace,

    /// Wrong host codes, after which not even the right one is looked at for a while.
    #[arg(long = "address-wrong-host-codes", value_name = "LIMIT", env = "VISIO_ADDRESS_WRONG_HOST_CODES", default_value_t = WRONG_HOST_CODES)]
    pub wrong_host_codes: Pace,

    /// Wrong admission keys, as old invites have. Those are out of reach of guessing, so that the
    /// right one is let in all the same: nobody locks out others who have the same address.
    #[arg(long = "address-wrong-keys", value_name = "LIMIT", env = "VISIO_ADDRESS_WRONG_KEYS", default_value_t = WRONG_ADMISSIONS)]
    pub wrong_admissions: Pace,

    /// Messages said in one room, from all addresses together.
    #[arg(long = "room-messages", value_name = "LIMIT", env = "VISIO_ROOM_MESSAGES", default_value_t = ROOM_SIGNALS)]
    pub room_signals: Pace,

    /// Hold this machine itself to the limits of an address too. Behind a web server on the same
    /// machine everybody would seem to be one.
    #[arg(long = "limit-loopback", env = "VISIO_LIMIT_LOOPBACK")]
    pub loopback: bool,
}

/// Two hundred people who join calls of nine within a minute ask for about 230 a second.
const REQUESTS: Pace = pace(4_000, 400.0);

/// Two hundred people come back at once when the server is restarted.
const STREAMS: Pace = pace(400, 10.0);

/// A class that is given a room for each pair.
const CREATIONS: Pace = pace(60, 0.5);

/// A person who mistypes, again and again: six a minute, of 2^80.
const WRONG_HOST_CODES: Pace = pace(10, 0.1);

/// A family's apps, each with a list of rooms that were closed.
const WRONG_ADMISSIONS: Pace = pace(100, 1.0);

/// A hundred people who enter one room within a minute and greet one another: 10,000 greetings.
const ROOM_SIGNALS: Pace = pace(5_000, 200.0);

const fn pace(burst: u32, per_second: f64) -> Pace {
    Pace { burst, per_second }
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self {
            address_connections: 1_000,
            requests: REQUESTS,
            streams: STREAMS,
            creations: CREATIONS,
            wrong_host_codes: WRONG_HOST_CODES,
            wrong_admissions: WRONG_ADMISSIONS,
            room_signals: ROOM_SIGNALS,
            loopback: false,
        }
    }
}
