//! What waits for one session: written by the hub, read by its event stream.
//!
//! Shared between the hub and the connection that carries the stream, hence the lock; it is held
//! for a few instructions and never across an await. A mailbox without a stream keeps its history,
//! for when one comes back.

use super::history::History;
use crate::config::Limits;
use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use visio_protocol::event::Event;
use visio_protocol::sse;

/// Ends a connection whose reader is too slow, or whose stream was replaced; the stream itself may
/// be stuck in a write.
pub type CutOff = Arc<tokio::sync::Notify>;

/// An event without its id, so that all sessions of a room share one copy.
#[derive(Debug, Clone)]
pub(super) struct Letter(Bytes);

impl Letter {
    pub(super) fn new(event: &Event) -> Self {
        Self(format!("event: {}\ndata: {}\n\n", event.name(), event.data()).into())
    }
}

/// What waits for one session.
#[derive(Debug)]
pub(super) struct Mailbox {
    /// Tells event ids of this server from those before its restart.
    epoch: u32,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    history: History,
    reader: Option<Reader>,
    /// Counts the streams that this session has had.
    readers: u64,
    /// When the last stream ended, or the mailbox was made.
    away_since: Instant,
    /// The session is gone: no further stream, no further event.
    closed: bool,
}

#[derive(Debug)]
struct Reader {
    number: u64,
    /// The number of the next event it takes.
    next: u64,
    /// How far it was behind when it came, and has not caught up yet: not its fault.
    behind: u64,
    heartbeat: bool,
    /// When something was last handed to it.
    written: Instant,
    waker: Option<Waker>,
    cut_off: CutOff,
}

impl Mailbox {
    pub(super) fn new(epoch: u32, now: Instant) -> Self {
        Self {
            epoch,
            inner: Mutex::new(Inner {
                history: History::default(),
                reader: None,
                readers: 0,
                away_since: now,
                closed: false,
            }),
        }
    }

    /// Adds an event. A reader that has too many waiting is cut off; the events stay, and it goes
    /// on from its last id.
    pub(super) fn push(&self, letter: &Letter, limits: &Limits, now: Instant) {
        let mut inner = self.lock();
        inner.history.push(letter.0.clone(), limits, now);
        let newest = inner.history.newest();
        let oldest = inner.history.oldest();
        let Some(reader) = &mut inner.reader else {
            return;
        };
        let waiting = newest + 1 - reader.next;
        if waiting > limits.queue_events as u64 + reader.behind || reader.next < oldest {
            tracing::info!(waiting, "a reader is too slow and is cut off");
            inner.end_stream(now);
        } else if let Some(waker) = reader.waker.take() {
            drop(inner);
            waker.wake();
        }
    }

    /// Starts a stream after the event with this id; a stream that there was ends. Says whether
    /// events have been lost in between.
    pub(super) fn attach(
        self: &Arc<Self>,
        last_id: Option<&str>,
        cut_off: CutOff,
        now: Instant,
    ) -> Option<(Stream, bool)> {
        let mut inner = self.lock();
        if inner.closed {
            return None;
        }
        inner.end_stream(now);
        let oldest = inner.history.oldest();
        let newest = inner.history.newest();
        let wanted = last_id
            .and_then(|id| self.number_of(id))
            .filter(|number| *number <= newest)
            .map_or(1, |number| number + 1);
        let lost = wanted < oldest;
        // With a gap, the rest is of no use: whoever missed something asks anew. A roster tells who
        // is there.
        let next = if lost { newest + 1 } else { wanted };
        inner.readers += 1;
        let number = inner.readers;
        inner.reader = Some(Reader {
            number,
            next,
            behind: newest + 1 - next,
            heartbeat: true,
            written: now,
            waker: None,
            cut_off,
        });
        drop(inner);
        let stream = Stream {
            mailbox: Arc::clone(self),
            number,
        };
        Some((stream, lost))
    }

    /// Looks after the stream: a heartbeat when it is time, and nothing kept for too long.
    pub(super) fn tick(&self, limits: &Limits, now: Instant) {
        let mut inner = self.lock();
        let undelivered = inner.reader.as_ref().map_or(0, |reader| reader.next);
        inner.history.forget_old(undelivered, limits, now);
        if let Some(reader) = &mut inner.reader
            && !reader.heartbeat
            && now.saturating_duration_since(reader.written) >= limits.heartbeat
        {
            reader.heartbeat = true;
            if let Some(waker) = reader.waker.take() {
                drop(inner);
                waker.wake();
            }
        }
    }

    /// Since when no stream has been there; `None` while one is.
    pub(super) fn away_since(&self) -> Option<Instant> {
        let inner = self.lock();
        inner.reader.is_none().then_some(inner.away_since)
    }

    /// The stream that there is ends; another may follow.
    pub(super) fn cut(&self, now: Instant) {
        self.lock().end_stream(now);
    }

    /// The session is gone, or the server stops: the stream ends, once what waits is delivered.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        if let Some(waker) = inner.reader.as_mut().and_then(|reader| reader.waker.take()) {
            drop(inner);
            waker.wake();
        }
    }

    /// The id of the newest event.
    pub(super) fn newest_id(&self) -> Option<String> {
        let newest = self.lock().history.newest();
        (newest > 0).then(|| self.id_of(newest))
    }

    fn id_of(&self, number: u64) -> String {
        format!("{:08x}-{number}", self.epoch)
    }

    fn number_of(&self, id: &str) -> Option<u64> {
        let (epoch, number) = id.split_once('-')?;
        let epoch = u32::from_str_radix(epoch, 16).ok()?;
        (epoch == self.epoch).then(|| number.parse().ok())?
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn end_stream(&mut self, now: Instant) {
        if let Some(reader) = self.reader.take() {
            self.away_since = now;
            reader.cut_off.notify_one();
            if let Some(waker) = reader.waker {
                waker.wake();
            }
        }
    }
}

/// One event stream: what its connection reads.
#[derive(Debug)]
pub struct Stream {
    mailbox: Arc<Mailbox>,
    number: u64,
}

impl Stream {
    /// The next piece of the stream; `None` at its end.
    pub fn poll_next(&self, context: &mut Context<'_>, now: Instant) -> Poll<Option<Bytes>> {
        let mut inner = self.mailbox.lock();
        let Inner {
            history,
            reader,
            closed,
            ..
        } = &mut *inner;
        let Some(reader) = reader
            .as_mut()
            .filter(|reader| reader.number == self.number)
        else {
            return Poll::Ready(None);
        };
        if let Some(event) = history.get(reader.next) {
            let id = format!("id: {}\n", self.mailbox.id_of(reader.next));
            let text = [id.as_bytes(), event].concat();
            reader.next += 1;
            reader.written = now;
            reader.heartbeat = false;
            if reader.next > history.newest() {
                reader.behind = 0;
            }
            return Poll::Ready(Some(text.into()));
        }
        if *closed {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut reader.heartbeat) {
            // Also the first piece of a stream, so that its reader and every proxy see it open.
            reader.written = now;
            return Poll::Ready(Some(Bytes::from_static(sse::HEARTBEAT.as_bytes())));
        }
        reader.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut inner = self.mailbox.lock();
        if inner
            .reader
            .as_ref()
            .is_some_and(|reader| reader.number == self.number)
        {
            inner.reader = None;
            inner.away_since = Instant::now();
        }
    }
}

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
