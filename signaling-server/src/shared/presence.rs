//! Which servers are there, and who is at this one: keys that expire when nobody renews them.

use super::{Shared, SharedError, ask, in_time, keys, lock};
use crate::http::App;
use crate::hub::{Change, Seat, ServerId};
use redis::aio::MultiplexedConnection;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;
use visio_protocol::SessionId;

/// How often all of it is looked after.
const EVERY: Duration = Duration::from_millis(500);

/// A server that was not heard of for so long is gone: four times what it says so, and with the grace
/// of its sessions still about ten seconds.
const SERVER_LIFE: Duration = Duration::from_secs(2);

/// What a server has written down of its sessions is kept for so long after its end: longer than
/// anybody waits for a session, shorter than the log is kept.
const SEATS_LIFE: Duration = Duration::from_secs(90);

/// Entries of the log are kept for so long.
pub(super) const LOG_LIFE: Duration = Duration::from_secs(120);

/// Between two cuts of the log.
const CUT_EVERY: Duration = Duration::from_secs(10);

/// After Redis is back, so long until servers that are not there count as gone: all of their keys have
/// expired meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sessions that are written down in one command, at most.
const AT_ONCE: usize = 500;

impl Shared {
    /// Looks after all of it. `again`: there are sessions here, which the others may have to be told of.
    /// Returns when Redis is away.
    pub(super) async fn keep_presence(
        &self,
        app: &App,
        line: &mut MultiplexedConnection,
        again: bool,
    ) -> SharedError {
        let began = Instant::now();
        let mut cut: Option<Instant> = None;
        if again {
            let mine = app.hub().all_mine();
            self.say_all(mine).await;
        }
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = Instant::now();
            let servers = match self.show(app, line).await {
                Ok(servers) => servers,
                Err(error) => return error,
            };
            if began.elapsed() > PATIENCE {
                app.hub().see_servers(&servers, now);
            }
            if cut.is_none_or(|cut| cut.elapsed() > CUT_EVERY) {
                cut = Some(now);
                if let Err(error) = self.cut_log(line).await {
                    return error;
                }
            }
            let heard: Vec<SessionId> = lock(&self.heard).drain().collect();
            let heard = heard.chunks(AT_ONCE).map(|sessions| Change::Heard {
                sessions: sessions.to_vec(),
            });
            self.say_all(heard.collect()).await;
            let overdue = app.hub().overdue(Instant::now());
            self.say_all(overdue).await;
        }
    }

    /// This server ends, and says so: the others need not wait to find out.
    pub(super) async fn take_leave(&self, line: &mut MultiplexedConnection) {
        let place = self.redis.to_string();
        let mut command = redis::cmd("DEL");
        let gone: Result<(), _> = ask(&place, line, command.arg(keys::server(self.me))).await;
        if let Err(error) = gone {
            tracing::debug!(%error, "the other servers could not be told of the end");
        }
    }

    async fn say_all(&self, changes: Vec<Change>) {
        for change in changes {
            // What can't be said now is said at one of the next ticks.
            if let Err(refusal) = self.say(&super::Said::Change(change)).await {
                tracing::debug!(%refusal, "a change has to wait");
                return;
            }
        }
    }

    /// Says that this server is there, and who is at it; gives the servers that are there.
    async fn show(
        &self,
        app: &App,
        line: &mut MultiplexedConnection,
    ) -> Result<HashSet<ServerId>, SharedError> {
        let place = self.redis.to_string();
        let (seats, others) = app.hub().changed_seats();
        in_time(&place, self.write_seats(line, &seats, &others)).await?;
        let mut pipe = redis::pipe();
        let mine = keys::server(self.me);
        let life = SERVER_LIFE.as_millis() as u64;
        pipe.cmd("SET")
            .arg(mine)
            .arg(1)
            .arg("PX")
            .arg(life)
            .ignore();
        pipe.cmd("SADD")
            .arg(keys::SERVERS)
            .arg(keys::name(self.me))
            .ignore();
        let life = SEATS_LIFE.as_millis() as u64;
        pipe.cmd("PEXPIRE")
            .arg(keys::seats(self.me))
            .arg(life)
            .ignore();
        pipe.cmd("SMEMBERS").arg(keys::SERVERS);
        let (names,): (Vec<String>,) = in_time(&place, pipe.query_async(line)).await?;
        let known: Vec<ServerId> = names.iter().filter_map(|name| keys::named(name)).collect();
        let mut command = redis::cmd("EXISTS");
        let mut there = HashSet::new();
        let mut gone = Vec::new();
        for server in known {
            let is_there: bool = ask(&place, line, command.arg(keys::server(server))).await?;
            command = redis::cmd("EXISTS");
            if is_there {
                there.insert(server);
                continue;
            }
            // Once what it has written down is gone too, nobody needs to know of it.
            let mut seats = redis::cmd("EXISTS");
            let has_seats: bool = ask(&place, line, seats.arg(keys::seats(server))).await?;
            if !has_seats {
                gone.push(keys::name(server));
            }
        }
        if !gone.is_empty() {
            let mut command = redis::cmd("SREM");
            let _: () = ask(&place, line, command.arg(keys::SERVERS).arg(gone)).await?;
        }
        self.servers.store(there.len() as u64, Ordering::Relaxed);
        Ok(there)
    }

    async fn write_seats(
        &self,
        line: &mut MultiplexedConnection,
        seats: &[Seat],
        others: &[SessionId],
    ) -> redis::RedisResult<()> {
        let key = keys::seats(self.me);
        for seats in seats.chunks(AT_ONCE) {
            let mut command = redis::cmd("HSET");
            command.arg(&key);
            for seat in seats {
                let text = serde_json::to_vec(seat).expect("ids have a JSON form");
                command.arg(seat.session.to_string()).arg(text);
            }
            command.query_async::<()>(line).await?;
        }
        for others in others.chunks(AT_ONCE) {
            let mut command = redis::cmd("HDEL");
            command.arg(&key);
            for session in others {
                command.arg(session.to_string());
            }
            command.query_async::<()>(line).await?;
        }
        Ok(())
    }

    /// Lets go of what nobody will ask for any more, by Redis' own clock.
    async fn cut_log(&self, line: &mut MultiplexedConnection) -> Result<(), SharedError> {
        let place = self.redis.to_string();
        let (seconds, _): (u64, u64) = ask(&place, line, &redis::cmd("TIME")).await?;
        let oldest = (seconds * 1000).saturating_sub(LOG_LIFE.as_millis() as u64);
        let mut command = redis::cmd("XTRIM");
        command.arg(keys::LOG).arg("MINID").arg("~").arg(oldest);
        ask(&place, line, &command).await
    }
}

/// Whether a server other than this one is there.
pub(super) async fn others_are_there(
    place: &str,
    line: &mut MultiplexedConnection,
) -> Result<bool, SharedError> {
    let names: Vec<String> = ask(place, line, redis::cmd("SMEMBERS").arg(keys::SERVERS)).await?;
    for server in names.iter().filter_map(|name| keys::named(name)) {
        let mut command = redis::cmd("EXISTS");
        if ask(place, line, command.arg(keys::server(server))).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
