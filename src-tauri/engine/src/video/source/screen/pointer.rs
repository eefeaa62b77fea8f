//! The mouse's pointer, laid over what a screen shows: the system leaves it out of the pixels it hands on. Pure.

use super::watcher::PIXEL;

/// A pointer as it is now.
pub(super) struct Pointer {
    /// Alpha, red, green, blue from the highest byte down, the colours multiplied by alpha already; row by row.
    pub argb: Vec<u32>,
    /// Pixels in a row.
    pub width: usize,
    /// Where its first pixel lies on the picture, which may be beside it.
    pub left: i32,
    pub top: i32,
}

impl Pointer {
    /// Draws it on pixels of blue, green, red and nothing, without gaps between the rows.
    pub fn lay_over(&self, bgrx: &mut [u8], width: usize) {
        for (row, line) in self.argb.chunks_exact(self.width.max(1)).enumerate() {
            let Some(y) = along(self.top, row) else {
                continue;
            };
            for (column, argb) in line.iter().enumerate() {
                let place = along(self.left, column).filter(|x| *x < width);
                let place = place.map(|x| (y * width + x) * PIXEL);
                let under = place.and_then(|place| bgrx.get_mut(place..place + PIXEL));
                if let Some(under) = under {
                    blend(under, *argb);
                }
            }
        }
    }
}

fn along(start: i32, step: usize) -> Option<usize> {
    usize::try_from(i64::from(start) + step as i64).ok()
}

fn blend(under: &mut [u8], argb: u32) {
    let [alpha, red, green, blue] = argb.to_be_bytes();
    let stays = 255 - u16::from(alpha);
    for (under, over) in under.iter_mut().zip([blue, green, red]) {
        let below = (u16::from(*under) * stays / 255) as u8;
        *under = over.saturating_add(below);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of 3 by 2 pixels, all alike, with a pointer of 2 by 2 on it; the blue of each pixel.
    fn blues(argb: u32, left: i32, top: i32) -> Vec<u8> {
        let mut picture = [100; 6 * PIXEL];
        let pointer = Pointer {
            argb: vec![argb; 4],
            width: 2,
            left,
            top,
        };
        pointer.lay_over(&mut picture, 3);
        picture.chunks(PIXEL).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn what_is_opaque_hides_what_is_clear_shows_and_the_rest_mixes() {
        assert_eq!(blues(0xff_00_00_07, 1, 0), [100, 7, 7, 100, 7, 7]);
        assert_eq!(blues(0, 1, 0), [100; 6]);
        assert_eq!(blues(0x80_00_00_40, 0, 0)[0], 0x40 + 49);
    }

    #[test]
    fn what_lies_beside_the_picture_is_not_drawn() {
        assert_eq!(blues(0xff_00_00_07, -1, -1), [7, 100, 100, 100, 100, 100]);
        assert_eq!(blues(0xff_00_00_07, 2, 1), [100, 100, 100, 100, 100, 7]);
        assert_eq!(blues(0xff_00_00_07, i32::MAX, i32::MIN), [100; 6]);
    }
}
