//! Which tiles are on the screen, and how tall: what the people in them are asked for.
//!
//! Each page says what it shows; what one of them shows, is shown. Nothing is known before a page has said something, and
//! a page that is gone shows nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::tile::{Size, TileId};

/// Tiles by height in device pixels, the tallest of each if several pages show it; none before any page has spoken.
pub type Tiles = Option<Vec<(TileId, u32)>>;

/// What all pages show together. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Shown {
    pages: Arc<Mutex<Pages>>,
    together: Arc<watch::Sender<Tiles>>,
}

#[derive(Default)]
struct Pages {
    last: u64,
    shows: Vec<(u64, Vec<(TileId, Size)>)>,
    spoken: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            pages: Arc::default(),
            together: Arc::new(watch::Sender::new(None)),
        }
    }
}

impl Shown {
    /// A page that shows nothing yet.
    pub fn page(&self) -> Page {
        let mut pages = self.pages();
        pages.last += 1;
        Page {
            number: pages.last,
            shown: self.clone(),
        }
    }

    /// What is shown, and every change of it.
    pub fn follow(&self) -> watch::Receiver<Tiles> {
        self.together.subscribe()
    }

    /// Tells those who follow once more, because there is somebody new to be told.
    pub fn again(&self) {
        self.together.send_modify(|_| {});
    }

    fn replace(&self, number: u64, tiles: Option<Vec<(TileId, Size)>>) {
        let mut pages = self.pages();
        pages.spoken |= tiles.is_some();
        pages.shows.retain(|(page, _)| *page != number);
        pages.shows.extend(tiles.map(|tiles| (number, tiles)));
        let together = pages.spoken.then(|| pages.together());
        self.together.send_if_modified(|before| {
            let changed = *before != together;
            *before = together;
            changed
        });
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn together(&self) -> Vec<(TileId, u32)> {
        let mut together: Vec<(TileId, u32)> = Vec::new();
        for (id, size) in self.shows.iter().flat_map(|(_, tiles)| tiles) {
            match together.iter_mut().find(|(known, _)| known == id) {
                Some((_, height)) => *height = size.height.max(*height),
                None => together.push((*id, size.height)),
            }
        }
        together
    }
}

/// One page. Dropped, it shows nothing any more.
pub struct Page {
    number: u64,
    shown: Shown,
}

impl Page {
    /// From now on it shows these tiles and no others.
    pub fn shows(&self, tiles: &[(TileId, Size)]) {
        self.shown.replace(self.number, Some(tiles.to_vec()));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.shown.replace(self.number, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOMEBODY: TileId = TileId::new([7; 16]);

    fn tall(height: u32) -> Size {
        Size {
            width: height * 16 / 9,
            height,
        }
    }

    #[test]
    fn nothing_is_known_before_a_page_has_spoken() {
        let shown = Shown::default();
        let page = shown.page();
        assert_eq!(*shown.follow().borrow(), None);
        page.shows(&[]);
        assert_eq!(*shown.follow().borrow(), Some(vec![]));
    }

    #[test]
    fn what_one_page_shows_is_shown_until_that_page_is_gone() {
        let shown = Shown::default();
        let (one, other) = (shown.page(), shown.page());
        one.shows(&[(SOMEBODY, tall(180)), (TileId::ME, tall(90))]);
        other.shows(&[(SOMEBODY, tall(360))]);
        let together = || shown.follow().borrow().clone().unwrap();
        assert_eq!(together(), [(SOMEBODY, 360), (TileId::ME, 90)]);
        drop(other);
        assert_eq!(together(), [(SOMEBODY, 180), (TileId::ME, 90)]);
        drop(one);
        assert_eq!(together(), []);
    }

    #[test]
    fn who_follows_hears_of_changes_only_unless_told_again() {
        let shown = Shown::default();
        let (page, mut follower) = (shown.page(), shown.follow());
        page.shows(&[(SOMEBODY, tall(180))]);
        assert!(follower.has_changed().unwrap());
        follower.mark_unchanged();
        page.shows(&[(SOMEBODY, tall(180))]);
        assert!(!follower.has_changed().unwrap());
        shown.again();
        assert!(follower.has_changed().unwrap());
    }
}
