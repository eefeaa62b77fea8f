//! Has the library's driver go round once more.
//!
//! Of what came through a relay it makes answers only after it has sent what there was to send, and then sleeps with them in its
//! hands (webrtc 0.21.1). So each step of finding a path and of its handshake waited for whatever woke it next, up to 200 ms: a call
//! through the relay began a second later.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Cuts the driver's sleep short.
#[derive(Debug, Default)]
pub(in super::super) struct Nudge {
    wake: Notify,
    ended: AtomicBool,
}

impl Nudge {
    /// The driver's next sleep ends at once, or the one that it is in.
    pub fn give(&self) {
        self.wake.notify_one();
    }

    /// From now on every sleep lasts as long as it should: the library bounds its own end by one.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Sleeps until then, or until it is nudged.
    pub(super) async fn or(&self, slept: impl Future<Output = ()>) {
        if self.ended.load(Ordering::Acquire) {
            return slept.await;
        }
        tokio::select! {
            () = slept => {}
            () = self.wake.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    #[tokio::test(start_paused = true)]
    async fn a_sleep_is_cut_short_once_and_none_after_the_end() {
        let (nudge, began) = (Nudge::default(), Instant::now());
        let second = Duration::from_secs(1);
        nudge.give();
        nudge.or(sleep(second)).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        nudge.or(sleep(second)).await;
        assert_eq!(began.elapsed(), second);
        nudge.give();
        nudge.end();
        nudge.or(sleep(second)).await;
        assert_eq!(began.elapsed(), second * 2);
    }
}
