//! How many frames of each tile the page says it has drawn, for the report at the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use super::tile::TileId;

/// Tiles that are counted; a page that invents more is not followed.
const MAX_TILES: usize = 256;

/// Counts acknowledged frames. Shared by every page of this run.
#[derive(Default)]
pub struct Drawn {
    tiles: Mutex<BTreeMap<TileId, Count>>,
}

struct Count {
    frames: u64,
    first: Instant,
    last: Instant,
}

/// What the report says of one tile.
#[derive(Serialize, Debug, PartialEq)]
pub struct TileDrawn {
    /// `me`, or the person's id.
    pub tile: TileId,
    /// Frames that the page has drawn.
    pub frames_drawn: u64,
    /// Frames per second, from the first drawn to the last; 0 for fewer than two.
    pub fps: f64,
}

impl Drawn {
    /// One more frame of `tile` was drawn, at `now`.
    pub fn count(&self, tile: TileId, now: Instant) {
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        if tiles.len() >= MAX_TILES && !tiles.contains_key(&tile) {
            return;
        }
        let count = tiles.entry(tile).or_insert(Count {
            frames: 0,
            first: now,
            last: now,
        });
        count.frames += 1;
        count.last = now;
    }

    /// All tiles so far, in the order of their ids.
    pub fn tiles(&self) -> Vec<TileDrawn> {
        let tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        tiles
            .iter()
            .map(|(&tile, count)| {
                let seconds = count.last.duration_since(count.first).as_secs_f64();
                let fps = if seconds > 0.0 {
                    (count.frames - 1) as f64 / seconds
                } else {
                    0.0
                };
                TileDrawn {
                    tile,
                    frames_drawn: count.frames,
                    fps: (fps * 10.0).round() / 10.0,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_rate_is_counted_from_the_first_frame_to_the_last() {
        let (drawn, start) = (Drawn::default(), Instant::now());
        for frame in 0..31 {
            drawn.count(TileId::ME, start + frame * Duration::from_millis(40));
        }
        assert_eq!(
            drawn.tiles(),
            [TileDrawn {
                tile: TileId::ME,
                frames_drawn: 31,
                fps: 25.0
            }]
        );
    }

    #[test]
    fn a_single_frame_has_no_rate() {
        let drawn = Drawn::default();
        drawn.count(TileId::ME, Instant::now());
        assert_eq!(drawn.tiles()[0].fps, 0.0);
    }
}
