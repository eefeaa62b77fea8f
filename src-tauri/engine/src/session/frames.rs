//! The newest picture of every tile.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use visio_protocol::PersonId;

use crate::video::FrameSlot;

/// Whose picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tile {
    /// My own camera.
    Me,
    /// Somebody else's.
    Person(PersonId),
    /// The screen that I share.
    MyScreen,
    /// The screen that somebody else shares.
    Screen(PersonId),
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Person(id) => id.fmt(f),
            Self::MyScreen => f.write_str("my-screen"),
            Self::Screen(id) => write!(f, "screen-{id}"),
        }
    }
}

impl FromStr for Tile {
    type Err = <PersonId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "me" => Ok(Self::Me),
            "my-screen" => Ok(Self::MyScreen),
            _ => match text.strip_prefix("screen-") {
                Some(id) => id.parse().map(Self::Screen),
                None => text.parse().map(Self::Person),
            },
        }
    }
}

/// Where the newest picture of every tile is found. Cheap to clone; all clones see the same tiles.
#[derive(Clone, Default)]
pub struct FrameHub {
    slots: Arc<RwLock<HashMap<Tile, Arc<FrameSlot>>>>,
}

impl FrameHub {
    /// The slot of a tile, if that tile exists now.
    pub fn slot(&self, tile: Tile) -> Option<Arc<FrameSlot>> {
        self.slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&tile)
            .cloned()
    }

    /// The slot of a tile, made when it is not there yet.
    pub(super) fn slot_for(&self, tile: Tile) -> Arc<FrameSlot> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.entry(tile).or_insert_with(FrameSlot::new).clone()
    }

    pub(super) fn keep(&self, wanted: impl Fn(&Tile) -> bool) {
        self.slots
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|tile, _| wanted(tile));
    }
}
