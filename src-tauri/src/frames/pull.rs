//! The same frames by a custom scheme, for a webview whose WebSocket to loopback doesn't work.
//!
//! The page asks `GET visio-frames://localhost/frame?tile=TILE&width=W&height=H&after=NUMBER` and gets one message as the
//! WebSocket would carry it, or an empty 204 when there is nothing newer than frame `NUMBER` (0: it has none). Asking with a
//! number also acknowledges that frame. `GET visio-frames://localhost/tiles?shown=TILE:HEIGHT,TILE:HEIGHT` says which tiles are
//! on the screen, and how tall, as the page says it over the WebSocket. Only the app's own webview can reach the scheme. Slower than the WebSocket (23
//! against 28 frames per second for four 720p tiles under WebKitGTK), hence a fallback.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tauri::http::{Request, Response, StatusCode, header};
use visio_engine::video::scale;

use super::drawn::Drawn;
use super::message::frame_message;
use super::pictures::Pictures;
use super::shown::{Page, Shown};
use super::tile::{Size, TileId};

/// The scheme's name.
pub const SCHEME: &str = "visio-frames";

/// Tiles remembered; asking for more forgets the rest.
const MAX_TILES: usize = 64;

/// Answers the page's requests.
pub struct Puller {
    pictures: Arc<dyn Pictures>,
    drawn: Arc<Drawn>,
    page: Page,
    sent: Mutex<HashMap<TileId, Sent>>,
}

struct Sent {
    /// When it was captured, by which it is known.
    captured: Instant,
    number: u32,
    /// Whether the page has said that it drew it.
    counted: bool,
}

/// What a request asks for.
struct Ask {
    tile: TileId,
    size: Size,
    after: u32,
}

impl Puller {
    /// Serves `pictures`; acknowledged frames are counted in `drawn`, and what is on the screen is noted in `shown`.
    pub fn new(pictures: Arc<dyn Pictures>, drawn: Arc<Drawn>, shown: &Shown) -> Puller {
        Puller {
            pictures,
            drawn,
            page: shown.page(),
            sent: Mutex::default(),
        }
    }

    /// The base that the page appends a tile to; Windows' webview speaks custom schemes as hosts of `http`.
    pub fn url() -> String {
        if cfg!(windows) {
            format!("http://{SCHEME}.localhost/")
        } else {
            format!("{SCHEME}://localhost/")
        }
    }

    /// Answers one request, at once.
    pub fn answer(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let uri = request.uri();
        if uri.path() == "/tiles" {
            return match tiles(uri.query().unwrap_or_default()) {
                None => response(StatusCode::BAD_REQUEST, Vec::new()),
                Some(tiles) => {
                    self.page.shows(&tiles);
                    response(StatusCode::NO_CONTENT, Vec::new())
                }
            };
        }
        match Ask::parse(uri.path(), uri.query().unwrap_or_default()) {
            None => response(StatusCode::BAD_REQUEST, Vec::new()),
            Some(ask) => match self.newer(&ask) {
                None => response(StatusCode::NO_CONTENT, Vec::new()),
                Some(message) => response(StatusCode::OK, message),
            },
        }
    }

    fn newer(&self, ask: &Ask) -> Option<Vec<u8>> {
        let newest = self.pictures.newest(ask.tile);
        let (frame, number) = {
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            // A page that was loaded anew asks from 0, and starts over.
            let last = sent
                .remove(&ask.tile)
                .filter(|last| last.number == ask.after);
            if let Some(last) = &last
                && !last.counted
            {
                self.drawn.count(ask.tile, Instant::now());
            }
            let frame = newest.filter(|frame| {
                last.as_ref()
                    .is_none_or(|last| last.captured != frame.captured)
            });
            let Some(frame) = frame else {
                if let Some(last) = last {
                    sent.insert(
                        ask.tile,
                        Sent {
                            counted: true,
                            ..last
                        },
                    );
                }
                return None;
            };
            if sent.len() >= MAX_TILES {
                sent.clear();
            }
            // 0 stands for none.
            let number = ask.after.checked_add(1).unwrap_or(1);
            sent.insert(
                ask.tile,
                Sent {
                    captured: frame.captured,
                    number,
                    counted: false,
                },
            );
            (frame, number)
        };
        let size = ask.size.covering(Size {
            width: frame.width,
            height: frame.height,
        });
        Some(
            if (size.width, size.height) == (frame.width, frame.height) {
                frame_message(ask.tile, number, &frame)
            } else {
                frame_message(ask.tile, number, &scale(&frame, size.width, size.height))
            },
        )
    }
}

