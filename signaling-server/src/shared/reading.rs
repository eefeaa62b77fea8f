//! The log: reading it, and doing what it says.

use super::entry::{Entry, Fields, MAX_ENTRIES, Said};
use super::{Answer, Shared, SharedError, ask, entry, in_time, keys, lock};
use crate::data::{Room, Store};
use crate::http::App;
use crate::hub::{Change, Hub, Outcome, Seat};
use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use std::collections::HashMap;
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use visio_protocol::refusal::Refusal;

/// Entries that are read at a time.
const PAGE: usize = 256;

/// How long Redis waits for the next entry before it says that there is none: a line that is dead is
/// noticed soon after.
const BLOCK: Duration = Duration::from_secs(1);

/// Before the first entry.
pub(super) const BEGINNING: &str = "0-0";

/// Entries as Redis gives them: an id and fields each.
type Page = Vec<(String, Fields)>;

/// The id of the newest entry.
pub(super) async fn newest(line: &mut MultiplexedConnection) -> RedisResult<String> {
    let page = edge("XREVRANGE", ["+", "-"], line).await?;
    Ok(page.unwrap_or_else(|| BEGINNING.to_owned()))
}

/// Whether entries after this one may be lost: it is no longer there, and the log is as long as it may
/// get. Those that go by their age are not missed by anybody who was away for less.
pub(super) async fn has_gap(line: &mut MultiplexedConnection, last: &str) -> RedisResult<bool> {
    let oldest = edge("XRANGE", ["-", "+"], line).await?;
    let length: usize = redis::cmd("XLEN").arg(keys::LOG).query_async(line).await?;
    let oldest = oldest.and_then(|oldest| entry::position(&oldest));
    Ok(oldest > entry::position(last) && length >= MAX_ENTRIES)
}

async fn edge(
    command: &str,
    [from, to]: [&str; 2],
    line: &mut MultiplexedConnection,
) -> RedisResult<Option<String>> {
    let mut command = redis::cmd(command);
    command.arg(keys::LOG).arg(from).arg(to).arg("COUNT").arg(1);
    let page: Page = command.query_async(line).await?;
    Ok(page.into_iter().next().map(|(id, _)| id))
}

/// Takes over what the others have written down of their sessions, and reads the log to its end; gives
/// where that is. Nobody is told what happened meanwhile, but who is there now.
pub(super) async fn take_over(
    place: &str,
    line: &mut MultiplexedConnection,
    store: &Store,
    hub: impl Fn(&mut dyn FnMut(&mut Hub)),
) -> Result<String, SharedError> {
    let end = in_time(place, newest(line)).await?;
    let servers: Vec<String> = ask(place, line, redis::cmd("SMEMBERS").arg(keys::SERVERS)).await?;
    for server in servers.iter().filter_map(|name| keys::named(name)) {
        let seats: HashMap<String, Vec<u8>> =
            ask(place, line, redis::cmd("HGETALL").arg(keys::seats(server))).await?;
        let seats = seats
            .values()
            .filter_map(|seat| serde_json::from_slice(seat).ok());
        let seats: Vec<Seat> = seats.collect();
        hub(&mut |hub| hub.adopt(server, &seats, Instant::now()));
    }
    let mut from = "-".to_owned();
    loop {
        let mut command = redis::cmd("XRANGE");
        command
            .arg(keys::LOG)
            .arg(&from)
            .arg(&end)
            .arg("COUNT")
            .arg(PAGE);
        let page: Page = ask(place, line, &command).await?;
        let Some((last, _)) = page.last() else { break };
        from = format!("({last}");
        let entries: Vec<Entry> = page
            .iter()
            .filter_map(|(id, fields)| entry::read(id, fields))
            .collect();
        hub(&mut |hub| {
            hub.quietly(true);
            for entry in &entries {
                if let Said::Change(change) = &entry.said {
                    let _ = change_hub(hub, store, entry, change.clone());
                }
            }
            hub.quietly(false);
        });
    }
    let position = entry::position(&end).unwrap_or_default();
    hub(&mut |hub| hub.know_from(position, Instant::now()));
    Ok(end)
}

impl Shared {
    /// Reads the log from after `last` on, does what it says, and notes in `last` how far that is.
    /// Returns when Redis is away.
    pub(super) async fn read_log(
        &self,
        app: &App,
        line: &mut MultiplexedConnection,
        last: &mut String,
    ) -> SharedError {
        let place = self.redis.to_string();
        loop {
            let mut command = redis::cmd("XREAD");
            command
                .arg("COUNT")
                .arg(PAGE)
                .arg("BLOCK")
                .arg(BLOCK.as_millis() as u64);
            command.arg("STREAMS").arg(keys::LOG).arg(&*last);
            let reading = command.query_async::<Option<Vec<(String, Page)>>>(line);
            let pages = match tokio::time::timeout(BLOCK + super::ANSWER_TIME, reading).await {
                Ok(Ok(pages)) => pages.unwrap_or_default(),
                Ok(Err(error)) => return SharedError::of(&place, &error),
                Err(_) => return SharedError::slow(&place),
            };
            for (id, fields) in pages.into_iter().flat_map(|(_, page)| page) {
                match entry::read(&id, &fields) {
                    Some(entry) => self.do_it(app, entry),
                    None => tracing::warn!(
                        "the log holds something that another version wrote: all servers should be of one"
                    ),
                }
                if let Some(position) = entry::position(&id) {
                    self.read.send_replace(position);
                }
                self.entries.fetch_add(1, Ordering::Relaxed);
                *last = id;
            }
        }
    }

    /// Does what an entry says, and tells whoever waits for it here what came of it.
    fn do_it(&self, app: &App, entry: Entry) {
        let mine = entry.server == self.me;
        let answer = self.done(app, &entry);
        if mine && let Some(waiting) = lock(&self.waiting).remove(&entry.number) {
            // Nobody waits any more for what took too long.
            let _ = waiting.send(answer);
        }
    }

    fn done(&self, app: &App, entry: &Entry) -> Answer {
        let store = &app.store;
        match &entry.said {
            Said::Change(change) => {
                if let Change::Close { room } = change {
                    store.lose_room(room);
                    self.unwritten.notify_one();
                }
                return change_hub(&mut app.hub(), store, entry, change.clone());
            }
            Said::Room {
                room,
                admission,
                created,
            } => store.gain_room(
                *room,
                Room {
                    admission: *admission,
                    created: *created,
                },
            ),
            Said::HostCode { hash } => store.gain_host_code(*hash),
            Said::Revoked { hash } => store.lose_host_code(hash),
            Said::AllRevoked => store.lose_host_codes(),
        }
        self.unwritten.notify_one();
        Ok(Outcome::Done)
    }
}

/// A room may have been closed between a change that was said and one that is done.
fn change_hub(hub: &mut Hub, store: &Store, entry: &Entry, change: Change) -> Answer {
    if let Change::Enter { room, .. } = &change
        && store.admission(room).is_none()
    {
        return Err(Refusal::RoomUnknown);
    }
    hub.apply(change, entry.server, entry.position, Instant::now())
}

/// A hub behind a lock, for [`take_over`].
pub(super) fn locked<'a>(
    hub: impl Fn() -> MutexGuard<'a, Hub>,
) -> impl Fn(&mut dyn FnMut(&mut Hub)) {
    move |work| work(&mut hub())
}
