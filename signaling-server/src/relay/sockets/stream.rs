//! One client that speaks over a stream: TCP, or whatever else carries bytes in order.

use super::exchange::{Exchange, Outbox};
use crate::relay::client::Client;
use crate::relay::frame::{self, Next};
use crate::relay::packet::{MAX_DATAGRAM, Packet};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How often a stream must turn out to be of use: whoever has no allocation then is closed. That is
/// also how long a stranger may take to get one.
const OF_USE: Duration = Duration::from_secs(10);

/// Bytes that are read at a time: several frames, and the rest of one.
const READ: usize = 4 * MAX_DATAGRAM;

/// Serves a stream until it ends, or is of no use.
pub(super) async fn serve<S>(exchange: Rc<Exchange>, stream: S, address: SocketAddr)
where
    S: AsyncRead + AsyncWrite,
{
    let (reader, writer) = tokio::io::split(stream);
    let (client, outbox) = exchange.join(address);
    tokio::select! {
        _ = read(reader, &exchange, client) => {}
        _ = write(writer, &outbox) => {}
        () = no_longer_of_use(&exchange, client) => {}
    }
    exchange.gone(client);
}

async fn read(
    mut reader: impl AsyncRead + Unpin,
    exchange: &Exchange,
    client: Client,
) -> io::Result<()> {
    let mut buffer = vec![0; READ];
    let mut packet = Packet::default();
    let mut filled = 0;
    loop {
        let count = reader.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        let mut start = 0;
        while let Next::Frame { frame, whole } =
            frame::next(&buffer[start..filled]).map_err(io::Error::other)?
        {
            if packet.replace(&buffer[start..start + frame]) {
                exchange.frame(client, &mut packet);
            }
            start += whole;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
    }
}

/// Writes frames, each by itself: some clients (coturn's) take what comes at once over TLS for one.
async fn write(mut writer: impl AsyncWrite + Unpin, outbox: &Outbox) -> io::Result<()> {
    loop {
        let frame = outbox.next().await;
        writer.write_all(&frame).await?;
        writer.flush().await?;
        outbox.written(frame);
    }
}

async fn no_longer_of_use(exchange: &Exchange, client: Client) {
    loop {
        tokio::time::sleep(OF_USE).await;
        if !exchange.serves(client) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::bucket::Rate;
    use crate::relay::core::{Core, Settings};
    use crate::relay::credentials::RelaySecret;
    use crate::relay::destinations::Reach;
    use crate::relay::quota::Bounds;
    use crate::relay::sockets::frame_queue::Kind;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Instant;
    use tokio::task::LocalSet;

    fn exchange() -> Rc<Exchange> {
        let no_bound = Rate { kbps: 0 };
        let settings = Settings {
            secret: RelaySecret::new("north"),
            addresses: vec![[127, 0, 0, 1].into()],
            ports: 49_152..=65_535,
            reach: Reach::Public,
            bounds: Bounds {
                addresses: 1,
                session_addresses: 1,
                rate: no_bound,
                session_rate: no_bound,
            },
        };
        let core = Core::new(settings, [0; 32], Instant::now(), 0);
        Exchange::new(core, Vec::new(), Default::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_who_gets_no_allocation_is_closed_after_ten_seconds() {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let began = tokio::time::Instant::now();
        let serving = async {
            let exchange = exchange();
            let stranger = ([192, 0, 2, 1], 1000).into();
            serve(Rc::clone(&exchange), theirs, stranger).await;
        };
        let waiting = async {
            // Half a message, as somebody who wants to be waited for sends it.
            ours.write_all(&[0, 1, 0]).await.unwrap();
            let mut rest = Vec::new();
            ours.read_to_end(&mut rest).await.unwrap();
            assert!(rest.is_empty());
        };
        LocalSet::new()
            .run_until(async { tokio::join!(serving, waiting) })
            .await;
        assert_eq!(began.elapsed(), OF_USE);
    }

    /// Takes everything, and keeps it as it was written.
    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl AsyncWrite for &mut Writes {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.0.push(bytes.to_vec());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn each_frame_is_written_by_itself() {
        let outbox = Outbox::default();
        let frames = [&b"one"[..], b"two", b"three"];
        let mut packet = Packet::default();
        for frame in frames {
            assert!(packet.replace(frame));
            outbox.push(&packet, Kind::Media, Instant::now());
        }
        let mut writes = Writes::default();
        tokio::select! {
            biased;
            _ = write(&mut writes, &outbox) => unreachable!("it goes on for ever"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(writes.0, frames);
    }
}
