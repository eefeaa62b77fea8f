//! What waits for one session: written by the hub, read by its event stream.
//!
//! Shared between the hub and the connection that carries the stream, hence the lock; it is held
//! for a few instructions and never across an await. A mailbox without a stream keeps its history,
//! for when one comes back.
//!
//! Where several servers share rooms, each of them keeps the mailbox of every session, and events get
//! the same numbers on all of them: those of the log that all of them read. So a stream that was cut
//! on one server goes on at another.

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
pub(super) struct Letter {
    text: Bytes,
    /// The number that it gets, if that is not simply the next.
    number: u128,
}

impl Letter {
    pub(super) fn new(event: &Event) -> Self {
        Self {
            text: format!("event: {}\ndata: {}\n\n", event.name(), event.data()).into(),
            number: 0,
        }
    }

    /// The same, with this number.
    pub(super) fn numbered(self, number: u128) -> Self {
        Self { number, ..self }
    }
}

/// Where the numbers of events come from, and how ids tell so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// This server counts. The epoch tells its ids from those before its restart.
    Own {
        /// Another one at each start.
        epoch: u32,
    },
    /// The log that all servers read.
    Shared,
}

impl Numbers {
    fn id(self, number: u128) -> String {
        match self {
            Self::Own { epoch } => format!("{epoch:08x}-{number}"),
            Self::Shared => format!("s-{number:x}"),
        }
    }

    fn number(self, id: &str) -> Option<u128> {
        let (kind, number) = id.split_once('-')?;
        match self {
            Self::Own { epoch } => {
                let theirs = u32::from_str_radix(kind, 16).ok()?;
                (theirs == epoch).then(|| number.parse().ok())?
            }
            Self::Shared => (kind == "s").then(|| u128::from_str_radix(number, 16).ok())?,
        }
    }
}

/// What waits for one session.
#[derive(Debug)]
pub(super) struct Mailbox {
    numbers: Numbers,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    history: History,
    /// Who has arrived and left is not known from before this number, what was said is.
    known_from: u128,
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
    /// The number of the event that it took last.
    taken: u128,
    /// How far it was behind when it came, and has not caught up yet: not its fault.
    behind: usize,
    heartbeat: bool,
    /// When something was last handed to it.
    written: Instant,
    waker: Option<Waker>,
    cut_off: CutOff,
}

impl Mailbox {
    pub(super) fn new(numbers: Numbers, now: Instant) -> Self {
        Self {
            numbers,
            inner: Mutex::new(Inner {
                history: History::default(),
                known_from: 0,
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
        let Inner {
            history, reader, ..
        } = &mut *inner;
        history.push(letter.text.clone(), letter.number, limits, now);
        let Some(reader) = reader else {
            return;
        };
        let waiting = history.count_after(reader.taken);
        if waiting > limits.queue_events + reader.behind || reader.taken < history.dropped() {
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
        let newest = inner.history.newest();
        let had = last_id.and_then(|id| self.numbers.number(id));
        let had = match self.numbers {
            Numbers::Own { .. } => had.filter(|number| *number <= newest),
            // Another server may have told it more than this one had to tell.
            Numbers::Shared => had.inspect(|number| inner.history.go_on_from(*number)),
        };
        let had = had.unwrap_or(0);
        let gap = had < inner.history.dropped();
        let lost = gap || had < inner.known_from;
        // With a gap, the rest is of no use: whoever missed something asks anew. A roster tells who
        // is there.
        let taken = if gap { newest } else { had };
        let behind = inner.history.count_after(taken);
        inner.readers += 1;
        let number = inner.readers;
        inner.reader = Some(Reader {
            number,
            taken,
            behind,
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
        let delivered = match (&inner.reader, self.numbers) {
            (Some(reader), _) => reader.taken,
            (None, Numbers::Own { .. }) => 0,
            // It is another server's to deliver, or has been for as long as anybody waits for a session.
            (None, Numbers::Shared) => u128::MAX,
        };
        inner.history.forget_old(delivered, limits, now);
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
        (newest > 0).then(|| self.numbers.id(newest))
    }

    /// Who arrives and leaves is known from this number on; a stream that goes on from before is told
    /// who is there instead.
    pub(super) fn known_from(&self, number: u128) {
        self.lock().known_from = number;
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
        if let Some((number, event)) = history.after(reader.taken) {
            let id = format!("id: {}\n", self.mailbox.numbers.id(number));
            let text = [id.as_bytes(), event].concat();
            reader.taken = number;
            reader.written = now;
            reader.heartbeat = false;
            if history.count_after(number) == 0 {
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
