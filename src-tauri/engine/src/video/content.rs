//! What a picture is of, which decides how it is encoded.

/// What a picture is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// What a camera sees: it moves all the time, and a softer picture of a face is a face.
    #[default]
    Camera,
    /// A screen: most of it stands still, and it is there to be read.
    Screen,
}
