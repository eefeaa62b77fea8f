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
