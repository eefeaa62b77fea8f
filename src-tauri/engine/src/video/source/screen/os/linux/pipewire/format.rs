//! What the pictures of a stream are like, as it is offered and as it was chosen. Pure.

use super::pod::{Choice, Object, Pod, Value};
use crate::video::frame::MAX_SIDE;

/// Pictures a second that are asked for, at most: as often as a screen is looked at.
const MOST_FPS: u32 = 15;

/// Widest and tallest picture that is taken. More than [`MAX_SIDE`], because of a larger one a part can be seen.
const MOST_SIDE: u32 = 2 * MAX_SIDE;

// Numbers of spa/param/format.h, spa/param/video/raw.h, spa/param/buffers.h and spa/utils/type.h.
const OBJECT_FORMAT: u32 = 0x4_0003;
const OBJECT_BUFFERS: u32 = 0x4_0004;
const OBJECT_META: u32 = 0x4_0005;
const PARAM_ENUM_FORMAT: u32 = 3;
/// The format that was chosen.
pub const PARAM_FORMAT: u32 = 4;
const PARAM_BUFFERS: u32 = 5;
const PARAM_META: u32 = 6;
const MEDIA_TYPE: u32 = 1;
const MEDIA_SUBTYPE: u32 = 2;
const VIDEO_FORMAT: u32 = 0x2_0001;
const VIDEO_SIZE: u32 = 0x2_0003;
const VIDEO_FRAMERATE: u32 = 0x2_0004;
const VIDEO_MOST_FRAMERATE: u32 = 0x2_0005;
const VIDEO: Value = Value::Id(2);
const RAW: Value = Value::Id(1);
const RGBX: u32 = 7;
const BGRX: u32 = 8;
const RGBA: u32 = 11;
const BGRA: u32 = 12;
const BUFFERS_DATA_TYPE: u32 = 6;
const META_TYPE: u32 = 1;
const META_SIZE: u32 = 2;
/// Memory of this process.
pub const DATA_POINTER: u32 = 1;
/// Memory that is shared by a file.
pub const DATA_FILE: u32 = 2;
/// The part of a buffer that is the picture.
pub const META_CROP: u32 = 2;
/// Bytes that say so: four numbers.
pub const META_CROP_SIZE: usize = 16;

/// Pictures of four bytes a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Red comes first; otherwise blue does.
    pub red_first: bool,
    /// Pixels a row, 1 to twice [`MAX_SIDE`].
    pub width: u32,
    /// Rows, likewise.
    pub height: u32,
}

impl Format {
    /// As the other side chose it; none when that is nothing that was offered.
    pub fn read(pod: &[u8]) -> Option<Self> {
        let object = Object::read(pod)?;
        let raw = object.kind == OBJECT_FORMAT
            && object.get(MEDIA_TYPE) == Some(VIDEO)
            && object.get(MEDIA_SUBTYPE) == Some(RAW);
        let (Some(Value::Id(order)), Some(Value::Rectangle(width, height)), true) =
            (object.get(VIDEO_FORMAT), object.get(VIDEO_SIZE), raw)
        else {
            return None;
        };
        let red_first = match order {
            BGRX | BGRA => false,
            RGBX | RGBA => true,
            _ => return None,
        };
        let sides = 1..=MOST_SIDE;
        (sides.contains(&width) && sides.contains(&height)).then_some(Self {
            red_first,
            width,
            height,
        })
    }

    /// What is read, as the seed of its fuzz target.
    #[cfg(test)]
    pub fn example() -> Vec<u8> {
        offer().bytes()
    }
}

/// What is offered: any size, four bytes a pixel, in memory that can be read. Without a modifier, which would mean the memory of
/// a graphics card.
pub fn offer() -> Pod {
    let orders = [BGRX, BGRA, RGBX, RGBA].map(Value::Id);
    let size = |side| Value::Rectangle(side, side);
    let slow = Value::Fraction(0, 1);
    let fast = Value::Fraction(MOST_FPS, 1);
    let properties = [
        (MEDIA_TYPE, Choice::Only(VIDEO)),
        (MEDIA_SUBTYPE, Choice::Only(RAW)),
        (VIDEO_FORMAT, Choice::OneOf(orders.to_vec())),
        (
            VIDEO_SIZE,
            Choice::Between(Value::Rectangle(1920, 1080), size(1), size(MOST_SIDE)),
        ),
        // A screen has no rate of its own: it comes when it changed.
        (
            VIDEO_FRAMERATE,
            Choice::Between(slow, slow, Value::Fraction(1000, 1)),
        ),
        (
            VIDEO_MOST_FRAMERATE,
            Choice::Between(fast, Value::Fraction(1, 1), fast),
        ),
    ];
    Pod::object(OBJECT_FORMAT, PARAM_ENUM_FORMAT, &properties)
}

/// What is asked for once the format is known: memory that can be read, and the part of it that is the picture.
pub fn buffers() -> [Pod; 2] {
    let readable = (1 << DATA_POINTER) | (1 << DATA_FILE);
    let memory = [(BUFFERS_DATA_TYPE, Choice::AnyBits(Value::Int(readable)))];
    let crop = [
        (META_TYPE, Choice::Only(Value::Id(META_CROP))),
        (META_SIZE, Choice::Only(Value::Int(META_CROP_SIZE as i32))),
    ];
    [
        Pod::object(OBJECT_BUFFERS, PARAM_BUFFERS, &memory),
        Pod::object(OBJECT_META, PARAM_META, &crop),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(order: u32, width: u32, height: u32) -> Option<Format> {
        let properties = [
            (MEDIA_TYPE, Choice::Only(VIDEO)),
            (MEDIA_SUBTYPE, Choice::Only(RAW)),
            (VIDEO_FORMAT, Choice::Only(Value::Id(order))),
            (VIDEO_SIZE, Choice::Only(Value::Rectangle(width, height))),
            (VIDEO_FRAMERATE, Choice::Only(Value::Fraction(0, 1))),
        ];
        Format::read(&Pod::object(OBJECT_FORMAT, PARAM_FORMAT, &properties).bytes())
    }

    #[test]
    fn what_was_chosen_is_known_by_its_order_and_size() {
        let format = |red_first| Format {
            red_first,
            width: 1366,
            height: 768,
        };
        assert_eq!(chosen(BGRX, 1366, 768), Some(format(false)));
        assert_eq!(chosen(BGRA, 1366, 768), Some(format(false)));
        assert_eq!(chosen(RGBX, 1366, 768), Some(format(true)));
        assert_eq!(chosen(RGBA, 1366, 768), Some(format(true)));
    }

    #[test]
    fn what_was_not_offered_is_not_taken() {
        assert_eq!(chosen(2, 1366, 768), None, "planes");
        assert_eq!(chosen(BGRX, 0, 768), None);
        assert_eq!(chosen(BGRX, 1366, MOST_SIDE + 1), None);
        assert_eq!(Format::read(&buffers()[0].bytes()), None);
        assert_eq!(Format::read(&[]), None);
    }

    #[test]
    fn the_offer_itself_names_a_format_that_is_taken() {
        let offered = Format::read(&offer().bytes()).unwrap();
        assert_eq!((offered.width, offered.height), (1920, 1080));
    }
}
