//! Looks out for a server that can't be reached, so that it is found within a second or so of being
//! back.
//!
//! A connection that is begun while there is no network tries again after 1, 3 and 7 s (RFC 6298),
//! and would find a network that is back that much later. So every second a new one is begun.

use super::api::Api;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use visio_protocol::secret::SessionSecret;

/// Between two tries.
const EVERY: Duration = Duration::from_secs(1);

/// Tries under way, at most: each takes some seconds at most.
const MAX_TRIES: usize = 5;

/// Returns when the server has answered, whatever it said: gives the turn of its addresses at which it
/// did.
pub(super) async fn find(api: &Api, secret: &SessionSecret) -> usize {
    let mut tries = FuturesUnordered::new();
    let mut next = tokio::time::interval(EVERY);
    next.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = next.tick(), if tries.len() < MAX_TRIES => tries.push(api.try_alive(secret)),
            Some(answer) = tries.next() => match answer {
                Ok(turn) => return turn,
                Err(error) => tracing::trace!(?error, "the server is not back yet"),
            },
        }
    }
}
