//! Says that this client lives, in the call as in its lobby, so that the others learn within seconds
//! when it no longer does; and notices a stream that does not.

use super::api::ApiError;
use super::shared::Shared;
use std::sync::Arc;
use std::time::{Duration, Instant};
use visio_protocol::refusal::Refusal;

/// What a server may ask for: not so often that it is a burden, not so seldom that a dead network
/// goes unnoticed.
const LEAST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(60);

/// An event that has not come by the stream so long after the server had it will not come.
const OVERDUE: Duration = Duration::from_millis(500);

/// Until it is aborted.
pub(super) async fn run(shared: Arc<Shared>, interval: Duration) {
    let interval = interval.clamp(LEAST, MOST);
    loop {
        tokio::time::sleep(interval).await;
        let (secret, _) = shared.credentials();
        let before = shared.place().last_id.clone();
        match shared.api.alive(&secret).await {
            // After a change of network old connections hang, the stream's among them, and new ones
            // work.
            Ok(newest) if newest.is_some() && newest != before => {
                tokio::time::sleep(OVERDUE).await;
                if shared.place().last_id == before {
                    shared.doubt();
                }
            }
            Ok(_) => {}
            // Both mean that the event stream is not what it seems; the first notices a network
            // that went away without a word.
            Err(ApiError::Unreachable | ApiError::Refused(Refusal::SessionUnknown)) => {
                shared.doubt()
            }
            Err(error) => tracing::debug!(?error, "a sign of life was not taken"),
        }
        if shared.place().relay_ages(Instant::now())
            && let Err(error) = shared.announce().await
        {
            // The next sign of life is followed by another try.
            tracing::debug!(?error, "the relay's credentials were not renewed");
        }
    }
}
