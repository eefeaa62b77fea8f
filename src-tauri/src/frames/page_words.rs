//! What the page says back: what it has drawn, and which tiles it shows how large.

use serde::Deserialize;

use super::tile::{Size, TileId};

/// A page says little; a longer message closes its connection. 64 tiles with their ids fit three times.
pub const MAX_WORD_BYTES: usize = 16 * 1024;

/// More tiles than any call has; the rest of a longer list is ignored.
pub const MAX_TILES: usize = 64;

/// One message from the page.
#[derive(Debug, PartialEq, Eq)]
pub enum PageWord {
    /// This frame of this tile is on the screen.
    Drawn {
        /// The tile it was for.
        tile: TileId,
        /// The number it was sent with.
        number: u32,
    },
    /// From now on these tiles, each so large, and no others.
    Tiles(Vec<(TileId, Size)>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Drawn { drawn: u32, tile: String },
    Tiles { tiles: Vec<WireTile> },
}

#[derive(Deserialize)]
struct WireTile {
    id: String,
    width: f64,
    height: f64,
}

impl PageWord {
    /// Reads one text message; `None` for anything that isn't one. A tile that isn't one is left out of a list.
    pub fn parse(text: &str) -> Option<PageWord> {
        if text.len() > MAX_WORD_BYTES {
            return None;
        }
        match serde_json::from_str(text).ok()? {
            Wire::Drawn { drawn, tile } => Some(PageWord::Drawn {
                tile: tile.parse().ok()?,
                number: drawn,
            }),
            Wire::Tiles { tiles } => Some(PageWord::Tiles(
                tiles
                    .into_iter()
                    .filter_map(|tile| {
                        let size = Size {
                            width: pixels(tile.width, Size::MAX.width),
                            height: pixels(tile.height, Size::MAX.height),
                        };
                        Some((tile.id.parse().ok()?, size))
                    })
                    .take(MAX_TILES)
                    .collect(),
            )),
        }
    }
}

/// A page's length in pixels, which may be fractional, as a whole number within bounds (a cast of a float saturates).
fn pixels(length: f64, max: u32) -> u32 {
    (length.ceil() as u32).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn an_acknowledgement_is_read() {
        assert_eq!(
            PageWord::parse(r#"{"drawn": 7, "tile": "me"}"#),
            Some(PageWord::Drawn {
                tile: TileId::ME,
                number: 7
            })
        );
    }

    #[test]
    fn a_list_of_tiles_is_read_and_bounded() {
        let text = format!(
            r#"{{"tiles":[{{"id":"{ID}","width":640.5,"height":360}},{{"id":"?","width":1,"height":1}},{{"id":"me","width":1e30,"height":-4}}]}}"#
        );
        let expected = vec![
            (
                ID.parse().unwrap(),
                Size {
                    width: 641,
                    height: 360,
                },
            ),
            (
                TileId::ME,
                Size {
                    width: Size::MAX.width,
                    height: 0,
                },
            ),
        ];
        assert_eq!(PageWord::parse(&text), Some(PageWord::Tiles(expected)));

        let many = vec![r#"{"id":"me","width":1,"height":1}"#; 400].join(",");
        let Some(PageWord::Tiles(tiles)) = PageWord::parse(&format!(r#"{{"tiles":[{many}]}}"#))
        else {
            panic!("a long list is still a list");
        };
        assert_eq!(tiles.len(), MAX_TILES);
    }

    #[test]
    fn what_is_not_a_word_is_ignored() {
        let long = format!(
            r#"{{"drawn": 7, "tile": "me"{}}}"#,
            " ".repeat(MAX_WORD_BYTES)
        );
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"drawn":-1,"tile":"me"}"#,
            r#"{"drawn":1,"tile":"you"}"#,
            &long,
        ] {
            assert_eq!(
                PageWord::parse(text),
                None,
                "{}",
                &text[..text.len().min(40)]
            );
        }
    }

    #[test]
    fn damaged_words_never_panic() {
        let seeds = [
            r#"{"drawn": 7, "tile": "me"}"#.to_owned(),
            format!(r#"{{"tiles":[{{"id":"{ID}","width":640,"height":360}}]}}"#),
        ];
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        for round in 0..5_000 {
            let mut bytes = seeds[round % seeds.len()].clone().into_bytes();
            for _ in 0..4 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let at = (random >> 8) as usize % bytes.len();
                bytes[at] = random as u8 & 0x7f;
            }
            if let Ok(text) = std::str::from_utf8(&bytes) {
                let _ = PageWord::parse(text);
            }
        }
    }
}
