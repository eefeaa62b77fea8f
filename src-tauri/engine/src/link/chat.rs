//! The data channel `chat`, for what people write to each other; opened with the connection, so that it needs no further offer.
//!
//! What comes in faster than anybody writes is dropped before it costs the call more than a glance: a flood neither holds up the
//! other channel, which shares the connection's window, nor ends the connection.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc;
use visio_protocol::chat::MAX_CHAT;
use webrtc::data_channel::DataChannel;

use super::channel::carry;
use super::event::LinkEvent;

/// The channel's stream number, agreed on beforehand: both sides open it without asking.
pub(super) const CHAT_STREAM: u16 = 1;

/// Messages that may wait to be sent: everything that is kept, once, and as many new ones as a person could write meanwhile. The newest is
/// refused.
pub(super) const CHAT_CAPACITY: usize = 512;

/// So many messages may come at once: everything that the other side keeps (300), and something new.
const AT_ONCE: f64 = 400.0;

/// And so many a second after that. People write less, and react no more than twice a second.
const EACH_SECOND: f64 = 5.0;

/// Carries messages both ways until the channel ends.
pub(super) async fn carry_chat(
    channel: Arc<dyn DataChannel>,
    outgoing: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<LinkEvent>,
) {
    let mut allowance = Allowance::new(Instant::now());
    let hear = |message: Bytes| {
        let heard = allowance.takes(Instant::now()) && message.len() <= MAX_CHAT;
        heard.then_some(LinkEvent::Chat(message))
    };
    carry(channel, outgoing, &events, LinkEvent::ChatOpen, hear).await;
}

/// How much of what comes is let through. Pure: the clock is an argument.
struct Allowance {
    left: f64,
    since: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self {
            left: AT_ONCE,
            since: now,
        }
    }

    /// Whether one more is.
    fn takes(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_secs_f64() * EACH_SECOND;
        self.left = (self.left + earned).min(AT_ONCE);
        self.since = now;
        let takes = self.left >= 1.0;
        if takes {
            self.left -= 1.0;
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_that_somebody_keeps_comes_at_once_and_a_flood_only_drop_by_drop() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let mut taken =
            |at: Instant, tries: u32| (0..tries).filter(|_| allowance.takes(at)).count();
        assert_eq!(taken(start, 10_000), 400);
        let mut now = start;
        let mut through = 0;
        for _ in 0..600 {
            now += Duration::from_millis(100);
            through += taken(now, 1_000);
        }
        assert!((295..=300).contains(&through), "{through} in a minute");
        assert_eq!(taken(now + Duration::from_secs(3_600), 10_000), 400);
    }
}
