//! What is said of one thing.

use std::fmt;

/// How good or bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// It may be right, and only the owner knows.
    Doubtful,
    /// It keeps people from calling.
    Bad,
    /// Neither: it was not looked at, or is only said.
    Note,
}

/// One thing, and what is so. Written, it is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How good or bad it is.
    pub mark: Mark,
    /// Of what.
    pub of: &'static str,
    /// What is so, and what to do about it.
    pub says: String,
}

impl Line {
    pub(super) fn good(of: &'static str, says: impl Into<String>) -> Self {
        Self::new(Mark::Good, of, says)
    }

    pub(super) fn doubtful(of: &'static str, says: impl Into<String>) -> Self {
        Self::new(Mark::Doubtful, of, says)
    }

    pub(super) fn bad(of: &'static str, says: impl Into<String>) -> Self {
        Self::new(Mark::Bad, of, says)
    }

    pub(super) fn note(of: &'static str, says: impl Into<String>) -> Self {
        Self::new(Mark::Note, of, says)
    }

    fn new(mark: Mark, of: &'static str, says: impl Into<String>) -> Self {
        Self {
            mark,
            of,
            says: says.into(),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Good => "✓",
            Mark::Doubtful => "!",
            Mark::Bad => "✗",
            Mark::Note => "–",
        };
        write!(f, "{mark} {:11} {}", self.of, self.says)
    }
}
