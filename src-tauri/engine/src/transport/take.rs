//! What one person is sent of our picture.

use super::layer::Layer;

/// Which layer one person takes, and whether with every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// The layer; none while no picture is to be sent.
    pub layer: Option<Layer>,
    /// Otherwise only the pictures that others build on: half of them.
    pub every_frame: bool,
}

impl Take {
    /// No picture at all.
    pub const NOTHING: Self = Self {
        layer: None,
        every_frame: true,
    };
}

/// What a link sends before anybody has chosen.
impl Default for Take {
    fn default() -> Self {
        Self {
            layer: Some(Layer::High),
            every_frame: true,
        }
    }
}
