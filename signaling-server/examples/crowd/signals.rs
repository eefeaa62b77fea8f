//! Messages from session to session: from the moment of the sender's request to the receiver's event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use visio_protocol::event::Event;
use visio_protocol::sse::StreamReader;

use crate::door::{Door, Line};
use crate::member::{self, FAMILY, Member};
use crate::{Load, Server, Trouble, message};

/// Streams opened at the same time.
const AT_ONCE: usize = 64;

/// Connections on which is spoken, one request after the other on each: clients keep theirs, too.
const SPEAKERS: usize = 50;

/// For what is still on its way at the end.
const LAST: Duration = Duration::from_secs(2);

/// Sends at an even pace, each time from the next session to its neighbour in the same room.
pub async fn send(server: &Server, load: Load) -> Result<(), Trouble> {
    let door = Arc::new(Door::new(server.at, server.trust.as_deref())?);
    let members = Arc::new(member::families(server, &door).await?);
    let streams: Vec<_> = stream::iter(members.iter())
        .map(|member| member.listen(&door))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let began = Instant::now();
    let (heard, mut ages) = mpsc::unbounded_channel();
    for stream in streams {
        tokio::spawn(listen(stream, began, heard.clone()));
    }
    drop(heard);
    let sent = Arc::new(AtomicU64::new(0));
    let mut speakers = Vec::new();
    for number in 0..SPEAKERS {
        let line = door.open().await?;
        let speaker = speak(
            line,
            number,
            Arc::clone(&members),
            load,
            began,
            Arc::clone(&sent),
        );
        speakers.push(tokio::spawn(speaker));
    }
    for speaker in speakers {
        speaker.await??;
    }
    tokio::time::sleep(LAST).await;
    let ages = std::iter::from_fn(|| ages.try_recv().ok()).collect();
    println!("{}", message::told(ages, sent.load(Ordering::Relaxed)));
    Ok(())
}

/// The `number`th of those who speak: its part of all sessions, and of all messages, evenly among the others'.
async fn speak(
    mut line: Line,
    number: usize,
    members: Arc<Vec<Member>>,
    load: Load,
    began: Instant,
    sent: Arc<AtomicU64>,
) -> Result<(), Trouble> {
    let between = Duration::from_secs_f64(SPEAKERS as f64 / f64::from(load.rate));
    let mut at = began + between.mul_f64(number as f64 / SPEAKERS as f64);
    let end = began + Duration::from_secs(load.seconds.into());
    let mut from = number;
    for number in 1.. {
        tokio::time::sleep_until(at.into()).await;
        at += between;
        if at > end {
            break;
        }
        let neighbour = from - from % FAMILY + (from + 1) % FAMILY;
        let to = members.get(neighbour).unwrap_or(&members[from]).id;
        let said = message::write(number, began);
        members[from].say(&mut line, to, said).await?;
        sent.fetch_add(1, Ordering::Relaxed);
        from += SPEAKERS;
        if from >= members.len() {
            from %= SPEAKERS;
        }
    }
    Ok(())
}

async fn listen(mut stream: Incoming, began: Instant, heard: mpsc::UnboundedSender<Duration>) {
    let mut reader = StreamReader::new();
    while let Some(Ok(frame)) = stream.frame().await {
        let Some(piece) = frame.data_ref() else {
            continue;
        };
        let read = reader.push(piece, |event| {
            if let Ok(Some(Event::Signal(signal))) = Event::parse(&event.name, &event.data)
                && let Ok(age) = message::age(&signal.sealed, began)
            {
                let _ = heard.send(age);
            }
        });
        if read.is_err() {
            break;
        }
    }
}
