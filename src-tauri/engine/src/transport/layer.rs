//! The rungs of the ladder: the sizes in which a picture is encoded, each once for everybody who takes it.

use serde::Serialize;

/// One size of our picture, from the smallest up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// At most 180 rows, 108 on a thin line: a stamp, or all that a weak line carries.
    Low,
    /// At most 360 rows: one tile among several.
    Middle,
    /// At most 720 rows: a tile that fills much of a window.
    High,
    /// At most 1080 rows: one face on a large screen, where camera and line give it.
    Full,
}

impl Layer {
    /// Every layer, from the smallest up.
    pub const ALL: [Self; 4] = [Self::Low, Self::Middle, Self::High, Self::Full];

    /// The most columns and rows that a picture of this layer has.
    pub const fn size(self) -> (u32, u32) {
        match self {
            Self::Low => (320, 180),
            Self::Middle => (640, 360),
            Self::High => (1280, 720),
            Self::Full => (1920, 1080),
        }
    }

    /// Its place among [`Layer::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The next smaller one.
    pub fn below(self) -> Option<Self> {
        self.index().checked_sub(1).map(|index| Self::ALL[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_is_larger_than_the_one_below_it() {
        for layer in Layer::ALL {
            assert_eq!(Layer::ALL[layer.index()], layer);
            assert!(
                layer
                    .below()
                    .is_none_or(|below| below < layer && below.size() < layer.size())
            );
        }
        assert_eq!(Layer::Low.below(), None);
    }
}
