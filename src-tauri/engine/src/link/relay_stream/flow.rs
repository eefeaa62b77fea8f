//! One stream to a relay: datagrams in and out. A task; ends when either side does.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use visio_reach::trust;

use super::StreamServer;
use super::frame::{self, Next};

/// Nothing is sent over the stream before: a path by datagrams, which is the better one, is found within a few round trips if
/// there is one, and the first path that is found is taken. The stream itself is ready by then.
const HEAD_START: Duration = Duration::from_millis(500);

/// Where no datagram has come by then, not even from the server, none passes: there is nothing to wait for.
const SILENCE: Duration = Duration::from_millis(250);

/// Over an encrypted stream nothing is sent before a plain one has had the time to find its path: so much longer.
const SECURE_LATER: Duration = Duration::from_millis(100);

/// A relay that is there answers sooner. Each of its addresses has so long: one family of them may lead nowhere.
const DIAL: Duration = Duration::from_secs(3);

/// What is for a peer and has waited longer is dropped: the picture it belongs to is given up by then.
pub(super) const STALE: Duration = Duration::from_millis(400);

/// What the system may keep unsent, bytes: a quarter of a second at 1 Mbit/s. What it holds is out of our hands, and late.
const SEND_BUFFER: u32 = 32 * 1024;

/// Read at a time, and the longest that a message can be: the length of one has 16 bits.
const READ: usize = 4 + 65_535 + 20;

/// A datagram on its way to a relay, and when it was sent.
pub(super) type Datagram = (std::time::Instant, Vec<u8>);

/// Carries datagrams to `server` and back until one of the two has enough. `heard` says whether any datagram has come by the
/// socket itself.
pub(super) async fn carry(
    server: &StreamServer,
    heard: &AtomicBool,
    outgoing: mpsc::Receiver<Datagram>,
    incoming: mpsc::Sender<Vec<u8>>,
) -> io::Result<()> {
    let began = Instant::now();
    let stream = dial(server).await?;
    if !server.secure {
        wait_turn(began, heard, Duration::ZERO).await;
        let (reader, writer) = stream.into_split();
        return exchange(reader, writer, outgoing, incoming).await;
    }
    let secured = trust::connect(stream, &server.host, trust::TURN);
    let secured = tokio::time::timeout(DIAL, secured).await??;
    wait_turn(began, heard, SECURE_LATER).await;
    let (reader, writer) = tokio::io::split(secured);
    exchange(reader, writer, outgoing, incoming).await
}

/// Leaves the head start to datagrams, if there are any.
async fn wait_turn(began: Instant, heard: &AtomicBool, later: Duration) {
    sleep_until(began + SILENCE + later).await;
    if heard.load(Ordering::Relaxed) {
        sleep_until(began + HEAD_START + later).await;
    }
}

async fn exchange(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    outgoing: mpsc::Receiver<Datagram>,
    incoming: mpsc::Sender<Vec<u8>>,
) -> io::Result<()> {
    tokio::select! {
        done = send(writer, outgoing) => done,
        done = receive(reader, incoming) => done,
    }
}

async fn dial(server: &StreamServer) -> io::Result<TcpStream> {
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host((&*server.host, server.port)).await? {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_nodelay(true)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        match tokio::time::timeout(DIAL, socket.connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failed)
}

/// Writes each datagram by itself: some relays (coturn) take what comes at once over TLS for one.
async fn send(
    mut writer: impl AsyncWrite + Unpin,
    mut outgoing: mpsc::Receiver<Datagram>,
) -> io::Result<()> {
    while let Some((sent, mut datagram)) = outgoing.recv().await {
        if frame::is_media(&datagram) && sent.elapsed() > STALE {
            continue;
        }
        frame::pad(&mut datagram);
        writer.write_all(&datagram).await?;
        writer.flush().await?;
    }
    writer.shutdown().await
}

/// What comes while the library does not read is dropped, the newest first, as a socket does.
async fn receive(
    mut reader: impl AsyncRead + Unpin,
    incoming: mpsc::Sender<Vec<u8>>,
) -> io::Result<()> {
    let mut buffer = vec![0; READ];
    let mut filled = 0;
    loop {
        let count = reader.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        let mut start = 0;
        loop {
            match frame::next(&buffer[start..filled]) {
                Next::Incomplete => break,
                Next::Nonsense => return Err(io::ErrorKind::InvalidData.into()),
                Next::Datagram { bytes, whole } => {
                    let datagram = buffer[start..start + bytes].to_vec();
                    if let Err(mpsc::error::TrySendError::Closed(_)) = incoming.try_send(datagram) {
                        return Ok(());
                    }
                    start += whole;
                }
            }
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_waits_for_datagrams_only_where_any_pass() {
        for (passes, later, waits) in [
            (true, Duration::ZERO, HEAD_START),
            (true, SECURE_LATER, HEAD_START + SECURE_LATER),
            (false, Duration::ZERO, SILENCE),
            (false, SECURE_LATER, SILENCE + SECURE_LATER),
        ] {
            let began = Instant::now();
            wait_turn(began, &AtomicBool::new(passes), later).await;
            assert_eq!(began.elapsed(), waits);
        }
    }

    #[tokio::test]
    async fn datagrams_are_filled_up_and_what_is_stale_is_left_out() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let (datagrams, outgoing) = mpsc::channel(8);
        let now = std::time::Instant::now();
        let long_ago = now
            .checked_sub(STALE * 2)
            .expect("the clock runs for a while");
        for datagram in [
            (now, vec![0x40, 0, 0, 1, 9]),
            (long_ago, vec![0x40, 0, 0, 1, 8]),
            (long_ago, vec![0x00, 0x03, 0, 0]),
        ] {
            datagrams.send(datagram).await.unwrap();
        }
        drop(datagrams);
        send(ours, outgoing).await.unwrap();
        let mut written = Vec::new();
        theirs.read_to_end(&mut written).await.unwrap();
        assert_eq!(written, [0x40, 0, 0, 1, 9, 0, 0, 0, 0x00, 0x03, 0, 0]);
    }

    #[tokio::test]
    async fn datagrams_come_whole_however_the_stream_is_cut() {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let (datagrams, mut incoming) = mpsc::channel(8);
        let writing = async move {
            for byte in [0x40, 0, 0, 1, 9, 0, 0, 0, 0x40, 1, 0, 0] {
                ours.write_all(&[byte]).await.unwrap();
            }
        };
        let (read, ()) = tokio::join!(receive(theirs, datagrams), writing);
        read.unwrap();
        assert_eq!(incoming.recv().await, Some(vec![0x40, 0, 0, 1, 9]));
        assert_eq!(incoming.recv().await, Some(vec![0x40, 1, 0, 0]));
        assert_eq!(incoming.recv().await, None);
    }

    #[tokio::test]
    async fn a_relay_that_speaks_something_else_is_left() {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let (datagrams, _incoming) = mpsc::channel(8);
        ours.write_all(&[0xff; 8]).await.unwrap();
        let left = receive(theirs, datagrams).await;
        assert_eq!(left.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
