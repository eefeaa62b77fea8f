//! Which of a person's two pictures is meant.

/// One of the two pictures that a person may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Picture {
    /// Of their camera.
    Camera,
    /// Of the screen that they share.
    Screen,
}
