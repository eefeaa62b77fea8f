//! Sockets: accepting connections, and HTTP/1 on each, encrypted or not.
//!
//! What a server mostly holds are thousands of idle event streams: see [`stream`] for what one costs.

use crate::client_address::ProxyOptions;
use crate::encrypted::{Port, Visitor};
use crate::guard::{Counted, Gate};
use crate::http;
use crate::metrics::Counters;
use crate::stall::{NoStall, STALL};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tower_service::Service as _;

#[cfg_attr(
    any(target_os = "linux", target_os = "android"),
    path = "socket_linux.rs"
)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "socket_other.rs"
)]
pub(crate) mod socket;
pub(crate) mod stream;

use stream::{Begun, Outlet};

/// hyper's read and write buffer of one connection, in bytes: the least that it allows, and enough
/// for every request's head.
const BUFFER: usize = 8 * 1024;

/// After an error of `accept` (out of files, most likely), the time before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long requests that are under way may still take when the server stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// What those who connect find. Clones share everything.
#[derive(Clone)]
pub(crate) struct Entrance {
    /// What is answered.
    pub(crate) router: Router,
    /// Where everything is encrypted, the port that does it.
    pub(crate) encrypted: Option<Port>,
    /// Whom to believe about who asks.
    pub(crate) proxies: ProxyOptions,
    /// How long a request's head may take.
    pub(crate) request_time: Duration,
    /// One place for each connection; further ones wait in the system's queue.
    pub(crate) places: Arc<Semaphore>,
    /// Counts what each address has.
    pub(crate) gate: Arc<Gate>,
    pub(crate) counters: Arc<Counters>,
}

/// What a connection holds for as long as it is there.
struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

/// Accepts and serves connections until `stop` says so; then lets requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    entrance: Entrance,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = entrance.accept(&listener) => accepted,
        };
        while connections.try_join_next().is_some() {}
        if let Some((socket, address, place)) = accepted {
            let connection = entrance.clone().connection(socket, address, stop.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_TIME, ended).await.is_err() {
        connections.shutdown().await;
    }
}

impl Entrance {
    /// The next connection, if it may stay.
    async fn accept(&self, listener: &TcpListener) -> Option<(TcpStream, SocketAddr, Place)> {
        let permit = Arc::clone(&self.places).acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((socket, address)) => {
                // A socket for both families shows an IPv4 address as one of IPv6.
                let ip = address.ip().to_canonical();
                // All that comes through a proxy comes from its address.
                let counted = if self.proxies.trusts(ip) {
                    Some(Counted::nobody(&self.gate))
                } else {
                    self.gate.connect(ip)
                };
                let Some(counted) = counted else {
                    // Answering would cost more than the connection that is not served.
                    self.counters.turn_away();
                    return None;
                };
                let place = Place {
                    _permit: permit,
                    _counted: counted,
                };
                Some((socket, SocketAddr::new(ip, address.port()), place))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }

    async fn connection(
        self,
        socket: TcpStream,
        address: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        socket::prepare(&socket);
        let Some(port) = self.encrypted.clone() else {
            return self.web(socket, address.ip(), stop).await;
        };
        let visitor = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            // Boxed: a plain connection would be as large as an encrypted one.
            visitor = Box::pin(port.enter(socket, address)) => visitor,
        };
        match visitor {
            Visitor::Web(stream) => self.web(stream, address.ip(), stop).await,
            Visitor::Served => {}
        }
    }

    /// Answers requests, and carries the event stream if one of them asks for it.
    async fn web<S>(self, socket: S, peer: IpAddr, stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // Boxed: what answering needs is given back when a stream begins.
        if let Some((stream, socket)) = Box::pin(self.answer(socket, peer, stop)).await {
            stream.carry(socket).await;
        }
    }

    /// Answers requests until the connection ends, or goes on with a stream.
    async fn answer<S>(
        self,
        socket: S,
        peer: IpAddr,
        mut stop: watch::Receiver<bool>,
    ) -> Option<(Begun, NoStall<S>)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (begin, mut begins) = mpsc::channel(1);
        let outlet = Outlet::default();
        let cut_off = outlet.cut_off();
        let request_time = self.request_time;
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut router = self.router.clone();
            let mut request = request.map(Body::new);
            let client = self.proxies.client(peer, request.headers());
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(outlet.clone());
            let (outlet, begin) = (outlet.clone(), begin.clone());
            async move {
                let mut response = router.call(request).await?;
                http::finish(&mut response);
                if let Some(begun) = outlet.begun(&response) {
                    let _ = begin.send(begun).await;
                    // hyper has nothing to say here any more.
                    std::future::pending::<()>().await;
                }
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(request_time)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(NoStall::new(socket, STALL)), service);
        let mut stopping = false;
        loop {
            tokio::select! {
                // An error here is a client that went away, or that does not speak HTTP.
                _ = &mut connection => return None,
                () = cut_off.notified() => return None,
                // What was answered before has left: nobody asks for a stream before that.
                Some(begun) = begins.recv() => {
                    return Some((begun, connection.into_parts().io.into_inner()));
                }
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
            }
        }
    }
}
