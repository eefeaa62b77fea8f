//! What the library runs on: tokio as always, but with sockets that have streams beside them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime,
};

use super::Streams;
use super::nudge::Nudge;
use super::socket::StreamSocket;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[derive(Debug)]
pub(in super::super) struct StreamRuntime {
    inner: Arc<dyn Runtime>,
    streams: Arc<Streams>,
    nudge: Arc<Nudge>,
}

impl StreamRuntime {
    /// Like `inner`, with streams to these relays; what comes from any relay nudges.
    pub fn new(inner: Arc<dyn Runtime>, streams: Streams, nudge: Arc<Nudge>) -> Self {
        Self {
            inner,
            streams: Arc::new(streams),
            nudge,
        }
    }
}

impl Runtime for StreamRuntime {
    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let inner = self.inner.wrap_udp_socket(socket)?;
        let (streams, nudge) = (self.streams.clone(), self.nudge.clone());
        Ok(Arc::new(StreamSocket::new(inner, streams, nudge)))
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        match self.streams.resolve(host) {
            Some(made_up) => Box::pin(async move { Ok(made_up) }),
            None => self.inner.resolve_host(host),
        }
    }

    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        self.inner.spawn(future)
    }

    fn spawn_reactor(&self, size: usize, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        self.inner.spawn_reactor(size, future)
    }

    fn wrap_tcp_listener(
        &self,
        listener: std::net::TcpListener,
    ) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.inner.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(
        &'a self,
        address: SocketAddr,
    ) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        self.inner.connect_tcp(address)
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        let (nudge, slept) = (self.nudge.clone(), self.inner.sleep(duration));
        Box::pin(async move { nudge.or(slept).await })
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.inner.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.inner.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        self.inner.yield_now()
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }
}
