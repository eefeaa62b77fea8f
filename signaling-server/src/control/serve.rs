//! The server's side: one command at a time.

use super::perform::{Keeper, Place, Whereabouts};
use super::{Answer, Door, MAX_REQUEST, TIME};
use crate::http::App;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::watch;

/// After an error of the door, the time before the next try.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes commands until `stop` says so.
///
/// What comes last among parameters is dropped first: the door is gone before `app` frees the folder
/// for another server, which makes a door of its own.
pub(crate) async fn serve(
    app: Arc<App>,
    door: Door,
    whereabouts: Whereabouts,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let arrived = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            arrived = door.accept() => arrived,
        };
        let conversation = async { converse(arrived?, &app, &whereabouts).await };
        match tokio::time::timeout(TIME, conversation).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "a command came to nothing");
                tokio::time::sleep(PAUSE).await;
            }
            Err(_) => tracing::debug!("a command took too long"),
        }
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    app: &Arc<App>,
    whereabouts: &Whereabouts,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    (&mut stream).take(MAX_REQUEST).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Ok(command) => {
            let place = Place {
                keeper: Keeper::Running(app),
                relays: app.relays.as_ref(),
                whereabouts: Some(whereabouts),
                max_rooms: app.limits.max_rooms,
            };
            place.perform(command).await
        }
        Err(_) => Answer::Refused {
            reason: "the running server does not know this command: it is of another version, restart it"
                .to_owned(),
        },
    };
    let mut line = serde_json::to_string(&answer)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).await?;
    stream.flush().await
}
