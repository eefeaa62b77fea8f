//! PeerJS's server, which Visio's first version introduced people with: a WebSocket a client, over which both ways go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::{Load, Trouble, message};

/// Connections opened at the same time.
const AT_ONCE: usize = 64;

/// Of all clients so many speak; each of the others is spoken to in its turn.
const SPEAKERS: usize = 50;

/// For what is still on its way at the end.
const LAST: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<TcpStream>;

/// Sends at an even pace, as the crowd of Visio's server does.
pub async fn send(at: SocketAddr, clients: usize, load: Load) -> Result<(), Trouble> {
    let mut sockets: Vec<Socket> = stream::iter(0..clients)
        .map(|number| open(at, number))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let began = Instant::now();
    let (heard, mut ages) = mpsc::unbounded_channel();
    for socket in sockets.split_off(SPEAKERS.min(clients)) {
        tokio::spawn(listen(socket, began, heard.clone()));
    }
    drop(heard);
    let sent = Arc::new(AtomicU64::new(0));
    let speakers = sockets.into_iter().enumerate().map(|(number, socket)| {
        tokio::spawn(speak(
            socket,
            number,
            clients,
            load,
            began,
            Arc::clone(&sent),
        ))
    });
    for speaker in speakers.collect::<Vec<_>>() {
        speaker.await??;
    }
    tokio::time::sleep(LAST).await;
    let ages = std::iter::from_fn(|| ages.try_recv().ok()).collect();
    println!("{}", message::told(ages, sent.load(Ordering::Relaxed)));
    Ok(())
}

async fn open(at: SocketAddr, number: usize) -> Result<Socket, Trouble> {
    let plain = TcpStream::connect(at).await?;
    plain.set_nodelay(true)?;
    let url = format!("ws://{at}/peerjs?key=peerjs&id=c{number}&token=t{number}");
    let (mut socket, _) = tokio_tungstenite::client_async(url, plain).await?;
    let first = socket.next().await.ok_or("it closed at once")??;
    match serde_json::from_str::<Value>(first.to_text()?)?["type"] == "OPEN" {
        true => Ok(socket),
        false => Err(format!("it did not let a client in: {first}").into()),
    }
}

async fn speak(
    mut socket: Socket,
    number: usize,
    clients: usize,
    load: Load,
    began: Instant,
    sent: Arc<AtomicU64>,
) -> Result<(), Trouble> {
    let between = Duration::from_secs_f64(SPEAKERS as f64 / f64::from(load.rate));
    let mut at = began + between.mul_f64(number as f64 / SPEAKERS as f64);
    let end = began + Duration::from_secs(load.seconds.into());
    let mut to = SPEAKERS + number;
    while at < end {
        tokio::time::sleep_until(at.into()).await;
        at += between;
        let sealed = message::write(0, began);
        let said = json!({ "type": "OFFER", "dst": format!("c{to}"), "payload": sealed });
        socket.send(Message::text(said.to_string())).await?;
        sent.fetch_add(1, Ordering::Relaxed);
        to += SPEAKERS;
        if to >= clients {
            to = SPEAKERS + number;
        }
    }
    Ok(())
}

async fn listen(mut socket: Socket, began: Instant, heard: mpsc::UnboundedSender<Duration>) {
    while let Some(Ok(said)) = socket.next().await {
        let said = said
            .to_text()
            .ok()
            .and_then(|it| serde_json::from_str::<Value>(it).ok());
        let sealed = said.as_ref().and_then(|it| it["payload"].as_str());
        if let Some(Ok(age)) = sealed.map(|sealed| message::age(sealed, began)) {
            let _ = heard.send(age);
        }
    }
}
