//! Hands messages to the server: in order, several in one request where several wait, and again for
//! as long as it takes.

use super::Outgoing;
use super::api::ApiError;
use super::shared::Shared;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{MAX_BATCH, MAX_BODY, SendSignal, SendSignals};

/// What a server accepted so long before it was lost, it may have lost too: it is said once more.
const REPEATED: Duration = Duration::from_secs(5);

/// The most messages that are kept for that: a call of eight in which everybody connects at once.
/// Drop policy: the oldest goes.
const MAX_REPEATED: usize = 256;

/// Between two tries of a request that failed while the stream seems to be there.
const RETRY: Duration = Duration::from_millis(100);

/// Between two tries while what the servers share is out of reach.
const ABSENCE: Duration = Duration::from_millis(500);

/// The longest that is waited when the server says for how long: what is said here is about
/// connections that somebody waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a message takes in a request besides itself, in bytes: recipient, names of fields,
/// punctuation.
const ENVELOPE: usize = 96;

/// Until the outbox is dropped, or it is aborted.
pub(super) async fn run(shared: Arc<Shared>, mut outbox: mpsc::Receiver<Outgoing>) {
    let mut sender = Sender {
        returns: shared.returns(),
        shared,
        sent: VecDeque::new(),
    };
    loop {
        let first = tokio::select! {
            outgoing = outbox.recv() => match outgoing {
                Some(outgoing) => outgoing,
                None => return,
            },
            _ = sender.returns.changed() => {
                sender.repeat().await;
                continue;
            }
        };
        let mut flushed = Vec::new();
        let mut waiting = Vec::new();
        let generation = sender.shared.place().generation;
        let mut next = Some(first);
        while let Some(outgoing) = next {
            match outgoing {
                Outgoing::Signal { to, signal } => {
                    waiting.extend(sender.shared.place().seal(to, &signal))
                }
                Outgoing::Flush(done) => flushed.push(done),
            }
            next = if waiting.len() < MAX_BATCH {
                outbox.try_recv().ok()
            } else {
                None
            };
        }
        for batch in batches(waiting) {
            sender.deliver(batch, generation).await;
        }
        for done in flushed {
            let _ = done.send(());
        }
    }
}

struct Sender {
    shared: Arc<Shared>,
    returns: watch::Receiver<u64>,
    /// What the server accepted lately. Bounded by [`MAX_REPEATED`].
    sent: VecDeque<(Instant, SendSignal)>,
}

impl Sender {
    /// Hands a batch over, however long it takes; given up when the session that sealed it is no
    /// longer.
    async fn deliver(&mut self, batch: SendSignals, generation: u32) {
        loop {
            if self.returns.has_changed().unwrap_or(false) {
                self.returns.mark_unchanged();
                self.repeat().await;
            }
            if self.shared.place().generation != generation {
                return;
            }
            let (secret, room) = self.shared.credentials();
            match self.shared.api.signals(&secret, &room, &batch).await {
                Ok(_) => return self.remember(batch),
                Err(ApiError::Refused(Refusal::TooMany { seconds })) => {
                    tracing::debug!(seconds, "the server wants to hear less, and is told later");
                    tokio::time::sleep(Duration::from_secs(seconds).min(PATIENCE)).await;
                }
                Err(ApiError::Refused(Refusal::Unavailable)) => {
                    tracing::debug!(
                        "the servers can't hand anything on for now, and are told later"
                    );
                    tokio::time::sleep(ABSENCE).await;
                }
                Err(ApiError::Refused(refusal))
                    if refusal != Refusal::SessionUnknown && refusal != Refusal::Internal =>
                {
                    tracing::warn!(%refusal, "messages were refused");
                    return;
                }
                Err(error) => {
                    tracing::debug!(?error, "messages could not be handed over and are kept");
                    self.shared.doubt();
                    self.wait().await;
                }
            }
        }
    }

    /// Until the stream is back, or for a moment when it seems to be there.
    async fn wait(&self) {
        tokio::time::sleep(RETRY).await;
        let _ = self.shared.online().wait_for(|online| *online).await;
    }

    fn remember(&mut self, batch: SendSignals) {
        let now = Instant::now();
        self.sent
            .extend(batch.signals.into_iter().map(|signal| (now, signal)));
        self.sent
            .drain(..self.sent.len().saturating_sub(MAX_REPEATED));
    }

    /// Says once more what a server that was restarted may have taken with it.
    async fn repeat(&mut self) {
        let Some(lost) = self.shared.place().lost else {
            return;
        };
        let lately = |at: Instant| at + REPEATED > lost;
        let signals: Vec<_> = self
            .sent
            .drain(..)
            .filter(|(at, _)| lately(*at))
            .map(|(_, signal)| signal)
            .collect();
        for batch in batches(signals) {
            let (secret, room) = self.shared.credentials();
            if let Err(error) = self.shared.api.signals(&secret, &room, &batch).await {
                tracing::debug!(?error, "messages could not be repeated");
                return;
            }
        }
    }
}

/// Requests of a size that a server takes.
fn batches(signals: Vec<SendSignal>) -> Vec<SendSignals> {
    let mut batches: Vec<SendSignals> = Vec::new();
    let mut bytes = 0;
    for signal in signals {
        let size = signal.sealed.len() + ENVELOPE;
        match batches.last_mut() {
            Some(batch)
                if batch.signals.len() < MAX_BATCH && bytes + size < MAX_BODY - ENVELOPE =>
            {
                bytes += size;
                batch.signals.push(signal);
            }
            _ => {
                bytes = size;
                batches.push(SendSignals {
                    signals: vec![signal],
                });
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use visio_protocol::session::Recipient;

    #[test]
    fn requests_are_of_a_size_that_a_server_takes_and_keep_the_order() {
        let signals: Vec<_> = (0..200)
            .map(|number| SendSignal {
                to: Recipient::Room,
                sealed: number.to_string() + &"A".repeat(number * 50),
            })
            .collect();
        let batches = batches(signals.clone());
        for batch in &batches {
            assert!(batch.signals.len() <= MAX_BATCH);
            assert!(serde_json::to_vec(batch).unwrap().len() <= MAX_BODY);
        }
        let sent: Vec<_> = batches
            .into_iter()
            .flat_map(|batch| batch.signals)
            .collect();
        assert_eq!(sent, signals);
    }
}
