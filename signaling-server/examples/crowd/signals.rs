//! Messages from session to session: from the moment of the sender's request to the receiver's event.

use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use visio_protocol::event::Event;
use visio_protocol::sse::StreamReader;

use crate::door::{Door, Line};
use crate::member::{self, FAMILY, Member};
use crate::pace::{AT_ONCE, Heard, Pace, SPEAKERS};
use crate::{Load, Server, Trouble, message};

/// Sends at an even pace, each time from the next session to its neighbour in the same room.
pub async fn send(server: &Server, load: Load) -> Result<(), Trouble> {
    let door = Arc::new(Door::new(server.at, server.trust.as_deref())?);
    let members = Arc::new(member::families(server, &door).await?);
    let streams: Vec<_> = stream::iter(members.iter())
        .map(|member| member.listen(&door))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let lines: Vec<_> = stream::iter(0..SPEAKERS)
        .then(|_| door.open())
        .try_collect()
        .await?;
    let (pace, heard, ages) = Pace::begin(load);
    for stream in streams {
        tokio::spawn(listen(stream, pace.began, heard.clone()));
    }
    let speakers = lines.into_iter().enumerate().map(|(number, line)| {
        tokio::spawn(speak(line, number, Arc::clone(&members), pace.clone()))
    });
    let speakers = speakers.collect();
    pace.tell(speakers, ages).await
}

/// One of those who speak: for its part of all sessions.
async fn speak(
    mut line: Line,
    speaker: usize,
    members: Arc<Vec<Member>>,
    pace: Pace,
) -> Result<(), Trouble> {
    let mine = (speaker..members.len()).step_by(SPEAKERS).cycle();
    for (turn, from) in (0..).zip(mine) {
        if !pace.due(speaker, turn).await {
            break;
        }
        let neighbour = from - from % FAMILY + (from + 1) % FAMILY;
        let to = members.get(neighbour).unwrap_or(&members[from]).id;
        // A session's messages have growing numbers.
        let said = message::write(u64::from(turn) + 1, pace.began);
        members[from].say(&mut line, to, said).await?;
        pace.sent();
    }
    Ok(())
}

async fn listen(mut stream: Incoming, began: Instant, heard: Heard) {
    let mut reader = StreamReader::new();
    while let Some(Ok(frame)) = stream.frame().await {
        let Some(piece) = frame.data_ref() else {
            continue;
        };
        let read = reader.push(piece, |event| {
            if let Ok(Some(Event::Signal(signal))) = Event::parse(&event.name, &event.data)
                && let Ok(age) = message::age(&signal.sealed, began)
            {
                // There is room for all.
                let _ = heard.try_send(age);
            }
        });
        if read.is_err() {
            break;
        }
    }
}
