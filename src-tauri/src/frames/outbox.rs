//! What one page has been sent and has drawn: at most one frame per tile under way, and always the newest next.
//!
//! Pure: knows neither socket nor clock. There is no queue to bound; a frame that comes while another is under way is
//! simply not looked at.

use std::sync::Arc;
use std::time::Instant;

use visio_engine::video::Frame;

use super::tile::{Size, TileId};

/// The tiles of one page.
#[derive(Default)]
pub struct Outbox {
    tiles: Vec<Tile>,
    last_number: u32,
}

struct Tile {
    id: TileId,
    /// `None`: the page doesn't show it any more; kept only until what is under way has been acknowledged.
    size: Option<Size>,
    under_way: Option<u32>,
    /// When the frame sent last was captured, by which it is known and not sent twice.
    sent: Option<Instant>,
}

/// A frame that should go to the page now.
pub struct Due {
    /// The tile it is for.
    pub tile: TileId,
    /// The number that its acknowledgement must carry.
    pub number: u32,
    /// The picture, to be scaled to `size`.
    pub frame: Arc<Frame>,
    /// How large to send it.
    pub size: Size,
}

impl Outbox {
    /// The page shows these tiles and no others. A tile whose size changed is sent again at once.
    pub fn show(&mut self, tiles: &[(TileId, Size)]) {
        for tile in &mut self.tiles {
            tile.size = None;
        }
        for &(id, size) in tiles {
            match self.tiles.iter_mut().find(|tile| tile.id == id) {
                Some(tile) => {
                    tile.size = Some(size);
                    tile.sent = None;
                }
                None => self.tiles.push(Tile {
                    id,
                    size: Some(size),
                    under_way: None,
                    sent: None,
                }),
            }
        }
        self.forget_hidden();
    }

    /// The page has drawn frame `number` of `tile`. False if that was not under way: the word is then ignored.
    pub fn drawn(&mut self, tile: TileId, number: u32) -> bool {
        let Some(tile) = self
            .tiles
            .iter_mut()
            .find(|it| it.id == tile && it.under_way == Some(number))
        else {
            return false;
        };
        tile.under_way = None;
        self.forget_hidden();
        true
    }

    /// What should go to the page now, marked as under way. `newest` gives the newest frame of a tile.
    pub fn due(&mut self, newest: impl Fn(TileId) -> Option<Arc<Frame>>) -> Option<Due> {
        for tile in &mut self.tiles {
            let (Some(shown), None) = (tile.size, tile.under_way) else {
                continue;
            };
            let Some(frame) = newest(tile.id) else {
                continue;
            };
            if tile.sent == Some(frame.captured) {
                continue;
            }
            self.last_number = self.last_number.wrapping_add(1);
            tile.under_way = Some(self.last_number);
            tile.sent = Some(frame.captured);
            let size = shown.covering(Size {
                width: frame.width,
                height: frame.height,
            });
            return Some(Due {
                tile: tile.id,
                number: self.last_number,
                frame,
                size,
            });
        }
        None
    }

    fn forget_hidden(&mut self) {
        self.tiles
            .retain(|tile| tile.size.is_some() || tile.under_way.is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size {
        width: 320,
        height: 180,
    };

    fn frame() -> Arc<Frame> {
        Arc::new(Frame {
            width: 640,
            height: 360,
            data: vec![0; 640 * 360 * 3 / 2],
            captured: Instant::now(),
        })
    }

    fn shown() -> Outbox {
        let mut outbox = Outbox::default();
        outbox.show(&[(TileId::ME, SMALL)]);
        outbox
    }

    #[test]
    fn a_tile_that_is_not_shown_gets_nothing() {
        let newest = frame();
        assert!(Outbox::default().due(|_| Some(newest.clone())).is_none());
    }

    #[test]
    fn only_one_frame_is_under_way_and_the_newest_is_next() {
        let (first, second, third) = (frame(), frame(), frame());
        let mut outbox = shown();
        let sent = outbox.due(|_| Some(first.clone())).unwrap();
        assert_eq!(sent.size, SMALL);
        assert!(outbox.due(|_| Some(second.clone())).is_none());
        assert!(outbox.drawn(TileId::ME, sent.number));
        let next = outbox.due(|_| Some(third.clone())).unwrap();
        assert!(Arc::ptr_eq(&next.frame, &third));
    }

    #[test]
    fn the_same_frame_is_not_sent_twice_unless_its_tile_changed_size() {
        let newest = frame();
        let mut outbox = shown();
        let sent = outbox.due(|_| Some(newest.clone())).unwrap();
        assert!(outbox.drawn(TileId::ME, sent.number));
        assert!(outbox.due(|_| Some(newest.clone())).is_none());
        outbox.show(&[(
            TileId::ME,
            Size {
                width: 160,
                height: 90,
            },
        )]);
        assert_eq!(
            outbox.due(|_| Some(newest.clone())).unwrap().size,
            Size {
                width: 160,
                height: 90
            }
        );
    }

    #[test]
    fn an_acknowledgement_of_what_was_not_sent_changes_nothing() {
        let mut outbox = shown();
        let sent = outbox.due(|_| Some(frame())).unwrap();
        assert!(!outbox.drawn(TileId::ME, sent.number.wrapping_add(1)));
        let other = "00112233445566778899aabbccddeeff".parse().unwrap();
        assert!(!outbox.drawn(other, sent.number));
        assert!(outbox.due(|_| Some(frame())).is_none());
    }

    #[test]
    fn a_tile_that_is_hidden_and_shown_again_still_has_one_frame_under_way() {
        let mut outbox = shown();
        let sent = outbox.due(|_| Some(frame())).unwrap();
        outbox.show(&[]);
        outbox.show(&[(TileId::ME, SMALL)]);
        assert!(outbox.due(|_| Some(frame())).is_none());
        assert!(outbox.drawn(TileId::ME, sent.number));
        assert!(outbox.due(|_| Some(frame())).is_some());
    }
}
