//! What can go wrong with a link, and what still works then.

use thiserror::Error;

/// An operation on a link that was not done. The link itself is as it was before, unless it says
/// [`Ended`](LinkError::Ended).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// Nothing could be set up: no socket, or a server address that is none. Try again when the
    /// network has changed.
    #[error("the connection could not be set up: {0}")]
    Setup(String),
    /// Only the offerer offers, and only the other side answers.
    #[error("this side of the link does not do that")]
    WrongRole,
    /// The other side's session description is malformed, or describes something that is no call of
    /// ours. It was not applied.
    #[error("the other side's description is refused: {0}")]
    Description(&'static str),
    /// The other side's candidate is malformed. It was ignored.
    #[error("the other side's candidate is refused: {0}")]
    Candidate(&'static str),
    /// The description is well-formed and yet could not be applied, for the reason given. Open a
    /// new link.
    #[error("the negotiation failed: {0}")]
    Negotiation(String),
    /// A control message longer than [`MAX_CONTROL_BYTES`](super::MAX_CONTROL_BYTES).
    #[error("a control message of {0} bytes is too long")]
    TooLong(usize),
    /// Control messages wait faster than they leave; this one was dropped.
    #[error("too many control messages are waiting")]
    Busy,
    /// The link was closed, or its driver has ended. Open a new one.
    #[error("the link has ended")]
    Ended,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LinkFailure {
    /// No path was found between the two networks.
    #[error("no path to the other side was found")]
    NoPath,
    /// There was a path, and it died. A restart may find another.
    #[error("the path to the other side was lost")]
    Lost,
    /// Somebody answered who is not the one whose fingerprint the description named.
    #[error("the other side could not prove who it is")]
    Identity,
    /// The other side closed the connection.
    #[error("the other side closed the connection")]
    Closed,
}
