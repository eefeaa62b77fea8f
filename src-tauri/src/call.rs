//! The call that is on, if one is. With [`call_pictures`](crate::call_pictures) the only place that uses the engine's session.
//!
//! One call at a time: opening another leaves the one before. Everything that lasts happens in the engine's own tasks; one task
//! of ours follows the call's state, tells the page of it, and ends with it.

use std::iter;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tauri::async_runtime::JoinHandle;
use tokio::sync::Mutex;
use visio_engine::call::Command;
use visio_engine::session::{Session, SessionOptions};
use visio_protocol::PersonId;

use crate::announce;
use crate::call_pictures::{CallPictures, slots_of};
use crate::frames::pictures::Pictures;
use crate::frames::shown::Shown;
use crate::frames::tile::TileId;
use crate::rehearsal::Rehearsal;
use crate::trouble::Trouble;

/// How long a call that was left may take to say its last state, before it is no longer listened to.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Tells the page the state of the call.
type Tell = Arc<dyn Fn(&Value) + Send + Sync>;

/// The call that is on.
pub struct Call {
    running: Mutex<Option<Running>>,
    rehearsal: OnceLock<Rehearsal>,
    last_report: RwLock<Option<Value>>,
    pictures: Arc<CallPictures>,
    shown: Shown,
    tell: Tell,
}

struct Running {
    session: Session,
    announcer: JoinHandle<()>,
}

impl Call {
    /// None is on yet. `tell` is called with the state of a call whenever it changes, levels at most ten times a second.
    pub fn new(tell: impl Fn(&Value) + Send + Sync + 'static) -> Call {
        Call {
            running: Mutex::default(),
            rehearsal: OnceLock::new(),
            last_report: RwLock::default(),
            pictures: Arc::default(),
            shown: Shown::default(),
            tell: Arc::new(tell),
        }
    }

    /// The pictures of whichever call is on.
    pub fn pictures(&self) -> Arc<dyn Pictures> {
        self.pictures.clone()
    }

    /// Where the pages say what they show.
    pub fn shown(&self) -> Shown {
        self.shown.clone()
    }

    /// Has the people in these tiles asked for pictures as tall as these, and nobody else for any.
    pub async fn show(&self, tiles: &[(TileId, u32)]) {
        let list = |screens: bool| {
            let theirs = move |tile: &TileId| !tile.is_own() && tile.is_screen() == screens;
            let wanted = tiles.iter().filter(move |(tile, _)| theirs(tile));
            let rows = wanted.map(|(tile, height)| {
                let person = PersonId::from_bytes(*tile.person());
                (person, Some(*height).filter(|height| *height > 0))
            });
            rows.collect()
        };
        if let Some(running) = &*self.running.lock().await {
            running.session.send(Command::Show(list(false)));
            running.session.send(Command::ShowScreens(list(true)));
        }
    }

    /// Opens a call's lobby, or with `options.join` the call itself, in place of the one that was on.
    pub async fn open(&self, options: SessionOptions) {
        let mut running = self.running.lock().await;
        if let Some(before) = running.take() {
            self.end(before).await;
        }
        let session = Session::start(options);
        self.pictures.show(slots_of(session.frames()));
        let (tell, pictures) = (self.tell.clone(), self.pictures.clone());
        let (shown, mut known) = (self.shown.clone(), Vec::new());
        let announcer = announce::follow(session.state(), move |state| {
            let tiles: Vec<_> = tiles_of(&state).collect();
            pictures.ring_for(tiles.iter().copied());
            tell(&state);
            if tiles != known {
                // Whoever is new must not be asked for more than a hidden page shows.
                shown.again();
                known = tiles;
            }
        });
        *running = Some(Running {
            session,
            announcer: tauri::async_runtime::spawn(announcer),
        });
    }

    /// Shows a rehearsal wherever no call is on, until the app is closed.
    pub fn rehearse(&self, rehearsal: Rehearsal) {
        let state = rehearsal.state();
        self.pictures.show(rehearsal.slots());
        self.pictures.ring_for(tiles_of(&state));
        (self.tell)(&state);
        let _ = self.rehearsal.set(rehearsal);
    }

    /// Leaves the call, saying so to the others. Does nothing when none is on.
    pub async fn leave(&self) {
        if let Some(running) = self.running.lock().await.take() {
            self.end(running).await;
        }
    }

    /// Asks something of the call. The trouble `noCall` means that none is on.
    pub async fn ask(&self, command: Command) -> Result<(), Trouble> {
        match &*self.running.lock().await {
            Some(running) => {
                running.session.send(command);
                Ok(())
            }
            None => Err(Trouble::of_kind("noCall")),
        }
    }

    /// The state of the call that is on.
    pub async fn state(&self) -> Option<Value> {
        let running = self.running.lock().await;
        let Some(running) = &*running else {
            return self.rehearsal.get().map(Rehearsal::state);
        };
        let state = running.session.state().borrow().clone();
        json(Some(&*state))
    }

    /// What is written in the call that is on; an empty list when none is.
    pub async fn messages(&self) -> Value {
        let state = match &*self.running.lock().await {
            Some(running) => running.session.state().borrow().clone(),
            None => return Value::Array(Vec::new()),
        };
        json(Some(state.remarks())).unwrap_or_default()
    }

    /// What was measured in the call that is on, or in the last one.
    pub async fn report(&self) -> Option<Value> {
        match &*self.running.lock().await {
            Some(running) => json(running.session.report().await),
            None => self
                .last_report
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }

    async fn end(&self, Running { session, announcer }: Running) {
        let report = json(session.leave().await);
        *self
            .last_report
            .write()
            .unwrap_or_else(PoisonError::into_inner) = report;
        self.pictures.show_none();
        // Its last state must not be told after the first one of the call that follows.
        let abort = announcer.inner().abort_handle();
        if tokio::time::timeout(LAST_WORDS, announcer).await.is_err() {
            abort.abort();
        }
    }
}

fn json(value: Option<impl Serialize>) -> Option<Value> {
    serde_json::to_value(value?)
        .inspect_err(|error| tracing::error!(%error, "the call can't be written as JSON"))
        .ok()
}

/// The tiles that a state has: the user's own, one for each person, and one for each screen that is shared.
fn tiles_of(state: &Value) -> impl Iterator<Item = TileId> {
    let people = state["people"].as_array().into_iter().flatten();
    let tiles = people.filter_map(|person| {
        let tile: TileId = person["id"].as_str()?.parse().ok()?;
        let shares = !person["screen"].is_null();
        Some(iter::once(tile).chain(shares.then(|| tile.screen())))
    });
    let own = [TileId::ME, TileId::MY_SCREEN];
    own.into_iter().chain(tiles.flatten())
}