impl Ask {
    fn parse(path: &str, query: &str) -> Option<Ask> {
        if path != "/frame" {
            return None;
        }
        let (mut tile, mut size, mut after) = (None, Size::MAX, 0);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "tile" => tile = Some(value.parse().ok()?),
                "width" => size.width = value.parse::<u32>().ok()?.min(Size::MAX.width),
                "height" => size.height = value.parse::<u32>().ok()?.min(Size::MAX.height),
                "after" => after = value.parse().ok()?,
                _ => return None,
            }
        }
        Some(Ask {
            tile: tile?,
            size,
            after,
        })
    }
}

/// The tiles of a query `shown=TILE:HEIGHT,TILE:HEIGHT`; more than [`MAX_TILES`] are left out.
fn tiles(query: &str) -> Option<Vec<(TileId, Size)>> {
    let list = query.strip_prefix("shown=")?;
    let tile = |text: &str| {
        let (id, height) = text.split_once(':')?;
        let height = height.parse::<u32>().ok()?.min(Size::MAX.height);
        let width = Size::MAX.width;
        Some((id.parse().ok()?, Size { width, height }))
    };
    list.split(',')
        .filter(|text| !text.is_empty())
        .take(MAX_TILES)
        .map(tile)
        .collect()
}

fn response(status: StatusCode, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    // The page's origin differs from the scheme's; nothing but the page can reach either.
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::HeaderValue::from_static("*"),
    );
    response
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;
    use visio_engine::video::Frame;

    use super::*;

    struct Still(Arc<Frame>, watch::Sender<()>);

    impl Pictures for Still {
        fn newest(&self, tile: TileId) -> Option<Arc<Frame>> {
            (tile == TileId::ME).then(|| self.0.clone())
        }

        fn bell(&self) -> watch::Receiver<()> {
            self.1.subscribe()
        }
    }

    fn puller() -> Puller {
        puller_with(&Shown::default())
    }

    fn puller_with(shown: &Shown) -> Puller {
        let frame = Frame {
            width: 64,
            height: 36,
            data: vec![5; 64 * 36 * 3 / 2],
            captured: Instant::now(),
        };
        Puller::new(
            Arc::new(Still(Arc::new(frame), watch::Sender::new(()))),
            Arc::default(),
            shown,
        )
    }

    fn get(puller: &Puller, path: &str) -> Response<Vec<u8>> {
        let uri = format!("visio-frames://localhost{path}");
        puller.answer(&Request::builder().uri(uri).body(Vec::new()).unwrap())
    }

    #[test]
    fn a_frame_is_given_once_and_counted_once() {
        let puller = puller();
        let first = get(&puller, "/frame?tile=me&width=32&height=18&after=0");
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.body()[16..24], [32, 0, 18, 0, 1, 0, 0, 0]);
        for _ in 0..3 {
            let again = get(&puller, "/frame?tile=me&width=32&height=18&after=1");
            assert_eq!(again.status(), StatusCode::NO_CONTENT);
        }
        assert_eq!(puller.drawn.tiles()[0].frames_drawn, 1);
    }

    #[test]
    fn a_page_that_was_loaded_anew_starts_over() {
        let puller = puller();
        for _ in 0..2 {
            assert_eq!(
                get(&puller, "/frame?tile=me&after=0").status(),
                StatusCode::OK
            );
        }
    }

    #[test]
    fn a_tile_without_a_picture_gives_nothing() {
        let nobody = "/frame?tile=00112233445566778899aabbccddeeff";
        assert_eq!(get(&puller(), nobody).status(), StatusCode::NO_CONTENT);
    }

    #[test]
    fn the_tiles_on_the_screen_are_noted() {
        let shown = Shown::default();
        let puller = puller_with(&shown);
        let now = || shown.follow().borrow().clone();
        let said = get(
            &puller,
            "/tiles?shown=me:90,00112233445566778899aabbccddeeff:360",
        );
        assert_eq!(said.status(), StatusCode::NO_CONTENT);
        let person = "00112233445566778899aabbccddeeff".parse().unwrap();
        assert_eq!(now(), Some(vec![(TileId::ME, 90), (person, 360)]));
        get(&puller, "/tiles?shown=");
        assert_eq!(now(), Some(vec![]));
    }

    #[test]
    fn what_is_not_a_request_for_a_tile_is_refused() {
        let puller = puller();
        for path in [
            "/",
            "/frame",
            "/me?tile=me",
            "/frame?tile=you",
            "/frame?tile=me&width=x",
            "/frame?tile=me&colour=1",
            "/frame?tile=me&after=-1",
            "/tiles",
            "/tiles?shown=me",
            "/tiles?shown=me:tall",
        ] {
            assert_eq!(
                get(&puller, path).status(),
                StatusCode::BAD_REQUEST,
                "{path}"
            );
        }
    }
}
