//! What lies where in Redis.
//!
//! ```text
//! visio:1:group       which group of servers this is: made by the first that finds none
//! visio:1:rooms       hash: room to what is stored of it. No secret: the admission key is hashed
//! visio:1:host-codes  hash: the hashes of all host codes that are good
//! visio:1:relay       what the relays' passwords follow from
//! visio:1:log         stream: everything that changes, in one order; capped in number and in age
//! visio:1:servers     set: servers that were there lately
//! visio:1:server:ID   there for as long as that server is; expires
//! visio:1:seats:ID    hash: the sessions that that server looks after, and where they are; expires
//! ```

use crate::hub::ServerId;

/// Which group of servers this is.
pub(super) const GROUP: &str = "visio:1:group";
/// The rooms.
pub(super) const ROOMS: &str = "visio:1:rooms";
/// The hashes of the host codes.
pub(super) const HOST_CODES: &str = "visio:1:host-codes";
/// The secret of the relays.
pub(super) const RELAY: &str = "visio:1:relay";
/// The log.
pub(super) const LOG: &str = "visio:1:log";
/// The servers.
pub(super) const SERVERS: &str = "visio:1:servers";

/// There for as long as this server is.
pub(super) fn server(server: ServerId) -> String {
    format!("visio:1:server:{}", name(server))
}

/// Whom this server looks after.
pub(super) fn seats(server: ServerId) -> String {
    format!("visio:1:seats:{}", name(server))
}

/// A server, as it is written.
pub(super) fn name(server: ServerId) -> String {
    format!("{:016x}", server.0)
}

/// A server that is written so.
pub(super) fn named(name: &str) -> Option<ServerId> {
    u64::from_str_radix(name, 16).ok().map(ServerId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_as_it_is_written() {
        let id = ServerId(0xab);
        assert_eq!(server(id), "visio:1:server:00000000000000ab");
        assert_eq!(seats(id), "visio:1:seats:00000000000000ab");
        assert_eq!(named(&name(id)), Some(id));
        assert_eq!(named("anna"), None);
    }
}
