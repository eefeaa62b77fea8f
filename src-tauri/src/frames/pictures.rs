//! Where the newest picture of each tile is found.

use std::sync::Arc;

use tokio::sync::watch;
use visio_engine::video::Frame;

use super::tile::TileId;

/// The newest pictures of whatever call is on. The call is one source; tests have another.
pub trait Pictures: Send + Sync {
    /// The newest frame of a tile, if it has one.
    fn newest(&self, tile: TileId) -> Option<Arc<Frame>>;

    /// Rings when any tile may have a newer frame. Each listener has its own, which loses no ring between two waits.
    fn bell(&self) -> watch::Receiver<()>;
}
