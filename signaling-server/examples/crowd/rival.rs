//! PeerJS's server, which Visio's first version introduced people with: a WebSocket a client, over which both ways go.

use std::net::SocketAddr;
use std::time::Instant;

use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::pace::{AT_ONCE, Heard, Pace, SPEAKERS};
use crate::{Load, Trouble, message};

type Socket = WebSocketStream<TcpStream>;

/// Sends at an even pace, as the crowd of Visio's server does: the first clients speak, each of the others is spoken to in its turn.
pub async fn send(at: SocketAddr, clients: usize, load: Load) -> Result<(), Trouble> {
    if clients <= SPEAKERS {
        return Err(format!("there must be more than {SPEAKERS} clients").into());
    }
    let mut sockets: Vec<Socket> = stream::iter(0..clients)
        .map(|number| open(at, number))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let (pace, heard, ages) = Pace::begin(load);
    for socket in sockets.split_off(SPEAKERS) {
        tokio::spawn(listen(socket, pace.began, heard.clone()));
    }
    let speakers = sockets.into_iter().enumerate();
    let speakers = speakers
        .map(|(number, socket)| tokio::spawn(speak(socket, number, clients, pace.clone())))
        .collect();
    pace.tell(speakers, ages).await
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
    speaker: usize,
    clients: usize,
    pace: Pace,
) -> Result<(), Trouble> {
    let listeners = (SPEAKERS + speaker..clients).step_by(SPEAKERS).cycle();
    for (turn, to) in (0..).zip(listeners) {
        if !pace.due(speaker, turn).await {
            break;
        }
        let sealed = message::write(0, pace.began);
        let said = json!({ "type": "OFFER", "dst": format!("c{to}"), "payload": sealed });
        socket.send(Message::text(said.to_string())).await?;
        pace.sent();
    }
    Ok(())
}

async fn listen(mut socket: Socket, began: Instant, heard: Heard) {
    while let Some(Ok(said)) = socket.next().await {
        let said = said
            .to_text()
            .ok()
            .and_then(|it| serde_json::from_str::<Value>(it).ok());
        let sealed = said.as_ref().and_then(|it| it["payload"].as_str());
        if let Some(Ok(age)) = sealed.map(|sealed| message::age(sealed, began)) {
            // There is room for all.
            let _ = heard.try_send(age);
        }
    }
}
