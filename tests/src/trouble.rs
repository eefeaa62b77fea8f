//! The rig's one error: a sentence for the person who reads the test's output.

use std::fmt;

/// What went wrong, in a sentence; shown as it is when a scenario or a command of xtask fails.
#[derive(Debug, Clone)]
pub struct Trouble(String);

/// What everything in the rig returns.
pub type Result<T> = std::result::Result<T, Trouble>;

impl Trouble {
    /// A failure described by `what`.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// Says what was being done when something failed.
pub trait During<T> {
    /// Puts `what` in front of the error: "`what`: `error`".
    fn during(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> During<T> for std::result::Result<T, E> {
    fn during(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Trouble(format!("{what}: {error}")))
    }
}
