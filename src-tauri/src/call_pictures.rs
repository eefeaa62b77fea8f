//! The newest pictures of the call that is on, and a bell that rings for each of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use tokio::sync::watch;
use visio_engine::session::{FrameHub, Tile};
use visio_engine::video::{Frame, FrameSlot};
use visio_protocol::PersonId;

use crate::frames::pictures::Pictures;
use crate::frames::tile::TileId;

/// Where the newest picture of a tile is kept, if the call has such a tile.
type Slots = Box<dyn Fn(TileId) -> Option<Arc<FrameSlot>> + Send + Sync>;

/// The pictures of the call that is on; none between calls.
#[derive(Default)]
pub struct CallPictures {
    slots: RwLock<Option<Slots>>,
    bell: Arc<watch::Sender<()>>,
    /// Slots whose ringer runs.
    ringing: Mutex<HashMap<TileId, Weak<FrameSlot>>>,
}

impl CallPictures {
    /// From now on the pictures of a call.
    pub fn show(&self, slots: impl Fn(TileId) -> Option<Arc<FrameSlot>> + Send + Sync + 'static) {
        self.replace(Some(Box::new(slots)));
    }

    /// From now on none.
    pub fn show_none(&self) {
        self.replace(None);
    }

    fn replace(&self, slots: Option<Slots>) {
        *self.slots.write().unwrap_or_else(PoisonError::into_inner) = slots;
        self.bell.send_replace(());
    }

    /// Makes the bell ring for these tiles too. Must be called within a tokio runtime.
    pub fn ring_for(&self, tiles: impl IntoIterator<Item = TileId>) {
        let mut ringing = self.ringing.lock().unwrap_or_else(PoisonError::into_inner);
        ringing.retain(|_, slot| slot.strong_count() > 0);
        for tile in tiles {
            let Some(slot) = self.slot(tile) else {
                continue;
            };
            if ringing
                .get(&tile)
                .is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(&slot)))
            {
                continue;
            }
            ringing.insert(tile, Arc::downgrade(&slot));
            tokio::spawn(ring(slot.subscribe(), self.bell.clone()));
        }
    }

    fn slot(&self, tile: TileId) -> Option<Arc<FrameSlot>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.as_ref()?(tile)
    }
}

/// The slots of a session.
pub fn slots_of(hub: FrameHub) -> impl Fn(TileId) -> Option<Arc<FrameSlot>> + Send + Sync {
    move |tile| {
        let person = PersonId::from_bytes(*tile.person());
        hub.slot(match (tile.is_own(), tile.is_screen()) {
            (true, false) => Tile::Me,
            (true, true) => Tile::MyScreen,
            (false, false) => Tile::Person(person),
            (false, true) => Tile::Screen(person),
        })
    }
}

/// Rings for each frame of one slot, until the slot is gone.
async fn ring(mut frames: watch::Receiver<u64>, bell: Arc<watch::Sender<()>>) {
    frames.mark_changed();
    while frames.changed().await.is_ok() {
        bell.send_replace(());
    }
}

impl Pictures for CallPictures {
    fn newest(&self, tile: TileId) -> Option<Arc<Frame>> {
        self.slot(tile)?.latest()
    }

    fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }
}
