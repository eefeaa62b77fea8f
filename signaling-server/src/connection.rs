//! Sockets: accepting connections, and HTTP/1 on each.
//!
//! hyper's HTTP/1 with a small buffer and one queue per stream costs half the memory of
//! `axum::serve` for an idle event stream (12 and 24 KB measured), and thousands of those are what
//! a server mostly holds.

use crate::guard::{Counted, Gate};
use crate::http::{self, Peer};
use crate::hub::CutOff;
use crate::metrics::Counters;
use crate::stall::{NoStall, STALL};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
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

/// hyper's read and write buffer of one connection, in bytes: the least that it allows, and enough
/// for every request's head.
const BUFFER: usize = 8 * 1024;

/// After an error of `accept` (out of files, most likely), the time before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long requests that are under way may still take when the server stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Who may connect.
pub(crate) struct Entrance {
    /// Connections at a time; further ones wait in the system's queue.
    pub(crate) places: usize,
    /// For a request to arrive.
    pub(crate) request_time: Duration,
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
    router: Router,
    entrance: Entrance,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(entrance.places.min(Semaphore::MAX_PERMITS)));
    let request_time = entrance.request_time;
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &places, &entrance) => accepted,
        };
        while connections.try_join_next().is_some() {}
        if let Some((socket, peer, place)) = accepted {
            let connection = connection(socket, peer, router.clone(), request_time, stop.clone());
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

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    entrance: &Entrance,
) -> Option<(TcpStream, IpAddr, Place)> {
    let permit = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((socket, address)) => {
            let Some(counted) = entrance.gate.connect(address.ip()) else {
                // Answering would cost more than the connection that is not served.
                entrance.counters.turn_away();
                return None;
            };
            let place = Place {
                _permit: permit,
                _counted: counted,
            };
            Some((socket, address.ip(), place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn connection(
    socket: TcpStream,
    peer: IpAddr,
    router: Router,
    request_time: Duration,
    mut stop: watch::Receiver<bool>,
) {
    socket::prepare(&socket);
    let cut_off = CutOff::default();
    let service = {
        let cut_off = Arc::clone(&cut_off);
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut router = router.clone();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Arc::clone(&cut_off));
            request.extensions_mut().insert(Peer(peer));
            async move {
                let mut response = router.call(request).await?;
                http::finish(&mut response);
                Ok::<_, std::convert::Infallible>(response)
            }
        })
    };
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(request_time)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(NoStall::new(socket, STALL)), service)
    );
    let mut stopping = false;
    loop {
        tokio::select! {
            // An error here is a client that went away, or that does not speak HTTP.
            _ = &mut connection => return,
            () = cut_off.notified() => return,
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
