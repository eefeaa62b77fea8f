//! Sharing from start to end, through every absence of Redis.

use super::presence::others_are_there;
use super::reading::{self, BEGINNING, locked, take_over};
use super::{RedisUrl, Shared, SharedError, connect, entry, in_time, lock, meeting};
use crate::config::Limits;
use crate::data::Store;
use crate::http::App;
use crate::hub::{Hub, ServerId};
use redis::aio::MultiplexedConnection;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two tries to reach Redis.
const RETRY: Duration = Duration::from_millis(500);

/// Who was away for longer than this may have missed what the log no longer holds: half of how long it
/// is kept.
const LONG: Duration = Duration::from_secs(60);

/// What is written to the disk is collected for so long, since many rooms may be new at once.
const COLLECT: Duration = Duration::from_millis(100);

/// How a server that shares begins.
pub(crate) struct Start {
    /// What it shares with others.
    pub(crate) shared: Shared,
    /// Everybody who is there already.
    pub(crate) hub: Hub,
    /// For [`run`].
    pub(crate) joined: Joined,
}

/// Where a server stands that has reached Redis.
pub(crate) struct Joined {
    lines: Lines,
    /// Which group of servers this is.
    group: [u8; 32],
    /// The entry of the log that was read last.
    last: String,
    /// Redis was away, and there may be sessions here that the others don't know.
    again: bool,
}

struct Lines {
    /// Waits for what comes.
    reading: MultiplexedConnection,
    /// For everything else.
    asking: MultiplexedConnection,
}

/// Reaches Redis for the first time.
///
/// # Errors
/// [`SharedError`], in words for whoever starts the server.
pub(crate) async fn start(
    redis: &RedisUrl,
    store: &Store,
    limits: &Limits,
    me: u64,
) -> Result<Start, SharedError> {
    // The one that everything else here uses; a program has one default.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let place = redis.to_string();
    let mut lines = Lines::open(redis).await?;
    let line = &mut lines.asking;
    let met = meeting::meet(&place, line, store, store.relay_secret()).await?;
    let others = others_are_there(&place, line).await?;
    let me = ServerId(me.max(1));
    let hub = Mutex::new(Hub::among(limits.clone(), me, Instant::now()));
    let last = take_over(&place, line, store, locked(|| lock(&hub))).await?;
    let mut hub = hub.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !others && hub.session_count() == 0 && store.room_count() > 0 {
        // Nobody knows of anybody, and where there are rooms there may have been people in them.
        hub.settle_now(Instant::now());
    }
    let shared = Shared::new(me, redis.clone(), met.relay_secret);
    shared
        .read
        .send_replace(entry::position(&last).unwrap_or_default());
    shared.unwritten.notify_one();
    // From now on, so that nobody is refused between the start and the first look at the log.
    *lock(&shared.line) = Some(lines.asking.clone());
    tracing::info!(
        sessions = hub.session_count(),
        rooms = store.room_count(),
        "rooms are shared over Redis"
    );
    Ok(Start {
        shared,
        hub,
        joined: Joined {
            lines,
            group: met.group,
            last,
            again: false,
        },
    })
}

/// Shares until `stop` says so.
pub(crate) async fn run(
    app: Arc<App>,
    shared: Arc<Shared>,
    mut joined: Joined,
    mut stop: watch::Receiver<bool>,
) {
    let mirror = tokio::spawn(write_down(Arc::clone(&app), Arc::clone(&shared)));
    loop {
        let Joined {
            lines, last, again, ..
        } = &mut joined;
        let Lines { reading, asking } = lines;
        let error = {
            let read = shared.read_log(&app, reading, last);
            let keep = shared.keep_presence(&app, asking, *again);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => None,
                error = read => Some(error),
                error = keep => Some(error),
            }
        };
        let Some(error) = error else {
            shared.take_leave(&mut joined.lines.asking).await;
            break;
        };
        let since = Instant::now();
        shared.hang_up();
        tracing::warn!(%error, "Redis is away: calls go on, and nobody can join or leave them until it is back");
        let back = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => None,
            back = come_back(&app, &shared, &joined, since) => Some(back),
        };
        let Some(back) = back else { break };
        joined = back;
    }
    mirror.abort();
}

/// Tries until Redis is back.
async fn come_back(app: &App, shared: &Shared, before: &Joined, since: Instant) -> Joined {
    let mut said = String::new();
    loop {
        match try_again(app, shared, before, since).await {
            Ok(joined) => return joined,
            Err(error) => {
                let error = error.to_string();
                // Once for each reason.
                if error != said {
                    tracing::warn!("{error}");
                    said = error;
                }
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn try_again(
    app: &App,
    shared: &Shared,
    before: &Joined,
    since: Instant,
) -> Result<Joined, SharedError> {
    let place = shared.redis.to_string();
    let mut lines = Lines::open(&shared.redis).await?;
    let line = &mut lines.asking;
    let met = meeting::meet(&place, line, &app.store, shared.relay_secret).await?;
    shared.unwritten.notify_one();
    let now = Instant::now();
    let mut last = before.last.clone();
    let seconds = since.elapsed().as_secs();
    if met.group != before.group {
        // An empty one. Everybody has the same sessions, or nearly so, and says whom it looks after.
        app.hub().doubt_others();
        last = BEGINNING.to_owned();
        tracing::warn!(
            seconds,
            "Redis is back and has forgotten everything: it is told again"
        );
    } else if since.elapsed() > LONG || in_time(&place, reading::has_gap(line, &last)).await? {
        app.hub().doubt_others();
        last = take_over(&place, line, &app.store, locked(|| app.hub())).await?;
        tracing::info!(seconds, "Redis is back: who is there was read anew");
    } else {
        tracing::info!(seconds, "Redis is back: nothing was lost");
    }
    {
        let mut hub = app.hub();
        for room in met.closed {
            hub.close_room(room, now);
        }
        hub.show_all_again();
    }
    shared
        .read
        .send_replace(entry::position(&last).unwrap_or_default());
    *lock(&shared.line) = Some(lines.asking.clone());
    Ok(Joined {
        lines,
        group: met.group,
        last,
        again: true,
    })
}

impl Lines {
    async fn open(redis: &RedisUrl) -> Result<Self, SharedError> {
        let mut asking = connect(redis).await?;
        meeting::check(&redis.to_string(), &mut asking).await?;
        Ok(Self {
            reading: connect(redis).await?,
            asking,
        })
    }
}

/// Writes to the disk what was learnt of rooms and host codes.
async fn write_down(app: Arc<App>, shared: Arc<Shared>) {
    loop {
        shared.unwritten.notified().await;
        tokio::time::sleep(COLLECT).await;
        let app = Arc::clone(&app);
        let written = tokio::task::spawn_blocking(move || app.store.mirror()).await;
        if let Ok(Err(error)) = written {
            // Redis and the other servers have it; the next change tries again.
            tracing::error!(%error, "rooms could not be stored on this machine too");
        }
    }
}
