//! An event stream, on the connection that asked for it.
//!
//! hyper keeps two buffers of 8 KB and a request's state for as long as its answer lasts, and an event stream lasts as long
//! as a call. So the connection is taken from hyper once the stream begins: its end is the stream's end, as HTTP/1 allows.

use crate::hub::{CutOff, Stream};
use axum::body::Body;
use axum::http::{Response, header};
use bytes::{Buf as _, Bytes};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};

/// Where a request leaves the stream that is its answer. Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Outlet {
    stream: Arc<Mutex<Option<Stream>>>,
    cut_off: CutOff,
}

impl Outlet {
    /// What ends the connection, also while the stream is stuck in a write.
    pub(crate) fn cut_off(&self) -> CutOff {
        Arc::clone(&self.cut_off)
    }

    /// The answer goes on with this.
    pub(crate) fn go_on_with(&self, stream: Stream) {
        *self.stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
    }

    /// What this answer goes on with, if it is the beginning of a stream.
    pub(super) fn begun(&self, answer: &Response<Body>) -> Option<Begun> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Begun {
            stream: stream.take()?,
            head: head(answer),
            cut_off: self.cut_off(),
        })
    }
}

/// A stream that has begun.
pub(super) struct Begun {
    stream: Stream,
    /// What hyper would have written before it.
    head: Bytes,
    cut_off: CutOff,
}

fn head(answer: &Response<Body>) -> Bytes {
    let mut head = format!(
        "HTTP/1.1 {}\r\nconnection: close\r\ndate: {}\r\n",
        answer.status(),
        httpdate::fmt_http_date(SystemTime::now())
    )
    .into_bytes();
    for (name, value) in answer.headers() {
        // The router counts a body that it does not have yet.
        if name != header::CONTENT_LENGTH {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
    }
    head.extend(b"\r\n");
    head.into()
}

impl Begun {
    /// Writes the stream until it ends, its reader goes or it is cut off.
    pub(super) async fn carry(self, mut socket: impl AsyncRead + AsyncWrite + Unpin) {
        let Self {
            stream,
            head: mut piece,
            cut_off,
        } = self;
        let written = tokio::select! {
            written = poll_fn(|context| pour(&stream, &mut piece, &mut socket, context)) => written,
            () = cut_off.notified() => return,
        };
        drop(stream);
        if written.is_ok() {
            // Whoever is gone already need not be told.
            let _ = socket.shutdown().await;
        }
    }
}

/// Writes what there is; ready at the stream's end, and with an error when nobody reads it any more.
fn pour<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &Stream,
    piece: &mut Bytes,
    socket: &mut S,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    // Nothing follows a request for a stream: who says something has hung up, or does not speak HTTP.
    let mut said = [0];
    if let Poll::Ready(read) =
        Pin::new(&mut *socket).poll_read(context, &mut ReadBuf::new(&mut said))
    {
        return Poll::Ready(read.and(Err(io::ErrorKind::UnexpectedEof.into())));
    }
    loop {
        while piece.has_remaining() {
            match ready!(Pin::new(&mut *socket).poll_write(context, piece))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => piece.advance(written),
            }
        }
        *piece = match stream.poll_next(context, Instant::now()) {
            Poll::Ready(Some(next)) => next,
            Poll::Ready(None) => return Poll::Ready(Ok(())),
            Poll::Pending => {
                ready!(Pin::new(&mut *socket).poll_flush(context))?;
                return Poll::Pending;
            }
        };
    }
}
