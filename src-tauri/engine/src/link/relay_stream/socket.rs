//! A socket with streams beside it: what goes to the made-up address of a relay goes over a stream.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

use super::flow::{self, Datagram};
use super::nudge::Nudge;
use super::{StreamServer, Streams, frame};

/// Datagrams that may wait for a stream, each way. When full, the newest is dropped, as a socket does.
const WAITING: usize = 256;

/// A stream that was lost is not begun anew sooner.
const AGAIN: Duration = Duration::from_secs(2);

pub(super) struct StreamSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    streams: Arc<Streams>,
    nudge: Arc<Nudge>,
    /// Whether any datagram has come by the socket itself.
    heard: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    flows: HashMap<SocketAddr, Flow>,
    /// Who reads, to be woken for what a new stream brings.
    reader: Option<Waker>,
}

struct Flow {
    begun: Instant,
    outgoing: mpsc::Sender<Datagram>,
    incoming: mpsc::Receiver<Vec<u8>>,
}

impl StreamSocket {
    pub fn new(inner: Arc<dyn AsyncUdpSocket>, streams: Arc<Streams>, nudge: Arc<Nudge>) -> Self {
        Self {
            inner,
            streams,
            nudge,
            heard: Arc::default(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The stream to a relay, begun if there is none.
    fn flow(
        &mut self,
        address: SocketAddr,
        server: &StreamServer,
        heard: &Arc<AtomicBool>,
    ) -> &mut Flow {
        let lost = |flow: &Flow| flow.outgoing.is_closed() && flow.begun.elapsed() >= AGAIN;
        if self.flows.get(&address).is_some_and(lost) {
            self.flows.remove(&address);
        }
        let reader = &mut self.reader;
        self.flows.entry(address).or_insert_with(|| {
            // Who reads does not know of this stream yet.
            if let Some(reader) = reader.take() {
                reader.wake();
            }
            Flow::begin(server.clone(), heard.clone())
        })
    }

    /// What has come over any stream.
    fn poll(&mut self, cx: &mut Context<'_>) -> Option<(SocketAddr, Vec<u8>)> {
        self.reader = Some(cx.waker().clone());
        self.flows
            .iter_mut()
            .find_map(|(address, flow)| match flow.incoming.poll_recv(cx) {
                Poll::Ready(Some(datagram)) => Some((*address, datagram)),
                Poll::Ready(None) | Poll::Pending => None,
            })
    }
}

impl Flow {
    fn begin(server: StreamServer, heard: Arc<AtomicBool>) -> Self {
        let (outgoing, datagrams) = mpsc::channel(WAITING);
        let (out, incoming) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            match flow::carry(&server, &heard, datagrams, out).await {
                Ok(()) => tracing::debug!("a stream to the relay has ended"),
                Err(error) => tracing::info!(%error, "a stream to the relay failed"),
            }
        });
        Self {
            begun: Instant::now(),
            outgoing,
            incoming,
        }
    }
}

impl AsyncUdpSocket for StreamSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_gso_segments(&self) -> usize {
        self.inner.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let Some(server) = self.streams.at(transmit.destination) else {
            return self.inner.poll_send(cx, transmit);
        };
        let mut state = self.state();
        let flow = state.flow(transmit.destination, server, &self.heard);
        let (now, contents) = (Instant::now(), transmit.contents);
        let segment = transmit.segment_size.unwrap_or(contents.len()).max(1);
        for datagram in contents.chunks(segment) {
            // Full or lost: as on every link.
            let _ = flow.outgoing.try_send((now, datagram.to_vec()));
        }
        Poll::Ready(Ok(contents.len()))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if let Some((address, datagram)) = self.state().poll(cx)
            && let (Some(buffer), Some(meta)) = (bufs.first_mut(), meta.first_mut())
        {
            let length = datagram.len().min(buffer.len());
            buffer[..length].copy_from_slice(&datagram[..length]);
            *meta = RecvMeta::default();
            (meta.addr, meta.len, meta.stride) = (address, length, length.max(1));
            self.nudge.give();
            return Poll::Ready(Ok(1));
        }
        let received = self.inner.poll_recv(cx, bufs, meta);
        if let Poll::Ready(Ok(_)) = received {
            self.heard.store(true, Ordering::Relaxed);
            if bufs.first().is_some_and(|it| frame::is_of_relay(it)) {
                self.nudge.give();
            }
        }
        received
    }
}

impl fmt::Debug for StreamSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSocket")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
