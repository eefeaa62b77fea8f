//! Which picture is meant, and how large the page shows it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use visio_protocol::PersonId;

/// Identifies a tile: a person's 16-byte id, or all zeros for the user, and whether their camera or the screen is meant that
/// they share.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TileId {
    person: [u8; 16],
    screen: bool,
}

/// In words, a screen's tile is its person's with this before it.
const SCREEN: &str = "screen-";

impl TileId {
    /// The user's own picture.
    pub const ME: TileId = TileId::new([0; 16]);

    /// The screen that the user shares.
    pub const MY_SCREEN: TileId = TileId::ME.screen();

    /// The camera's tile of the person with these bytes.
    pub const fn new(person: [u8; 16]) -> TileId {
        TileId {
            person,
            screen: false,
        }
    }

    /// The tile of the screen that the same person shares.
    pub const fn screen(self) -> TileId {
        TileId {
            screen: true,
            ..self
        }
    }

    /// Whether it shows a screen.
    pub fn is_screen(&self) -> bool {
        self.screen
    }

    /// Whether it is the user's own.
    pub fn is_own(&self) -> bool {
        self.person == Self::ME.person
    }

    /// The 16 bytes of the person.
    pub fn person(&self) -> &[u8; 16] {
        &self.person
    }
}

/// What was given is neither `me` nor 32 hexadecimal digits, nor one of these after `screen-`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a tile: it is neither \"me\" nor 32 hexadecimal digits, nor one of these after \"screen-\""
)]
pub struct NotATile;

impl FromStr for TileId {
    type Err = NotATile;

    fn from_str(text: &str) -> Result<Self, NotATile> {
        let (person, screen) = match text.strip_prefix(SCREEN) {
            Some(person) => (person, true),
            None => (text, false),
        };
        let tile = if person == "me" {
            Self::ME
        } else {
            let person: PersonId = person.parse().map_err(|_| NotATile)?;
            Self::new(*person.as_bytes())
        };
        Ok(if screen { tile.screen() } else { tile })
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.screen {
            f.write_str(SCREEN)?;
        }
        if self.is_own() {
            return f.write_str("me");
        }
        self.person
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for TileId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A picture is scaled down only if at most half of its pixels remain. Above that, scaling (4 ms from 720p to 610 lines)
/// costs more than it saves, and the page's linear filter still looks good.
const WORTHWHILE: f64 = 0.71;

/// The size of a picture, in device pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Size {
    /// The largest size a page may ask for: an 8K display's.
    pub const MAX: Size = Size {
        width: 7680,
        height: 4320,
    };

    /// How large to send a `picture` that the page shows in a tile of this size: as small as still covers the tile, even
    /// in both directions as I420 wants it, and never larger than the picture is (the GPU enlarges for free).
    pub fn covering(self, picture: Size) -> Size {
        let across = f64::from(self.width) / f64::from(picture.width.max(1));
        let down = f64::from(self.height) / f64::from(picture.height.max(1));
        let factor = across.max(down);
        if factor > WORTHWHILE {
            return picture;
        }
        let even = |length: u32| (((f64::from(length) * factor / 2.0).ceil() as u32) * 2).max(2);
        Size {
            width: even(picture.width),
            height: even(picture.height),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Size = Size {
        width: 1280,
        height: 720,
    };

    #[test]
    fn a_tile_is_written_as_it_is_read() {
        for text in [
            "me",
            "00112233445566778899aabbccddeeff",
            "screen-me",
            "screen-00112233445566778899aabbccddeeff",
        ] {
            assert_eq!(text.parse::<TileId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_tile_is_refused() {
        for text in [
            "",
            "ME",
            "screen-",
            "screen-screen-me",
            "0011",
            "00112233445566778899aabbccddeefg",
            "+0112233445566778899aabbccddeeff",
            "é0112233445566778899aabbccddeef",
        ] {
            assert_eq!(text.parse::<TileId>(), Err(NotATile), "{text}");
        }
    }

    #[test]
    fn a_picture_is_sent_no_larger_than_its_tile_needs() {
        assert_eq!(
            Size {
                width: 640,
                height: 360
            }
            .covering(HD),
            Size {
                width: 640,
                height: 360
            }
        );
        assert_eq!(
            Size {
                width: 320,
                height: 360
            }
            .covering(HD),
            Size {
                width: 640,
                height: 360
            }
        );
        assert_eq!(
            Size {
                width: 333,
                height: 10
            }
            .covering(HD),
            Size {
                width: 334,
                height: 188
            }
        );
    }

    #[test]
    fn a_picture_is_never_enlarged() {
        assert_eq!(
            Size {
                width: 1920,
                height: 1080
            }
            .covering(HD),
            HD
        );
        assert_eq!(
            Size {
                width: 960,
                height: 540
            }
            .covering(HD),
            HD
        );
    }

    #[test]
    fn degenerate_sizes_are_answered_with_something_drawable() {
        assert_eq!(
            Size {
                width: 0,
                height: 0
            }
            .covering(HD),
            Size {
                width: 2,
                height: 2
            }
        );
        let nothing = Size {
            width: 0,
            height: 0,
        };
        assert_eq!(HD.covering(nothing), nothing);
    }
}
